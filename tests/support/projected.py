"""What the projections say about a ledger in memory, in names that depend on no order of reports.

The folds are the real ones. What the database does to their rows is done here in dictionaries.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from domain.event import Event
from domain.lead.deadlines import without_positions
from domain.lead.state import LeadState
from domain.lifecycle.service_events import RESTATED
from projections.business import fold as business
from projections.business.credit import Touch, contribution
from projections.business.people import Pass, Said, in_pass, people_in
from projections.business.queries import rules_of
from projections.business.won_business import BusinessEvent, Unit, What, units
from projections.deadlines import fold as deadlines
from projections.funnel import fold as funnel
from projections.leads import fold as leads
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.permuted import names_in


def deadlines_of(ledger: LedgerInMemory) -> list[str]:
    """Return the deadlines that count, each with the reports that started and ended it."""
    return deadlines_in(ledger, *names_in(ledger))


def deadlines_in(
    ledger: LedgerInMemory, names: Mapping[str, str], causes: Mapping[int, str]
) -> list[str]:
    """Return the deadlines that count, in names of subjects and of the reports that caused them."""
    memory = deadlines.Deadlines()
    for event, _ in ledger.records:
        deadlines.fold(memory, event)
    return sorted(
        repr(
            (
                names[row.lead_id],
                without_positions((row.entry,)),
                [causes.get(at or 0) for at in (row.entry.started, row.entry.breached)],
                causes.get(row.entry.settled or 0),
            )
        )
        for rows in memory.leads.values()
        for row in rows
    )


def directory_of(ledger: LedgerInMemory) -> dict[str, Any]:
    """Return leads with their lists, and accounts, as written after every single event."""
    names, _ = names_in(ledger)
    compiled = ledger.compiled
    memory = leads.Directory(lifecycles={compiled.version: compiled.lifecycle})
    memory.lists_read_accounts = True
    found: dict[str, Any] = {}
    for event, _ in ledger.records:
        leads.fold(memory, event)
        for row in leads.lead_rows(memory):
            account = names.get(row.listed.account or "")
            listed = row.listed._replace(id="", position=0, account=account)
            found[names[row.listed.id]] = (listed, row.is_absorbed)
        for company in leads.account_rows(memory):
            found[names[company.subject_id]] = (company.stage, company.entered_at)
        memory.touched_leads.clear()
        memory.touched_accounts.clear()
    return found


class Figures(NamedTuple):
    """What the business of a ledger comes to, and who is credited for it."""

    units: list[str]
    shares: str
    by_origin: str


def figures_of(ledger: LedgerInMemory) -> Figures:
    """Return won business and marketing's contribution to it."""
    names, causes = names_in(ledger)
    lifecycle = ledger.compiled.lifecycle
    assert lifecycle.contribution is not None
    memory = business.Business(lifecycle)
    for event, _ in ledger.records:
        business.fold(memory, event)
    reports = _as_restated(memory, names)
    rules = lifecycle.contribution
    won = units(reports, customers=_customers(ledger, names), further=rules.further_business)
    touches: defaultdict[str, list[Touch]] = defaultdict(list)
    for touch in memory.touches:
        touches[names[touch.lead]].append(Touch(*touch[3:6]))
    people = people_in(
        {unit.lead: [unit.lead] for unit in won if unit.lead is not None},
        _passes(ledger, names),
        [_said(event, names) for event, _ in ledger.records if _says(event)],
        touches,
    )
    credited = contribution(
        [in_pass(unit, people) for unit in won],
        {lead: known.person for lead, known in people.items()},
        rules_of(lifecycle, rules, None),
    )
    return Figures(
        sorted(repr(_in_causes(in_pass(unit, people), causes)) for unit in won),
        repr((credited.shares, credited.nurtured_average, credited.apart)),
        repr(credited.by_origin),
    )


def _as_restated(memory: business.Business, names: Mapping[str, str]) -> list[BusinessEvent]:
    rows = {row.position: row for row in memory.business}
    for back in memory.taken_back:
        assert back.belonging is not None, "nothing else is taken back here"
        account, kind, pass_number = back.belonging
        row = rows[back.position]
        rows[back.position] = row._replace(account=account, business=kind, pass_number=pass_number)
    return [
        BusinessEvent(
            row.position,
            What(row.what),
            row.occurred_at,
            names.get(row.lead or ""),
            row.pass_number,
            names.get(row.account or ""),
            *row[7:-2],
        )
        for row in rows.values()
    ]


def _customers(ledger: LedgerInMemory, names: Mapping[str, str]) -> dict[str, str]:
    return {
        names[subject_id]: names[one.state.account]
        for subject_id, one in ledger.subjects.items()
        if isinstance(one.state, LeadState) and one.state.account is not None
    }


def _passes(ledger: LedgerInMemory, names: Mapping[str, str]) -> dict[str, list[Pass]]:
    stages = funnel.Stages(is_complete=True, zone=UTC)
    for event, _ in ledger.records:
        funnel.fold(stages, event)
    stays = [row[:14] for row in stages.ended if row[-1] is None]
    stays += [stay[:14] for stay in stages.standing.values()]
    by_pass: defaultdict[tuple[str, int], list[tuple[Any, ...]]] = defaultdict(list)
    for stay in sorted(stays, key=lambda stay: (stay[12], stay[13])):
        by_pass[names[stay[0]], stay[7]].append(stay)
    passes: defaultdict[str, list[Pass]] = defaultdict(list)
    for (lead, number), own in sorted(by_pass.items()):
        entries = [stay[10] for stay in own]
        begun_at = min(stay[9] for stay in own)
        passes[lead].append(Pass(number, begun_at, min(entries), max(entries), own[-1][4]))
    return passes


def _says(event: Event) -> bool:
    return event.type == RESTATED or not {"origin", "first_touch"}.isdisjoint(event.effects)


def _said(event: Event, names: Mapping[str, str]) -> Said:
    is_restated, effects = event.type == RESTATED, event.effects
    stated = effects.get("state", effects)
    return Said(
        names[event.subject.id],
        event.position,
        is_restated,
        is_restated or "origin" in effects,
        stated.get("origin"),
        stated.get("first_touch"),
        effects.get("origins", ()),
    )


def _in_causes(unit: Unit, causes: Mapping[int, str]) -> Unit:
    key = unit.key if not unit.key.startswith("renewal/") else "renewal"
    positions = tuple(sorted(causes[at] for at in unit.positions))
    return unit._replace(key=key, positions=positions, won_by=causes[unit.won_by])  # type: ignore[arg-type]


Says = Callable[[LedgerInMemory], Any]
EVERY_PROJECTION: Mapping[str, Says] = {
    "deadlines": deadlines_of,
    "directory": directory_of,
    "business": figures_of,
}
