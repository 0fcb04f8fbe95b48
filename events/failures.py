"""What can go wrong with the ledger as a whole; the sender is never at fault for these."""

import asyncpg

CONNECTION_LOST: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
)
"""The database is away, going away, full, or busy: the same batch can be tried again."""


class LedgerUnavailable(Exception):
    """The ledger cannot take anything now. Send the same ids again later: nothing is doubled."""


class QueueFull(LedgerUnavailable):
    """More is waiting than the service promises to hold. Send the same ids again later."""


class SecretDiffers(Exception):
    """The ledger was started with another secret: identifiers could not be found again.

    Start it with the secret of its first start (LEADLEDGER_SECRET, or the file `secret` in the
    data directory).
    """


class NotMigrated(Exception):
    """The schema has no ledger yet, or an older one. Run `leadledger migrate`."""
