"""Random facts about several people and companies, to be reported in any order.

Every person gives the same user id and address in every report, and the address names the company.
So identities do not depend on the order. No two facts happen at the same time.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st

from domain.lead.state import AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType, Role
from domain.lifecycle.service_events import is_offered
from domain.rules.deals import BUSINESS
from events.records import decode_event, has_parts
from events.revision.affected import Neighbourhood, Taken
from events.revision.past import FoldedPast
from events.signals.sender import Sender
from events.submission import Submission
from projections.funnel.fold import Stages, fold
from projections.funnel.projection import concerns
from projections.funnel.stay import ENDED_COLUMNS, Stay
from tests.support.corrected_histories import LIFECYCLES
from tests.support.histories import data_of, numbered
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, RECEIVED_AT, LedgerInMemory
from tests.support.stories import day

COMPANIES = ("acme.example", "other.example")
PEOPLE = tuple(f"{name}@{company}" for company in COMPANIES for name in ("hanako", "taro", "jiro"))
LATER = RECEIVED_AT + timedelta(days=1)
"""When everything that is due has fired."""


class Fact(NamedTuple):
    """Something that happened to a person, or to a company."""

    type: str
    whom: str
    minute: int
    """Since the first day; no two facts have the same."""
    data: Mapping[str, Any]
    department: str | None

    @property
    def id(self) -> str:
        return f"{self.type} {self.minute}"

    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "time": (day(0) + timedelta(minutes=self.minute)).isoformat(),
            "data": dict(self.data),
        }
        if "@" in self.whom:
            return event | {"lead": {"user_id": self.whom, "email": self.whom}}
        return event | {"account": {"domain": self.whom}}

    @property
    def sender(self) -> Sender:
        return Sender("key-1", ("test",), self.department, EVERY_RIGHT)


@st.composite
def fact(draw: st.DrawFn, types: Sequence[EventType], people: Sequence[str]) -> Fact:
    event_type = draw(st.sampled_from(types))
    of_account = event_type.subject == "account"
    whom = draw(st.sampled_from(COMPANIES if of_account else people))
    data = draw(data_of(event_type))
    if event_type.role in BUSINESS:
        data = numbered(whom, data)
    minute = draw(st.integers(0, 40 * 24 * 60))
    return Fact(event_type.name, whom, minute, data, draw(st.sampled_from((None, "marketing"))))


def types_of(compiled: CompiledLifecycle, *, decisions: bool) -> list[EventType]:
    """Return the types that can be reported; those that can move a lead come up more often."""
    moves = {
        move.on
        for track in (compiled.lifecycle.lead, compiled.lifecycle.account)
        for move in track.moves
    }
    reportable = [
        event
        for event in compiled.lifecycle.events.values()
        if not event.reserved
        and not is_offered(event)
        and event.subject != "ledger"
        and (decisions or event.kind is EventKind.FACT)
        and event.role is not Role.LINKS_ACCOUNT
    ]
    return reportable + 3 * [event for event in reportable if event.name in moves]


@st.composite
def permutations(
    draw: st.DrawFn, *, longest: int, decisions: bool = False, people: Sequence[str] = PEOPLE
) -> tuple[str, list[Fact], list[Fact]]:
    """Draw a lifecycle, and the same facts in two orders: by time, and as they are reported."""
    name = draw(st.sampled_from(sorted(LIFECYCLES)))
    types = types_of(LIFECYCLES[name], decisions=decisions)
    facts = fact(types, people)
    drawn = draw(st.lists(facts, min_size=2, max_size=longest, unique_by=lambda f: f.minute))
    in_order = sorted(drawn, key=lambda fact: fact.minute)
    return name, in_order, draw(st.permutations(in_order))


def reported(name: str, facts: Sequence[Fact], *, batch: int = 1) -> LedgerInMemory:
    """Report facts in the order given, some at a time; then let everything happen that is due."""
    ledger = LedgerInMemory(LIFECYCLES[name])
    for number in range(0, len(facts), batch):
        ledger.at = RECEIVED_AT + timedelta(seconds=number)
        items = tuple(
            ledger.read(fact.event(), sender=fact.sender) for fact in facts[number : number + batch]
        )
        ledger.submit_items(items)
    ledger.at = LATER
    ledger.let_happen()
    return ledger


def reported_together(
    name: str, facts: Sequence[Fact], batches: Sequence[Sequence[tuple[int, bool]]]
) -> LedgerInMemory:
    """Report facts in the order given, in batches of submissions: size, and whether strict."""
    ledger, waiting = LedgerInMemory(LIFECYCLES[name]), iter(facts)
    for batch in cycle(batches):
        submissions = [
            Submission(items, is_strict)
            for size, is_strict in batch
            if (
                items := tuple(
                    ledger.read(f.event(), sender=f.sender) for f in islice(waiting, size)
                )
            )
        ]
        if not submissions:
            break
        ledger.submit(*submissions)
    return ledger


def what_is_known(ledger: LedgerInMemory) -> dict[str, Any]:
    """Return states and stays in names that do not depend on the order of reports."""
    names, causes = names_in(ledger)
    stages = Stages(is_complete=True, zone=UTC)
    for entry in ledger.entries:
        record = ledger.whole_record(entry)
        if has_parts(record) or concerns(record):
            fold(stages, decode_event(record))
    stays = [stay_shown(ENDED_COLUMNS, row, names) for row in stages.ended if row[-1] is None]
    standing = [stay_shown(Stay._fields, stay, names) for stay in stages.standing.values()]
    return {
        "states": {
            names[subject_id]: _shown(remembered.state, names, causes)
            for subject_id, remembered in sorted(ledger.subjects.items())
            if remembered.state is not None
        },
        "outcomes": sorted(map(repr, _outcomes(ledger, names, causes))),
        "stays": sorted(stays),
        "standing": sorted(standing),
        "counts": {key: tuple(n) for key, n in sorted(stages.counts.items(), key=repr) if any(n)},
    }


def stay_shown(columns: Sequence[str], row: Sequence[Any], names: Mapping[str, str]) -> str:
    """Return what a stay says, without positions and in names of subjects."""
    shown = {
        name: value
        for name, value in zip(columns, row, strict=True)
        if name not in ("entry_position", "known_from", "number", "exit_position", "known_to")
    }
    shown["subject_id"] = names[shown["subject_id"]]
    shown["traits"] = _in_names(orjson.loads(shown["traits"]), names)
    changes = orjson.loads(shown["changes"] or "[]")
    shown["changes"] = [(at, _in_names(traits, names)) for at, _, traits in changes]
    return repr(shown)


def _in_names(traits: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {name: names.get(value, value) for name, value in traits.items()}


def _outcomes(
    ledger: LedgerInMemory, names: Mapping[str, str], causes: Mapping[int, str]
) -> Iterator[object]:
    """Yield the outcomes that count for leads: what was recorded, as restated since."""
    if not ledger.records:
        return
    leads = [id for id, one in ledger.subjects.items() if isinstance(one.state, LeadState)]
    past = FoldedPast(ledger.subjects, ledger.past(len(ledger.entries) + 1), {})
    taken = Taken(ledger.records[-1].event, {}, tuple(leads))
    around = Neighbourhood(past, taken, ledger.memory.lifecycles)
    for lead_id, course in around.known_courses.items():
        for one in course.counted:
            data = dict(one.data)
            if "fact" in data:
                data["fact"] = causes[int(data["fact"])]
            yield (names[lead_id], *one._replace(position=0, data=data))


def names_in(ledger: LedgerInMemory) -> tuple[dict[str, str], dict[int, str]]:
    causes: dict[int, str] = {}
    for event, envelope in ledger.records:
        causes[event.position] = causes[event.cause] if event.cause is not None else envelope.id
    names = {}
    for kind, whoms in (("user_id", PEOPLE), ("domain", COMPANIES)):
        for whom in whoms:
            subject_id = ledger.pointers.get(DIGESTS.identifier(kind, whom))
            if subject_id is not None:
                names[subject_id] = whom
    return names, causes


def _shown(
    state: LeadState | AccountState, names: Mapping[str, str], causes: Mapping[int, str]
) -> dict[str, Any]:
    shown = state._asdict()
    if isinstance(state, AccountState):
        shown["timeline"] = sorted(
            repr(
                (
                    entry.occurred_at,
                    causes[entry.position],
                    names.get(entry.lead or ""),
                    entry.type,
                    sorted(entry.effects.items(), key=repr),
                )
            )
            for entry in state.timeline
        )
        return shown
    shown["account"] = names.get(state.account or "")
    shown["former_accounts"] = [names[former] for former in state.former_accounts]
    shown["standing"] = [(fact.type, causes[fact.position], *fact[2:]) for fact in state.standing]
    shown["points"] = sorted(
        (point.rule, point.points, causes[point.position]) for point in state.points
    )
    shown["timers"] = {
        name: (timer.due_at, causes[timer.armed_by]) for name, timer in state.timers.items()
    }
    shown["deadlines"] = {
        name: (due.due_at, due.stage, causes[due.started], due.breached is not None)
        for name, due in state.deadlines.items()
    }
    return shown


__all__ = ["LATER", "Fact", "datetime", "names_in", "permutations", "reported", "what_is_known"]
