"""Query marketing's contribution: combine business into units and decide who is credited.

    crediting = Crediting("ledger")
    await crediting.contribution(driver, lifecycle, since=april, until=october)

An order that names a company but no lead is credited to the lead at that company that is furthest
along the path or, of several, the one that got there first. The others are listed with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain.lead import state_json
from domain.lead.absorption import connected, follow_forwarding
from domain.lead.state import LeadState
from domain.lifecycle.contribution import FURTHER_BUSINESS, ContributionRules
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import RESTATED
from events.database.connected import read_connected
from events.database.sessions import Driver
from events.database.statements import load
from events.records import decode_event
from projections.business.credit import (
    Contribution,
    Person,
    Rules,
    Touch,
    contribution,
    policies_of,
)
from projections.business.people import Known, Pass, in_pass, people_in, said_by
from projections.business.won_business import BusinessEvent, Unit, What, units
from projections.engine.failures import ProjectionUnknown

LATEST = datetime.max.replace(tzinfo=UTC)


class Answer(NamedTuple):
    """The contribution of a period, and the position at which it was read."""

    contribution: Contribution
    position: int
    beside: Mapping[str, tuple[str, ...]]
    """Key of a unit of a company → the other leads there, which were not credited."""


class Won(NamedTuple):
    """The business won in a period, and what is known about those who bought."""

    units: Sequence[Unit]
    people: Mapping[str, Person]
    position: int
    beside: Mapping[str, tuple[str, ...]]


class Crediting:
    """Queries about contribution. A class, because they share the same statements."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "business/crediting.sql", schema)

    async def contribution(
        self,
        driver: Driver,
        lifecycle: Lifecycle,
        rules: ContributionRules,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        known_at: int | None = None,
        as_of: datetime | None = None,
        currency: str | None = None,
    ) -> Answer:
        """Credit the business won from `since` until before `until`, as known at a position.

        Amounts in `currency` are added; None means the lifecycle's currency.
        """
        won = await self.won(
            driver, lifecycle, since=since, until=until, known_at=known_at, as_of=as_of
        )
        credited = contribution(won.units, won.people, rules_of(lifecycle, rules, currency))
        return Answer(credited, won.position, won.beside)

    async def won(
        self,
        driver: Driver,
        lifecycle: Lifecycle,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        known_at: int | None = None,
        as_of: datetime | None = None,
    ) -> Won:
        """Return the business won from `since` until before `until`, as known at a position.

        What happened to it after `as_of` does not count. By default everything does, so an order of
        the period that was cancelled after it is left out.
        """
        rules = lifecycle.contribution
        (live,) = await self._rows(driver, "live", {}) or (None,)
        if live is None:
            raise ProjectionUnknown("business has no live generation; start a runner")
        generation, position = live
        known = position if known_at is None else min(position, known_at)
        reports = await self._rows(
            driver,
            "reports",
            {
                "generation": generation,
                "known_at": known,
                "as_of": as_of or LATEST,
            },
        )
        won = units(
            _events(reports),
            customers=await self._customers(driver, reports),
            further=rules.further_business if rules is not None else FURTHER_BUSINESS,
        )
        found = [
            unit
            for unit in won
            if (since is None or unit.won_at >= since) and (until is None or unit.won_at < until)
        ]
        forwards = await self._forwards(driver, {unit.lead for unit in found if unit.lead})
        named, others = await self._named(driver, lifecycle, found, forwards)
        people = await self._people(driver, generation, known, named, forwards)
        return Won(
            [in_pass(unit, people) for unit in named],
            {lead: known.person for lead, known in people.items()},
            known,
            others,
        )

    async def _customers(self, driver: Driver, rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
        """Map each buyer to its current customer: the company it belongs to, or was merged into.

        A lead without a company when the business was reported may have been linked to one since.
        """
        events = list(_events(rows))
        people = {
            event.lead for event in events if event.lead is not None and event.account is None
        }
        known = await self._forwards(driver, people)
        customers = {
            lead: known[survivor].account or survivor
            for lead in people
            if (survivor := _survivor_of(lead, known)) in known
        }
        companies = {event.account for event in events if event.account is not None}

        async def absorbed_by(wanted: Collection[str]) -> dict[str, str]:
            rows = await self._rows(driver, "absorbed_companies", {"accounts": wanted})
            return {row[0]: row[1] for row in rows}

        absorbed = await read_connected(
            companies | set(customers.values()), read=absorbed_by, linked=lambda by: [by]
        )
        for buyer in (*companies, *customers):
            customers[buyer] = follow_forwarding(customers.get(buyer, buyer), absorbed.get)
        return customers

    async def _forwards(self, driver: Driver, leads: set[str]) -> dict[str, LeadState]:
        """Read the leads of business, those that absorbed them, and all that these absorbed."""

        async def read(wanted: Collection[str]) -> dict[str, LeadState]:
            rows = await self._rows(driver, "forwards", {"leads": wanted})
            return {lead: state_json.decode_lead(text) for lead, text in rows}

        def linked(state: LeadState) -> Iterable[str]:
            return (*state.absorbs, *filter(None, (state.absorbed_by,)))

        return await read_connected(leads, read=read, linked=linked)

    async def _named(
        self,
        driver: Driver,
        lifecycle: Lifecycle,
        found: Sequence[Unit],
        forwards: dict[str, LeadState],
    ) -> tuple[list[Unit], dict[str, tuple[str, ...]]]:
        """Name for each unit the lead that absorbed its own, or the credited one of its company."""
        companies = {unit.account for unit in found if unit.lead is None and unit.account}
        rows = await self._rows(driver, "people_of", {"accounts": sorted(companies)})
        by_company: defaultdict[str, list[tuple[str, LeadState]]] = defaultdict(list)
        for account, lead, text in rows:
            by_company[account].append((lead, state_json.decode_lead(text)))
        named: list[Unit] = []
        others: dict[str, tuple[str, ...]] = {}
        for unit in found:
            people = by_company.get(unit.account or "", []) if unit.lead is None else []
            if people:
                ranked = sorted(people, key=lambda person: _far(lifecycle, person[1]))
                named.append(unit._replace(lead=ranked[0][0]))
                others[unit.key] = tuple(lead for lead, _ in ranked[1:])
                forwards.update(people)
            else:
                named.append(unit._replace(lead=_survivor_of(unit.lead, forwards)))
        return named, others

    async def _people(
        self,
        driver: Driver,
        generation: int,
        known: int,
        named: Iterable[Unit],
        forwards: Mapping[str, LeadState],
    ) -> dict[str, Known]:
        """Read the data that crediting needs for each lead and those it absorbed."""
        leads = {unit.lead for unit in named if unit.lead is not None}
        groups = {lead: _all_of(lead, forwards) for lead in leads}
        ids = sorted({id for group in groups.values() for id in group})
        passes: defaultdict[str, list[Pass]] = defaultdict(list)
        for lead, *columns in await self._rows(driver, "passes", {"leads": ids, "known_at": known}):
            passes[lead].append(Pass(*columns))
        origins = {"leads": ids, "restated": RESTATED, "known_at": known}
        said = [
            said_by(lead, decode_event(record))
            for lead, record in await self._rows(driver, "origins", origins)
        ]
        touches: defaultdict[str, list[Touch]] = defaultdict(list)
        values = {"leads": ids, "generation": generation, "known_at": known}
        for lead, *columns in await self._rows(driver, "touches", values):
            touches[lead].append(Touch(*columns))
        return people_in(groups, passes, said, touches)

    async def _rows(
        self, driver: Driver, name: str, values: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        statement = self._sql[name]
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        return [tuple(row.values()) for row in rows]


def _events(rows: Iterable[tuple[Any, ...]]) -> Iterable[BusinessEvent]:
    return (BusinessEvent(row[0], What(row[1]), *row[2:]) for row in rows)


def rules_of(lifecycle: Lifecycle, rules: ContributionRules, currency: str | None) -> Rules:
    """Return the lifecycle's rules, for amounts in a currency; None: in the lifecycle's own."""
    return Rules(
        marketing_origins=frozenset(rules.marketing_origins),
        currency=currency or rules.currency,
        default_currency=rules.currency,
        lookback=timedelta(days=rules.lookback_days),
        business=frozenset(rules.business),
        policies=policies_of(lifecycle, rules),
    )


def _survivor_of(lead: str | None, forwards: Mapping[str, LeadState]) -> str | None:
    def absorbed_by(lead: str) -> str | None:
        return forwards[lead].absorbed_by if lead in forwards else None

    return follow_forwarding(lead, absorbed_by) if lead is not None else None


def _all_of(lead: str, forwards: Mapping[str, LeadState]) -> list[str]:
    """Return a lead and all leads that it absorbed, directly or through others."""
    return connected([lead], lambda other: forwards[other].absorbs if other in forwards else ())


def _far(lifecycle: Lifecycle, lead: LeadState) -> tuple[int, datetime]:
    """Return a sort key: the furthest lead first, then the one that got there first."""
    path = lifecycle.lead.path
    reached = [path.index(stage) for stage in lead.entered if stage in path]
    return (-max(reached, default=-1), lead.entered_at or LATEST)
