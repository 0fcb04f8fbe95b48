"""Errors that prevent a service from running; users read the message."""


class HostingError(Exception):
    """The service cannot run."""


class DatabaseUnavailable(HostingError):
    """The database does not answer, rejects us, or is too old."""


class AddressInUse(HostingError):
    """Another process listens on the address."""


class AddressUnusable(HostingError):
    """The address does not belong to this machine, or we may not use the port."""


class SecretMissing(HostingError):
    """The ledger was founded with a secret that is no longer there."""


class WorkersFailed(HostingError):
    """The worker processes cannot start."""
