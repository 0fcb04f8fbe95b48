"""Failures of the ledger as a whole. None of them is the sender's fault."""

from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

CONNECTION_LOST: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # Raised by the driver for a connection that the server is closing but has not yet closed.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
)
"""The database is down, shutting down, full, or busy: the same batch can be retried."""

EVENT_REJECTED: tuple[type[asyncpg.PostgresError], ...] = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.RaiseError,
)
"""The database rejected the content that was to be written. Its other errors (the ledger has
become read-only, a privilege is missing, a cached plan is out of date) say nothing about the
events, so no event may be refused because of them."""


class LedgerUnavailable(Exception):
    """The ledger cannot record anything now. Send the same ids again later: no event is doubled."""


def no_time_fits(recorded_at: datetime, *, now: datetime, tries: int) -> LedgerUnavailable:
    """Return an error that explains why every proposed recorded time was rejected.

    `now` is already corrected by the database's clock.
    """
    if recorded_at <= now:
        return LedgerUnavailable(
            f"the machine is too busy: in {tries} tries, the time between a batch's recorded time "
            "and its writing was too long, and different each time; send smaller batches, or retry "
            "later"
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
"""Errors that a background loop waits out: the ledger is unavailable, whatever layer says so."""


class QueueFull(LedgerUnavailable):
    """More events are waiting than the service accepts. Send the same ids again later."""


class SecretDiffers(Exception):
    """The ledger was started with another secret, so known identifiers could not be found.

    Start it with the secret of its first start (LEADLEDGER_SECRET, or the file `secret` in the
    data directory).
    """


class FormatUnknown(Exception):
    """The log has a format that this version does not read.

    Use the version that founded the ledger, or found a new one and send the events again.
    """


class NotMigrated(Exception):
    """The schema contains no ledger, or one of an older version. Run `leadledger migrate`."""
