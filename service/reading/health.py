"""Whether this process can do its work, and what is wrong if not."""

import asyncio
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from events.statements import load
from migrations.running import head_revision, revision_of
from service.services import Services

ANSWER_WAIT_S = 5.0
"""Whoever asks gives up soon after; an answer of our own says more than none."""
LAG_S_MAX = 60.0
"""A projection that is a minute behind still answers, but somebody should look."""

log = structlog.get_logger()


class Health(NamedTuple):
    """What was found. Empty `wrong` is ready."""

    wrong: tuple[str, ...]
    warnings: tuple[str, ...]
    details: dict[str, Any]


async def examine(services: Services) -> Health:
    """Look at everything that serving needs."""
    try:
        async with asyncio.timeout(ANSWER_WAIT_S):
            return await _examine(services)
    except Exception as error:  # noqa: BLE001 - whatever keeps us from looking makes us not ready
        log.warning("health.not_examined", error=type(error).__name__)
        return Health(("the database does not answer",), (), {"error": type(error).__name__})


async def _examine(services: Services) -> Health:
    wrong, warnings = [], []
    revision, expected = await revision_of(services.engine, schema=services.schema), head_revision()
    if revision != expected:
        wrong.append(f"the schema stands at {revision}, expected {expected}: leadledger migrate")
    if await _owns_events(services):
        warnings.append(
            "the append-only guard is weaker: the serving role owns the events. Migrate as another "
            "role (LEADLEDGER_OWNER_URL)"
        )
    disabled = (await services.webhooks.queue.totals()).disabled
    if disabled:
        warnings.append(f"{disabled} webhooks are disabled: GET /v1/webhooks says why")
    clock_ahead = await _clock_ahead(services)
    if clock_ahead:
        warnings.append(
            f"the clock of this ledger has been turned by {clock_ahead}: its times are not those "
            "at which things were recorded, and it proves nothing"
        )
    set_aside = await count_set_aside(services)
    if set_aside:
        warnings.append(
            f"leads set aside: {set_aside}. A fault of the service keeps them from being brought "
            "up to date; GET /v1/conflicts lists them"
        )
    lags = await services.runner.lags()
    for lag in lags:
        if lag.failure is not None:
            warnings.append(
                f"the projection {lag.name} has stopped, and its routes answer 503: {lag.failure}"
            )
        elif lag.seconds > LAG_S_MAX:
            warnings.append(f"the projection {lag.name} is {lag.seconds:.0f} s behind")
    projections = {
        lag.name: {"position": str(lag.position), "events_behind": lag.events} for lag in lags
    }
    details = {"revision": revision, "projections": projections}
    return Health(tuple(wrong), tuple(warnings), details)


async def count_set_aside(services: Services) -> int:
    """Count the leads that a fault keeps from being brought up to date."""
    return int(await _scalar(services, "count_set_aside"))


async def _owns_events(services: Services) -> bool:
    return bool(await _scalar(services, "owns_events"))


async def _clock_ahead(services: Services) -> timedelta:
    ahead: timedelta | None = await _scalar(services, "clock_ahead")
    return ahead or timedelta()


async def _scalar(services: Services, name: str) -> Any:
    statement = load("service.reading", "health.sql", services.schema)[name]
    async with services.engine.connect() as connection:
        return await connection.scalar(statement.text)
