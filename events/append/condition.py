"""The state of appending: whether an append is under way, and why the last one failed.

Senders see each failure themselves. An operator needs to know whether the next event would be
recorded, and if not, what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from time import monotonic

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Trouble(StrEnum):
    """What is wrong with the database; the value is the sentence an operator reads.

    It names no host and no path: `/readyz` is public.
    """

    AWAY = "the database cannot be reached: start it, or correct LEADLEDGER_DATABASE_URL"
    SILENT = (
        "the database does not answer: check its process, its machine and the network to it; "
        "service resumes automatically once it answers"
    )
    FULL = (
        "the disk of the database is full, so nothing can be recorded: free or add space; "
        "service resumes automatically"
    )
    READ_ONLY = (
        "the database is read-only, as a replica is: connect to the primary, or turn off "
        "default_transaction_read_only"
    )
    SHORT = (
        "the database is short of connections or memory: lower LEADLEDGER_POOL_SIZE, or raise "
        "max_connections or the memory of the database"
    )
    UNKNOWN = "the database rejected the last append: see the log of the service for the error"


_TROUBLES: tuple[tuple[tuple[type[BaseException], ...], Trouble], ...] = (
    ((asyncpg.DiskFullError,), Trouble.FULL),
    ((asyncpg.ReadOnlySQLTransactionError,), Trouble.READ_ONLY),
    ((asyncpg.InsufficientResourcesError, PoolTimeoutError), Trouble.SHORT),
    ((TimeoutError,), Trouble.SILENT),
    ((OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError), Trouble.AWAY),
    ((asyncpg.OperatorInterventionError,), Trouble.AWAY),
)
"""What an error means, most specific first. The layers above the driver wrap the original error."""


def trouble_of(error: BaseException) -> Trouble:
    """Return what an error means, looking through every layer that wraps it."""
    causes = list(_causes(error))
    for kinds, trouble in _TROUBLES:
        if any(isinstance(cause, kinds) for cause in causes):
            return trouble
    return Trouble.UNKNOWN


class Condition:
    """What the writer's appends have shown. A class, because each append changes it."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        """Why the last try failed; None after a success."""
        self.failed_at = 0.0
        """When it failed, by the monotonic clock."""
        self._began_at: float | None = None

    @property
    def under_way_s(self) -> float:
        """How long the append under way has taken so far; zero if there is none."""
        return 0.0 if self._began_at is None else monotonic() - self._began_at

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Note that an append is under way, and afterwards that it succeeded."""
        self._began_at = monotonic()
        try:
            yield
            self.trouble = None
        finally:
            self._began_at = None

    def learn(self, trouble: Trouble | None, *, failed_at: float, under_way_s: float) -> None:
        """Take over what the writer, in another process, has reported."""
        self.trouble, self.failed_at = trouble, failed_at
        self._began_at = monotonic() - under_way_s if under_way_s else None

    def failed(self, error: Exception) -> None:
        """Note why a try failed."""
        self.trouble, self.failed_at = trouble_of(error), monotonic()


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or getattr(cause, "orig", None)
