"""What can go wrong with the ledger as a whole; the sender is never at fault for these."""

from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

CONNECTION_LOST: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # What the driver says of a connection that was told it is being ended, before it has ended.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
)
"""The database is away, going away, full, or busy: the same batch can be tried again."""

EVENT_REJECTED: tuple[type[asyncpg.PostgresError], ...] = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.RaiseError,
)
"""The database looked at what was to be written and will not have it. Whatever else it says, a
ledger that has become read-only, a right that is gone, a plan that is out of date, says nothing of
the events, and none may be refused for it."""


class LedgerUnavailable(Exception):
    """The ledger cannot take anything now. Send the same ids again later: nothing is doubled."""


def no_time_fits(recorded_at: datetime, *, now: datetime, tries: int) -> LedgerUnavailable:
    """Say why every recorded time that was proposed has been refused.

    `now` has followed the database's clock.
    """
    if recorded_at <= now:
        return LedgerUnavailable(
            f"the machine is too busy: in {tries} tries a batch took too long, and each time "
            "unequally long, between its recorded time and its writing; send less at once, or come "
            "again later"
        )
    return LedgerUnavailable(
        f"the ledger's last event was recorded at {recorded_at}, which is ahead of the database's "
        "clock: correct the clock, or wait until it has caught up"
    )


AWAY: tuple[type[Exception], ...] = (
    *CONNECTION_LOST,
    LedgerUnavailable,
    DBAPIError,
    PoolTimeoutError,
)
"""What a loop beside the requests waits out: the ledger is away, whichever way it was asked."""


class QueueFull(LedgerUnavailable):
    """More is waiting than the service promises to hold. Send the same ids again later."""


class SecretDiffers(Exception):
    """The ledger was started with another secret: identifiers could not be found again.

    Start it with the secret of its first start (LEADLEDGER_SECRET, or the file `secret` in the
    data directory).
    """


class NotMigrated(Exception):
    """The schema has no ledger yet, or an older one. Run `leadledger migrate`."""
