"""Whether this process can do its work, and what is wrong if not.

Each check is a small function that examines one thing and returns a sentence for the operator: what
is wrong, and what to do. `/readyz` needs no key, so no sentence contains a host, a path, a position
or a business figure.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple

import structlog

from events.append.condition import Trouble, trouble_of
from events.database.statements import load
from events.limits import MIB
from migrations.running import head_revision, revision_of
from projections.engine.transactions import UNAVAILABLE
from service.limits import (
    APPEND_OVERDUE_S,
    DISK_FREE_BYTES_LOW,
    DISK_FREE_BYTES_MIN,
    FAILURE_HOLDS_S,
    LAG_S_MAX,
    READY_WAIT_S,
)
from service.private_postgres import cluster_behind
from service.services import Services
from service.shapes.administration import Check, ProjectionHealth

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


async def health_of(services: Services) -> Health:
    """Examine everything that serving needs, once for all concurrent requests."""
    health: Health | None = await services.examination.result(
        lambda: examine(services), wait_s=READY_WAIT_S
    )
    if health is None:
        return Health({**_without_database(services), "database": failed(Trouble.SILENT)})
    return health


async def examine(services: Services) -> Health:
    """Examine everything that serving needs; without a database, only what does not need one."""
    checks = _without_database(services)
    health = Health(checks)
    if not health.is_database_well:
        return health
    try:
        # The next request examines again, over another connection if this one was the cause.
        async with asyncio.timeout(READY_WAIT_S):
            for name, look in LOOKS.items():
                checks[name] = await look(services)
            revision, lags = await _revision(services), await services.runner.lags()
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
            }
            for lag in lags
        },
    )


def _without_database(services: Services) -> dict[str, Check]:
    return {
        "database": _database(services),
        "appends": _appends(services),
        "disk": _disk(services),
    }


def _database(services: Services) -> Check:
    trouble = services.watch.trouble
    return OK if trouble is None else failed(trouble)


def _appends(services: Services) -> Check:
    """Report whether the next event would be recorded, judging by the last ones.

    If nothing is sent any more, because we are not ready, the watch decides.
    """
    condition, watch = services.ledger.condition, services.watch
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


def _disk(services: Services) -> Check:
    """Check the disk of a private database; any other is its administrator's concern."""
    cluster = cluster_behind(services.engine.url, services.settings.data_dir)
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


async def _schema(services: Services) -> Check:
    revision, expected = await _revision(services), head_revision()
    if revision == expected:
        return OK
    return failed(
        f"the schema is at revision {revision}, expected {expected}: run leadledger migrate"
    )


async def _append_only(services: Services) -> Check:
    if not await _scalar(services, "owns_events"):
        return OK
    return warning(
        "the append-only guard is weaker: the serving role owns the events. Migrate as another "
        "role (LEADLEDGER_OWNER_URL)"
    )


async def _webhooks(services: Services) -> Check:
    if not (await services.webhooks.queue.totals()).disabled:
        return OK
    return warning("webhooks are disabled: GET /v1/webhooks shows which, and why")


async def _clock(services: Services) -> Check:
    ahead = await _scalar(services, "clock_ahead")
    if not ahead:
        return OK
    return warning(
        f"the clock of this ledger is ahead by {ahead}: its times are not those at which "
        "events were recorded, and it proves nothing"
    )


async def count_set_aside(services: Services) -> int:
    """Count the leads that a fault prevents from being brought up to date."""
    return int(await _scalar(services, "count_set_aside"))


async def _leads(services: Services) -> Check:
    if not await count_set_aside(services):
        return OK
    return warning(
        "leads are set aside, because a fault of the service prevents them from being brought up "
        "to date: GET /v1/conflicts lists them"
    )


async def _projections(services: Services) -> Check:
    """Report stopped projections: a process that answers other queries is still ready."""
    lags = await services.runner.lags()
    stopped = [lag.name for lag in lags if lag.failure is not None]
    if stopped:
        return warning(
            f"stopped projections, whose routes answer 503: {', '.join(stopped)}. The log gives "
            "the reason, as does this response with a key that has projections:read"
        )
    behind = [lag for lag in lags if lag.seconds > LAG_S_MAX]
    if behind:
        return warning(
            "; ".join(f"the projection {lag.name} is {lag.seconds:.0f} s behind" for lag in behind)
        )
    return OK


Look = Callable[[Services], Awaitable[Check]]

LOOKS: Mapping[str, Look] = {
    "schema": _schema,
    "append_only": _append_only,
    "webhooks": _webhooks,
    "clock": _clock,
    "projections": _projections,
    "leads": _leads,
}
"""The checks that query the database, by their names in the response."""


async def _revision(services: Services) -> str | None:
    return await revision_of(services.engine, schema=services.schema)


async def _scalar(services: Services, name: str) -> Any:
    statement = load("service.reading", "readiness.sql", services.schema)[name]
    async with services.engine.connect() as connection:
        return await connection.scalar(statement.text)
