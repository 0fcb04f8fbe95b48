"""What keeps a service from running; the message is what the user reads."""


class HostingError(Exception):
    """The service cannot run."""


class DatabaseUnavailable(HostingError):
    """The database does not answer, refuses us, or is too old."""


class AddressInUse(HostingError):
    """Another process listens on the address."""


class AddressUnusable(HostingError):
    """The address is none of this machine's, or the port is not for us."""


class SecretMissing(HostingError):
    """The ledger was founded with a secret that is not there any more."""


class WorkersFailed(HostingError):
    """The processes that serve cannot start."""
