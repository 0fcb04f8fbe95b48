"""Whether this process can do its work, and what is wrong if not.

Each check is a small function that examines one thing and returns a sentence for the operator: what
is wrong, and what to do. `/readyz` needs no key, so no sentence contains a host, a path, a position
or a business figure.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.event import NOTHING
from events.append.condition import Condition, Trouble, trouble_of
from events.database.statements import load
from events.limits import MIB
from events.remote.connection import Connection
from events.remote.roles import Role
from migrations.revision import head_revision, revision_of
from projections.engine.checkpoints import Checkpoints, Lag
from projections.engine.transactions import UNAVAILABLE
from service.limits import (
    APPEND_OVERDUE_S,
    DISK_FREE_BYTES_LOW,
    DISK_FREE_BYTES_MIN,
    FAILURE_HOLDS_S,
    LAG_S_MAX,
    PENDING_LOOKED_AT_MAX,
    PENDING_WITHIN,
    READY_WAIT_S,
    WRITER_SILENT_S,
)
from service.private_postgres import cluster_behind
from service.shapes.administration import Check, ProjectionHealth
from service.watch import Watch
from service.webhooks.queue import DeliveryQueue

log = structlog.get_logger()


class Health(NamedTuple):
    """The results of the checks, by their names."""

    checks: dict[str, Check]
    revision: str | None = None
    projections: dict[str, ProjectionHealth] | None = None
    """How far each projection is, for keys that may see it."""

    @property
    def failures(self) -> list[str]:
        """Return the sentences of failed checks. None: the process is ready."""
        return [check["detail"] for check in self.checks.values() if check["status"] == "failed"]

    @property
    def is_database_well(self) -> bool:
        return self.checks["database"]["status"] == "ok"


OK: Check = {"status": "ok"}


def warning(detail: str) -> Check:
    """Report what is wrong although the process is ready."""
    return {"status": "warning", "detail": detail}


def failed(detail: str) -> Check:
    return {"status": "failed", "detail": detail}


@dataclass(frozen=True, slots=True)
class Serving:
    """What serving needs, and is therefore examined."""

    engine: AsyncEngine
    schema: str
    data_dir: Path
    watch: Watch
    condition: Condition
    checkpoints: Checkpoints
    deliveries: DeliveryQueue
    connection: Connection | None = None
    """To the writer, if that is another process."""


class Examination:
    """The examination in progress, if any. A class, because later requests join it here.

    It is not cancelled when one request's time is up, because the next one needs it as well.
    """

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._under_way: asyncio.Task[Health] | None = None

    async def health(self) -> Health:
        """Examine everything that serving needs, once for all concurrent requests."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(examine(self.serving), name="examination")
        under_way = self._under_way
        done, _ = await asyncio.wait((under_way,), timeout=READY_WAIT_S)
        if not done:
            checks = _without_database(self.serving)
            return Health({**checks, "database": failed(Trouble.SILENT)})
        return under_way.result()


async def examine(serving: Serving) -> Health:
    """Examine everything that serving needs; without a database, only what does not need one."""
    checks = _without_database(serving)
    health = Health(checks)
    if not health.is_database_well:
        return health
    try:
        # The next request examines again, over another connection if this one was the cause.
        async with asyncio.timeout(READY_WAIT_S):
            for name, look in LOOKS.items():
                checks[name] = await look(serving)
            revision, lags = await _revision(serving), await serving.checkpoints.lags()
    except UNAVAILABLE as error:
        log.warning("health.not_examined", error=type(error).__name__)
        return Health({**checks, "database": failed(trouble_of(error))})
    return Health(
        checks,
        revision,
        {
            lag.name: {
                "position": str(lag.position),
                "events_behind": lag.events,
                "failure": lag.failure,
                "rebuilt_position": None
                if lag.rebuilt_position is None
                else str(lag.rebuilt_position),
            }
            for lag in lags
        },
    )


def _without_database(serving: Serving) -> dict[str, Check]:
    return {
        "database": _database(serving),
        "appends": _appends(serving),
        "processes": _processes(serving),
        "disk": _disk(serving),
    }


def _database(serving: Serving) -> Check:
    trouble = serving.watch.trouble
    return OK if trouble is None else failed(trouble)


def _appends(serving: Serving) -> Check:
    """Report whether the next event would be recorded, judging by the last ones.

    If nothing is sent any more, because we are not ready, the watch decides.
    """
    condition, watch = serving.condition, serving.watch
    if condition.under_way_s > APPEND_OVERDUE_S:
        return failed(
            f"an append has been under way for {condition.under_way_s:.0f} s: check the disk of "
            "the database, and what holds locks in it"
        )
    if condition.trouble is None:
        return OK
    is_recent = monotonic() - condition.failed_at < FAILURE_HOLDS_S
    if is_recent or watch.well_at < condition.failed_at:
        return failed(f"the last append failed: {condition.trouble}")
    return OK


def _processes(serving: Serving) -> Check:
    """Report whether the processes that this one depends on are there. Each is replaced soon."""
    connection = serving.connection
    if connection is None:
        return OK
    if connection.silent_s > WRITER_SILENT_S:
        return failed(
            "the writer's process does not answer, so nothing can be recorded: if this does not "
            "pass within seconds, the log of the service has the reason"
        )
    if not connection.clients.get(Role.READER):
        return warning(
            "the reader's process is not connected, so figures, webhooks and timers stand still: "
            "if this does not pass within seconds, the log of the service has the reason"
        )
    return OK


def _disk(serving: Serving) -> Check:
    """Check the disk of a private database; any other is its administrator's concern."""
    cluster = cluster_behind(serving.engine.url, serving.data_dir)
    if cluster is None:
        return OK
    free = shutil.disk_usage(cluster).free
    if free < DISK_FREE_BYTES_MIN:
        return failed(
            f"the disk of the data directory is full, with {free // MIB} MiB left: add space"
        )
    if free < DISK_FREE_BYTES_LOW:
        return warning(f"the disk of the data directory has {free // MIB} MiB left: add space")
    return OK


async def _schema(serving: Serving) -> Check:
    revision, expected = await _revision(serving), head_revision()
    if revision == expected:
        return OK
    return failed(
        f"the schema is at revision {revision}, expected {expected}: run leadledger migrate"
    )


async def _append_only(serving: Serving) -> Check:
    if not await _scalar(serving, "owns_events"):
        return OK
    return warning(
        "the append-only guard is weaker: the serving role owns the events. Migrate as another "
        "role (LEADLEDGER_OWNER_URL)"
    )


async def _webhooks(serving: Serving) -> Check:
    if not (await serving.deliveries.totals()).disabled:
        return OK
    return warning("webhooks are disabled: GET /v1/webhooks shows which, and why")


async def _clock(serving: Serving) -> Check:
    ahead = await _scalar(serving, "clock_ahead")
    if not ahead:
        return OK
    return warning(
        f"the clock of this ledger is ahead by {ahead}: its times are not those at which "
        "events were recorded, and it proves nothing"
    )


async def count_set_aside(serving: Serving) -> int:
    """Count the leads that a fault prevents from being brought up to date."""
    return int(await _scalar(serving, "count_set_aside"))


async def count_pending(serving: Serving) -> int:
    """Count the leads that wait to be decided again because of late reports."""
    values = {"within": PENDING_WITHIN, "limit": PENDING_LOOKED_AT_MAX}
    return int(await _scalar(serving, "count_pending", values))


async def _leads(serving: Serving) -> Check:
    if not await count_set_aside(serving):
        return OK
    return warning(
        "leads are set aside, because a fault of the service prevents them from being brought up "
        "to date: GET /v1/conflicts lists them"
    )


async def _projections(serving: Serving) -> Check:
    """Report stopped projections: a process that answers other queries is still ready."""
    lags = await serving.checkpoints.lags()
    stopped = [lag.name for lag in lags if lag.failure is not None]
    if stopped:
        return warning(
            f"stopped projections, whose routes answer 503: {', '.join(stopped)}. The log gives "
            "the reason, as does this response with a key that has projections:read"
        )
    behind = [lag for lag in lags if lag.seconds > LAG_S_MAX]
    if behind:
        return warning("; ".join(map(_behind, behind)))
    return OK


def _behind(lag: Lag) -> str:
    late = f"the projection {lag.name} is {lag.seconds:.0f} s behind"
    if lag.rebuilt_position is None:
        return late
    return (
        f"{late}, and is being rebuilt: {lag.rebuilt_position:,} of {lag.head_position:,} events. "
        "Until that is done, its routes show what was known then"
    )


Look = Callable[[Serving], Awaitable[Check]]

LOOKS: Mapping[str, Look] = {
    "schema": _schema,
    "append_only": _append_only,
    "webhooks": _webhooks,
    "clock": _clock,
    "projections": _projections,
    "leads": _leads,
}
"""The checks that query the database, by their names in the response."""


async def _revision(serving: Serving) -> str | None:
    return await revision_of(serving.engine, schema=serving.schema)


async def _scalar(serving: Serving, name: str, values: Mapping[str, Any] = NOTHING) -> Any:
    statement = load("service.reading", "readiness.sql", serving.schema)[name]
    async with serving.engine.connect() as connection:
        return await connection.scalar(statement.text, values)
