"""Query the directory: leads by filter, lists, an owner's leads, companies.

roster = Roster("ledger")
await roster.leads(driver, Wanted(stage="MQL"), limit=100)
await roster.list_sizes(driver, lifecycle, at=now)
await roster.in_charge(driver, "sato", limit=1_000)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.lead import state_json
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.definition import LeadList, Lifecycle
from events.database.sessions import Driver
from events.database.statements import load
from projections.engine.failures import ProjectionUnknown
from projections.leads.fold import Listed as Listed  # noqa: PLC0414 - re-exported

FIRST = "00000000-0000-0000-0000-000000000000"
"""Sorts before every id."""


class Wanted(NamedTuple):
    """Filters for leads; None means all."""

    stage: str | None = None
    owner: str | None = None
    grade: str | None = None
    market: str | None = None
    origin: str | None = None
    account: str | None = None
    list: LeadList | None = None


class WantedCompanies(NamedTuple):
    """Filters for companies; None means all."""

    stage: str | None = None
    segment: str | None = None
    key_role: str | None = None
    owner: str | None = None
    account: str | None = None


class LeadPage(NamedTuple):
    leads: tuple[Listed, ...]
    next: str | None
    """Pass it as `after`; None if this is the last page."""
    position: int
    """The position at which the page was read."""


class Charge(NamedTuple):
    """A lead that has an owner, or should have one."""

    id: str
    state: LeadState
    entry_kind: str | None
    """How it came to its current stage, such as `returned`."""


class Charges(NamedTuple):
    charges: tuple[Charge, ...]
    position: int


class Company(NamedTuple):
    id: str
    position: int
    state: AccountState
    people: int


class CompanyPage(NamedTuple):
    companies: tuple[Company, ...]
    next: str | None
    position: int


class Roster:
    """Queries of the directory. A class, because they share the same statements."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "leads/roster.sql", schema)

    async def leads(
        self, driver: Driver, wanted: Wanted, *, at: datetime, after: str | None, limit: int
    ) -> LeadPage:
        """Return a page of current leads by id. Time limits of lists are evaluated at `at`."""
        values = {**_filters(wanted, at), "after": after or FIRST, "limit": limit}
        rows = await self._rows(driver, "leads", values)
        found = tuple(Listed(*row[1:]) for row in rows if row[1] is not None)
        return LeadPage(found, found[-1].id if len(found) == limit else None, rows[0][0])

    async def count(self, driver: Driver, wanted: Wanted, *, at: datetime) -> int:
        """Return how many leads all pages of `leads` hold together."""
        ((count,),) = await self._rows(driver, "count_leads", _filters(wanted, at))
        return int(count)

    async def list_sizes(
        self, driver: Driver, lifecycle: Lifecycle, *, at: datetime
    ) -> tuple[dict[str, int], int]:
        """Return the size of every list at a moment, and the position at which it was read."""
        rows = await self._rows(driver, "list_sizes", {})
        counted = {row[1]: row[2] for row in rows if row[1] is not None}
        sizes: dict[str, int] = {}
        for code, lead_list in lifecycle.lists.items():
            if lead_list.acquired_within_days is None and lead_list.held_before_days is None:
                sizes[code] = counted.get(code, 0)
            else:
                values = {"list": code, **_bounds(lead_list, at)}
                ((sizes[code],),) = await self._rows(driver, "list_size_by_clock", values)
        return sizes, rows[0][0]

    async def in_charge(
        self, driver: Driver, owner: str, *, after: str | None, limit: int
    ) -> Charges:
        """Return the leads of an owner."""
        values = {"owner": owner, "after": after or FIRST, "limit": limit}
        return _charges(await self._rows(driver, "in_charge", values))

    async def owners(self, driver: Driver, *, limit: int) -> dict[str, int]:
        """Return how many leads each person is in charge of."""
        statement = self._sql["count_by_owner"]
        rows = await driver.fetch(statement.driver_sql, *statement.arguments({"limit": limit}))
        return {row["owner"]: row["leads"] for row in rows}

    async def unassigned(self, driver: Driver, stages: Sequence[str], *, limit: int) -> Charges:
        """Return leads without an owner in stages that require one."""
        values = {"stages": list(stages), "limit": limit}
        return _charges(await self._rows(driver, "unassigned", values))

    async def companies(
        self,
        driver: Driver,
        wanted: WantedCompanies,
        *,
        after: str | None,
        limit: int,
    ) -> CompanyPage:
        """Return a page of companies by id."""
        values = {**wanted._asdict(), "after": after or FIRST, "limit": limit}
        rows = await self._rows(driver, "accounts", values)
        found = tuple(
            Company(id, position, state_json.decode_account(state), people)
            for _, id, position, state, people in rows
            if id is not None
        )
        return CompanyPage(found, found[-1].id if len(found) == limit else None, rows[0][0])

    async def _rows(
        self, driver: Driver, name: str, values: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        statement = self._sql[name]
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        if not rows:
            raise ProjectionUnknown("the directory has no live generation; start a runner")
        return [tuple(row.values()) for row in rows]


_NO_BOUNDS: Mapping[str, Any] = {"acquired_after": None, "acquired_until": None}


def _filters(wanted: Wanted, at: datetime) -> dict[str, Any]:
    lead_list = wanted.list
    bounds = _bounds(lead_list, at) if lead_list is not None else _NO_BOUNDS
    code = lead_list.code if lead_list is not None else None
    return {**wanted._asdict(), **bounds, "list": code}


def _bounds(lead_list: LeadList, at: datetime) -> dict[str, Any]:
    """Return the period in which leads on the list must have been acquired, as of a moment."""
    within, before = lead_list.acquired_within_days, lead_list.held_before_days
    has_bound = within is not None or before is not None
    return {
        "acquired_after": at - timedelta(days=within) if within is not None else None,
        "acquired_until": at - timedelta(days=before or 0) if has_bound else None,
    }


def _charges(rows: Sequence[tuple[Any, ...]]) -> Charges:
    found = tuple(
        Charge(id, state_json.decode_lead(state), entry_kind)
        for _, id, state, entry_kind in rows
        if id is not None
    )
    return Charges(found, rows[0][0])
