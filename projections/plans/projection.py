"""The projection of plans: targets and closed periods, and what they were at any moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from domain.event import Event
from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY, PERIOD_CLOSED, READ_AT, TARGET_SET
from events.database.sessions import Driver
from events.database.statements import Statement, load
from projections.engine.rows import RowWriter
from projections.names import ProjectionName

VERSION = 1
NARROWER = ("market", "campaign", "owner", "reseller")
"""What a target may be for, if it is not for all."""


class TargetRow(NamedTuple):
    """One report of a target. A later one for the same days revises it."""

    position: int
    occurred_at: datetime
    department: str
    figure: str
    plan: Decimal
    currency: str
    market: str
    campaign: str
    owner: str
    reseller: str
    starts_on: date
    ends_on: date


class ClosingRow(NamedTuple):
    """One closing of a period. A later one of the same days replaces it."""

    position: int
    occurred_at: datetime
    figure: str
    starts_on: date
    ends_on: date
    read_at: int


@dataclass(slots=True)
class Plans:
    """The memory of a generation: what the current batch adds. A class, because it is filled."""

    targets: list[TargetRow] = field(default_factory=list)
    closings: list[ClosingRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PlanProjection:
    """A class, because a projection combines statements with the methods that use them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = ProjectionName.PLANS
    version: int = VERSION
    tables: tuple[str, ...] = ("targets", "closings")

    def concerns(self, record: str) -> bool:
        return any(f'"type":"{type}"' in record for type in (TARGET_SET, PERIOD_CLOSED))

    def begin(self, *, is_complete: bool) -> Plans:
        del is_complete
        return Plans()

    async def load(
        self, driver: Driver, generation: int, state: Plans, events: Sequence[Event]
    ) -> None:
        """Load nothing: every report is a row of its own."""

    def fold(self, state: Plans, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Plans) -> None:
        writer = RowWriter(driver, self.schema, self.sql, generation)
        await writer.copy("targets", TargetRow._fields, state.targets)
        await writer.copy("closings", ClosingRow._fields, state.closings)
        state.targets.clear()
        state.closings.clear()


def fold(plans: Plans, event: Event) -> None:
    """Apply one event."""
    if event.type == TARGET_SET:
        target = _target_in(event)
        if target is not None:
            plans.targets.append(target)
    elif event.type == PERIOD_CLOSED:
        closing = _closing_in(event)
        if closing is not None:
            plans.closings.append(closing)


def _target_in(event: Event) -> TargetRow | None:
    """Return a target; None if the lifecycle declares its fields as something else."""
    data = event.data
    try:
        plan = Decimal(str(data["plan"]))
        first, last = (date.fromisoformat(data[name]) for name in (FIRST_DAY, LAST_DAY))
        department, figure = data["for_department"], data["figure"]
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
    currency, market, campaign, owner, reseller = (
        str(data.get(name, "")) for name in ("currency", *NARROWER)
    )
    return TargetRow(
        event.position,
        event.occurred_at,
        str(department),
        str(figure),
        plan,
        currency,
        market,
        campaign,
        owner,
        reseller,
        first,
        last,
    )


def _closing_in(event: Event) -> ClosingRow | None:
    """Return a closing; None if the lifecycle declares its fields as something else."""
    data = event.data
    try:
        first, last = (date.fromisoformat(data[name]) for name in (FIRST_DAY, LAST_DAY))
        read_at = int(data.get(READ_AT, event.position))
    except (KeyError, TypeError, ValueError):
        return None
    figure = str(data.get("figure", ""))
    return ClosingRow(event.position, event.occurred_at, figure, first, last, read_at)


def plans(schema: str) -> PlanProjection:
    """Return the projection for the ledger of this schema."""
    return PlanProjection(schema, load("projections", "plans/plans.sql", schema))


class Target(NamedTuple):
    """A target as it was at a moment. Empty: it is for all of these."""

    department: str
    figure: str
    currency: str
    market: str
    campaign: str
    owner: str
    reseller: str
    starts_on: date
    ends_on: date
    plan: Decimal
    original: Decimal
    """The plan as it was set first."""
    position: int
    """The report that counts."""
    revision: int
    """1 for the original plan."""

    @property
    def about(self) -> tuple[str, ...]:
        """Return what it is for, without the days."""
        return self[:7]


class Closing(NamedTuple):
    """A closed period as it was at a moment."""

    figure: str
    """Empty: all of them."""
    starts_on: date
    ends_on: date
    read_at: int
    """The position at which the numbers were read that it confirms."""
    position: int
    """The event that closed it."""
    occurred_at: datetime


class WantedPlans(NamedTuple):
    """What is for some of these days, as it was at a moment; without a day there is no bound."""

    as_of: datetime
    known_at: int
    first_day: date | None
    last_day: date | None
    limit: int


class PlanQueries:
    """Queries of plans. A class, because they share their statements."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "plans/plans.sql", schema)

    async def targets(self, driver: Driver, wanted: WantedPlans) -> list[Target]:
        """Return the targets for some of these days, as they were at a moment."""
        rows = await self._then(driver, "targets_then", wanted)
        return [Target(*(row[name] for name in Target._fields)) for row in rows]

    async def closings(self, driver: Driver, wanted: WantedPlans) -> list[Closing]:
        """Return the closed periods that have some of these days, the latest first."""
        rows = await self._then(driver, "closings_then", wanted)
        return [Closing(*(row[name] for name in Closing._fields)) for row in rows]

    async def _then(
        self, driver: Driver, name: str, wanted: WantedPlans
    ) -> Sequence[Mapping[str, Any]]:
        statement = self._sql[name]
        found: Sequence[Mapping[str, Any]] = await driver.fetch(
            statement.driver_sql, *statement.arguments(wanted._asdict())
        )
        return found
