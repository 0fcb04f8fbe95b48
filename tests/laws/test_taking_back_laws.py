"""Laws of taking back: what counts afterwards is what a ledger holds that was never told it.

Two ledgers are told the same, but for what is taken back in the one and never told in the other.
Decisions that the first refused meanwhile are no events, so the second is not told of them either.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.evolve import evolve
from domain.lifecycle.definition import EventKind, EventType
from domain.lifecycle.service_events import is_offered
from domain.state import INITIAL_LEAD, AccountState, LeadState
from events.neighbourhood import Neighbourhood, Taken
from events.outcomes import Recorded
from events.past import FoldedPast
from events.retelling import neighbourhood_then
from events.senders import Sender
from events.submissions import Submission
from projections.stage_fold import Stages, fold
from tests.histories import _MOVING, _data
from tests.histories import LIFECYCLE as FUNNEL
from tests.ledger_in_memory import DIGESTS, EVERY_RIGHT, LedgerInMemory
from tests.stories import day, demand_funnel

FIRST, SECOND, THIRD = "hanako@acme.example", "taro@other.example", "jiro@acme.example"
PEOPLE = (FIRST, SECOND, THIRD)
TOLD = tuple(
    one
    for one in FUNNEL.events.values()
    if not one.reserved and not is_offered(one) and one.subject == "lead"
)
FACTS = tuple(one for one in TOLD if one.kind is EventKind.FACT)
MOVING = tuple(one for one in _MOVING if one in TOLD)
CORRECTIONS: Sequence[Mapping[str, Any]] = (
    {"class": "now"},
    {"class": "not_yet"},
    {"channel": "reseller"},
    {"reason": "student"},
    {"reason": "too_early"},
    {"channel": None},
)


class Step(NamedTuple):
    """One report about one of a few people, some of whom use the same computer."""

    type: EventType
    person: str
    cookie: str | None
    at: int
    data: Mapping[str, Any]
    department: str | None
    names: int | None = None
    """Decides whom it names, where its time has been corrected."""

    def event(self, id: str) -> dict[str, Any]:
        lead = {"email": self.person}
        if self.cookie is not None and self.type.kind is EventKind.FACT:
            names = self.at if self.names is None else self.names
            lead = {"anonymous_id": self.cookie} | (lead if names % 3 else {})
        time = day(self.at).isoformat()
        # No deal of two people: of those the account remembers one, whoever told of it.
        of_one = {
            name: f"{self.person} {value}"
            for name, value in self.data.items()
            if name in ("opportunity", "order")
        }
        return {
            "id": id,
            "type": self.type.name,
            "time": time,
            "lead": lead,
            "data": {**self.data, **of_one},
        }


@st.composite
def steps(draw: st.DrawFn, *, types: Sequence[EventType] = ()) -> Step:
    event_type = draw(st.sampled_from(types) if types else st.sampled_from(MOVING + TOLD))
    return Step(
        event_type,
        draw(st.sampled_from(PEOPLE)),
        draw(st.sampled_from((None, None, "c1", "c2"))),
        draw(st.integers(0, 30)),
        draw(_data(event_type)),
        draw(st.sampled_from((None, "marketing", "field_sales"))),
    )


some = st.lists(steps(), max_size=6)
law = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Telling:
    """A ledger that is told one thing after the other, and remembers what it recorded."""

    def __init__(self) -> None:
        self.ledger = LedgerInMemory(demand_funnel(competitors=("rival.example",)))
        self.recorded: list[tuple[str, Step]] = []

    def begin(self) -> None:
        """Let everybody be known by an address of his own, and belong to a company."""
        for number, person in enumerate(PEOPLE):
            event = {"id": f"begin-{number}", "type": "email.sent", "time": day(0).isoformat()}
            self.ledger.send(event | {"lead": {"email": person}})

    def tell(self, step: Step, id: str) -> Recorded | None:
        sender = Sender("key-1", ("test",), step.department, EVERY_RIGHT)
        (outcome,) = self.ledger.send(step.event(id), sender=sender)
        if isinstance(outcome, Recorded):
            self.recorded.append((id, step))
            return outcome
        return None

    def tell_all(self, told: Sequence[Step], name: str) -> None:
        for number, step in enumerate(told):
            self.tell(step, f"{name}-{number}")

    def decide(self, type: str, **attributes: Any) -> Recorded:
        outcome = self.ledger.send_one(type, **attributes)
        assert isinstance(outcome, Recorded), outcome
        return outcome

    def lead(self, person: str) -> str:
        """The lead that somebody's address points to, before any forwarding."""
        return next(
            target
            for identifier, target in self.ledger.pointers.items()
            if identifier.digest == _digest_of(person)
        )


def _digest_of(person: str) -> bytes:
    return DIGESTS.identifier("email", person).digest


def same_told(telling: Telling, *, without: str | None = None) -> Telling:
    """Tell another ledger what the first one recorded, but for one event."""
    twin = Telling()
    twin.begin()
    for id, step in telling.recorded:
        if id != without:
            twin.tell(step, id)
    return twin


def merged_for_a_while(
    before: Sequence[Step], between: Sequence[Step], after: Sequence[Step]
) -> Telling:
    """Tell a ledger of two people, whom somebody takes for one between the first and the last."""
    telling = Telling()
    telling.begin()
    telling.tell_all(before, "before")
    survivor, other = telling.lead(FIRST), telling.lead(SECOND)
    telling.decide("identity.merged", lead={"id": survivor}, data={"other": other})
    telling.tell_all(between, "between")
    telling.decide("identity.unmerged", lead={"id": other})
    telling.tell_all(after, "after")
    return telling


def with_one_voided(
    before: Sequence[Step], after: Sequence[Step], place: int
) -> tuple[Telling, str]:
    """Tell a ledger, and take one of the first reports back; return its id as well."""
    telling = Telling()
    telling.begin()
    telling.tell_all(before, "before")
    id, _ = _one_of(telling, place)
    position = telling.ledger.keys["test", id].position
    telling.decide("event.voided", data={"event": str(position)})
    telling.tell_all(after, "after")
    return telling, id


def what_counts(telling: Telling) -> dict[str, Any]:
    """States, stays and counts, with every id and position in words that both ledgers share."""
    ledger = telling.ledger
    _let_happen(ledger)
    names, causes = _words(ledger)
    stages = Stages(is_complete=True, zone=UTC)
    for event, _ in ledger.records:
        fold(stages, event)
    leads = {}
    for subject, remembered in ledger.subjects.items():
        if remembered.state is not None and subject in names:
            leads[names[subject]] = _state(remembered.state, names, causes)
    # What a company is beside its purchases is not taken back: others may have been known there.
    ended = [row for row in stages.ended if row[1] == "lead"]
    stays = sorted(
        repr((names.get(row[0]), *row[1:10], row[11], row[14], row[16], row[17]))
        for row in ended
        if row[-1] is None
    )
    standing = sorted(
        repr((names.get(stay.subject_id), *stay[1:10], stay.entry_kind, *stay[14:]))
        for stay in stages.standing.values()
        if stay.kind == "lead"
    )
    counts = {
        key: tuple(counted)
        for key, counted in stages.counts.items()
        if any(counted) and key[0] == "lead"
    }
    return {"leads": leads, "stays": stays, "standing": standing, "counts": counts}


def _let_happen(ledger: LedgerInMemory) -> None:
    """Let happen what is due: it has where something was taken back, and so it must in the twin."""
    everybody = tuple(id for id, one in ledger.subjects.items() if isinstance(one.state, LeadState))
    if everybody:
        ledger.submit(Submission((), woken=everybody))


def _words(ledger: LedgerInMemory) -> tuple[Mapping[str, str], Mapping[int, str]]:
    """Call subjects by their identifiers, and events by the reports that they follow from."""
    names = {
        subject: f"{identifier.kind} {identifier.digest.hex()}"
        for identifier, subject in sorted(ledger.pointers.items(), reverse=True)
        if identifier.kind in ("email", "domain", "anonymous_id")
    }
    causes: dict[int, str] = {}
    for event, envelope in ledger.records:
        causes[event.position] = causes[event.cause] if event.cause is not None else envelope.id
    return names, causes


def _state(
    state: LeadState | AccountState, names: Mapping[str, str], causes: Mapping[int, str]
) -> dict[str, Any]:
    if isinstance(state, AccountState):
        stage = state.stage if state.stage in ("C", "KC", "KA", "CHURNED") else None
        return {"stage": stage, "deals": state.opportunities, "orders": state.orders}
    told = state._asdict()
    for gone in ("conflicts", "awaiting", "apart"):
        told.pop(gone, None)
    told["absorbs"] = [names.get(one) for one in state.absorbs]
    told["absorbed_by"] = names.get(state.absorbed_by or "")
    if isinstance(state, LeadState):
        told["account"] = names.get(state.account or "")
        told["standing"] = [(*one[:1], causes[one.position], *one[2:]) for one in state.standing]
        told["points"] = [(one.rule, one.points, causes[one.position]) for one in state.points]
        told["timers"] = {
            name: (timer.due_at, causes[timer.armed_by]) for name, timer in state.timers.items()
        }
        told["deadlines"] = {
            name: (due.due_at, due.stage, causes[due.started], due.breached is not None)
            for name, due in state.deadlines.items()
        }
        told["returned_from"] = state.returned_from and state.returned_from[:4]
    return {name: value for name, value in told.items() if value}


@given(some, some, some)
@law
def test_after_an_unmerge_nothing_is_otherwise_than_if_nobody_had_merged(
    before: list[Step], between: list[Step], after: list[Step]
) -> None:
    telling = merged_for_a_while(before, between, after)

    assert what_counts(telling) == what_counts(same_told(telling))


@given(some, some, st.integers(0, 20))
@law
def test_what_is_voided_was_never_reported(
    before: list[Step], after: list[Step], place: int
) -> None:
    telling, id = with_one_voided(before, after, place)

    assert what_counts(telling) == what_counts(same_told(telling, without=id))


@given(some, some, st.integers(0, 20), st.sampled_from(CORRECTIONS))
@law
def test_what_is_corrected_was_reported_as_it_should_have_been(
    before: list[Step], after: list[Step], place: int, fields: Mapping[str, Any]
) -> None:
    telling = Telling()
    telling.begin()
    telling.tell_all(before, "before")
    id, step = _one_of(telling, place)
    assume(fields.keys() <= step.type.fields.keys())
    position = telling.ledger.keys["test", id].position
    outcome = telling.ledger.send_one(
        "event.corrected", data={"event": str(position), "fields": dict(fields)}
    )
    assume(isinstance(outcome, Recorded))
    at = telling.recorded.index((id, step))
    telling.recorded[at] = (id, step._replace(data={**step.data, **fields}))
    telling.tell_all(after, "after")

    assert what_counts(telling) == what_counts(same_told(telling))


@given(some, some, st.integers(0, 20), st.integers(0, 30))
@law
def test_what_happened_at_another_time_was_reported_with_that_time(
    before: list[Step], after: list[Step], place: int, at: int
) -> None:
    telling = Telling()
    telling.begin()
    telling.tell_all(before, "before")
    id, step = _one_of(telling, place)
    position = telling.ledger.keys["test", id].position
    telling.decide(
        "event.corrected", data={"event": str(position), "fields": {"time": day(at).isoformat()}}
    )
    telling.recorded[telling.recorded.index((id, step))] = (id, step._replace(at=at, names=step.at))
    telling.tell_all(after, "after")

    assert what_counts(telling) == what_counts(same_told(telling))


@given(some, some, st.integers(0, 20), st.integers(0, 32))
@law
def test_what_is_voided_was_not_true_before_either(
    before: list[Step], after: list[Step], place: int, on: int
) -> None:
    telling, id = with_one_voided(before, after, place)
    twin = same_told(telling, without=id)

    for person in PEOPLE:
        assert stood_by_what_counts(telling, person, day(on)) == stood(twin, person, day(on))


@given(some, some, some, st.integers(0, 32))
@law
def test_an_unmerge_leaves_nothing_of_the_merge_at_any_moment(
    before: list[Step], between: list[Step], after: list[Step], on: int
) -> None:
    telling = merged_for_a_while(before, between, after)
    twin = same_told(telling)

    for person in (FIRST, SECOND):
        assert stood_by_what_counts(telling, person, day(on)) == stood(twin, person, day(on))


def stood_by_what_counts(telling: Telling, person: str, moment: datetime) -> dict[str, Any] | None:
    """How somebody stood at a moment, decided again where something has been taken back."""
    ledger, lead_id = telling.ledger, telling.lead(person)
    restated = [
        event
        for event, _ in ledger.records
        if event.type == "lead.restated" and event.subject.id == lead_id
    ]
    if not restated:
        return stood(telling, person, moment)
    past = FoldedPast(ledger.subjects, ledger.past(len(ledger.records) + 1))
    around = Neighbourhood(past, Taken(restated[-1], {}, (lead_id,)), ledger.memory.lifecycles)
    state = neighbourhood_then(around, moment=moment).get(lead_id)
    return None if state is None else _state(state, *_words(ledger))


def stood(telling: Telling, person: str, moment: datetime) -> dict[str, Any] | None:
    """How somebody stood at a moment, by the events of then."""
    _let_happen(telling.ledger)
    lead_id, state = telling.lead(person), None
    for event, _ in telling.ledger.records:
        if event.receiver.id == lead_id and (event.effective_at or event.occurred_at) <= moment:
            state = evolve(state or INITIAL_LEAD, event)
    return None if state is None else _state(state, *_words(telling.ledger))


def _one_of(telling: Telling, place: int) -> tuple[str, Step]:
    """Choose an event that told of no identifier: those stay linked, whatever is taken back."""
    linking = {
        event.cause for event, _ in telling.ledger.records if event.type.startswith("identity.")
    }
    plain = [
        (id, step)
        for id, step in telling.recorded
        if telling.ledger.keys["test", id].position not in linking
    ]
    assume(plain)
    return plain[place % len(plain)]
