"""Errors of the private PostgreSQL; users read the message."""


class PrivatePostgresError(Exception):
    """The private PostgreSQL cannot do what was asked."""


class BinariesNotFoundError(PrivatePostgresError):
    """No PostgreSQL on this machine fits the data directory."""


class DataDirectoryInUseError(PrivatePostgresError):
    """Another process already works on this data directory."""


class DataDirectoryUnusableError(PrivatePostgresError):
    """The data directory, or a file in it, is not as the private PostgreSQL left it."""


class InitialisationError(PrivatePostgresError):
    """The data directory could not be prepared for its first start."""


class StartError(PrivatePostgresError):
    """PostgreSQL did not come up."""


class NotRunningError(PrivatePostgresError):
    """A call needs a server that has been started."""
