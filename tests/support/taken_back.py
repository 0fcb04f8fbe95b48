"""Ledgers in which something is taken back, each with a twin that never received it.

The twin is a fresh ledger. It receives what still counts, in the same order: without voided events,
with the others as corrected, and with merged people as one person. Nothing is taken back there, so
nothing is decided again. A report refused in the first ledger is not an event, so the twin does not
receive it either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState
from domain.lifecycle.service_events import ABSORBED, TIME
from events.outcomes import Outcome, Recorded
from events.records import decode_event, has_parts
from events.refusals import Refused
from events.signals.sender import Sender
from projections.funnel.fold import Stages, fold
from projections.funnel.projection import concerns
from projections.funnel.stay import ENDED_COLUMNS, Stay
from tests.support.corrected_histories import (
    COMPANIES,
    FIRST_COMERS,
    LIFECYCLES,
    PEOPLE,
    AboutCompany,
    Action,
    Correct,
    Merge,
    Report,
    Unlink,
    Unmerge,
    Void,
)
from tests.support.histories import numbered, values_of
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, RECEIVED_AT, LedgerInMemory
from tests.support.permuted import stay_shown
from tests.support.projected import deadlines_in
from tests.support.stories import day

OF_VISITORS = "AL"
"""The stage in which visitors are, some of whose stays are not compared."""
LATER = RECEIVED_AT + timedelta(days=1)
"""When both ledgers have fired everything that is due."""


class SentReport(NamedTuple):
    """A report that was recorded, and whether it still counts."""

    id: str
    report: Report | AboutCompany
    at: datetime
    """When it was received; the same in the twin, because a judgement counts from then."""
    may_be_voided: bool
    """Whether it reported nothing about identities that outlasts it."""
    counts: bool = True


@dataclass
class TracedLedger:
    """A ledger that receives one report after another, and which of them still count."""

    name: str
    ledger: LedgerInMemory = field(init=False)
    sent: list[SentReport] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    """Merged person → the person merged into."""
    parted: list[str] = field(default_factory=list)
    """People who were mistaken for others at first."""

    def __post_init__(self) -> None:
        self.ledger = LedgerInMemory(LIFECYCLES[self.name])
        self.ledger.at = RECEIVED_AT
        for company in COMPANIES:
            self.tell(AboutCompany("account.updated", company, 0, {}))
        for person in FIRST_COMERS:
            self.tell(Report("email.sent", person, None, False, 0, {}, None))  # noqa: FBT003

    def tell(
        self, report: Report | AboutCompany, *, as_of: str | None = None, id: str | None = None
    ) -> Outcome:
        id = id or f"report-{len(self.ledger.keys)}-{len(self.ledger.refused)}"
        event = report.event(id, as_of or report.person)
        sender = Sender("key-1", ("test",), report.department, EVERY_RIGHT)
        (outcome,) = self.ledger.send(event, sender=sender)
        # Otherwise it would never be in any history.
        assert not is_invalid(outcome), outcome
        if isinstance(outcome, Recorded):
            assert self.ledger.at is not None
            may_be_voided = self._may_be_voided(outcome, report)
            self.sent.append(SentReport(id, report, self.ledger.at, may_be_voided))
        return outcome

    def _may_be_voided(self, outcome: Recorded, report: Report | AboutCompany) -> bool:
        """Report whether voiding leaves nothing: identifiers stay linked, and visitors absorbed.

        A report with only a name may be voided, unless it could have identified a cookie's owner.
        """
        if isinstance(report, AboutCompany):
            return False
        if report.person not in FIRST_COMERS:
            return True
        about_leads = (
            event for event in outcome.derived if not event.subject.startswith("account")
        )
        return not any(one.type.startswith("identity.") for one in about_leads)

    def happen(self, action: Action) -> Outcome | None:
        match action:
            case Report() | AboutCompany():
                return self.tell(action)
            case Void(place):
                return self._void(place)
            case Correct():
                return self._correct(action)
            case Merge(person, other):
                return self._merge(person, other)
            case Unmerge(person):
                return self._unmerge(person)
            case Unlink():
                return self._unlink(action)

    def _void(self, place: int) -> Outcome | None:
        voidable = [
            number
            for number, one in enumerate(self.sent)
            if one.may_be_voided or isinstance(one.report, AboutCompany)
        ]
        number = voidable[place % len(voidable)]
        sent = self.sent[number]
        outcome = self._send("event.voided", data={"event": self._position(sent)})
        if isinstance(sent.report, AboutCompany):
            # Only reports about leads are taken back.
            assert isinstance(outcome, Refused), outcome
            return outcome
        assert isinstance(outcome, Recorded), outcome
        assert outcome.is_already is not sent.counts
        self.sent[number] = sent._replace(counts=False)
        return outcome

    def _correct(self, action: Correct) -> Outcome | None:
        numbered = [(number, one.report) for number, one in enumerate(self.sent)]
        of_people = [(number, one) for number, one in numbered if isinstance(one, Report)]
        number, report = of_people[action.place % len(of_people)]
        sent = self.sent[number]
        fields, corrected = self._corrected(report, action)
        outcome = self._send(
            "event.corrected", data={"event": self._position(sent), "fields": fields}
        )
        assert isinstance(outcome, Recorded) is sent.counts, outcome
        if isinstance(outcome, Recorded):
            self.sent[number] = sent._replace(report=corrected)
        return outcome

    def _corrected(self, report: Report, action: Correct) -> tuple[dict[str, Any], Report]:
        """Return the correction of a report, and the corrected report."""
        declared = self.ledger.in_force.lifecycle.events[report.type].fields
        # The subject of a report is not corrected.
        fields = {name: one for name, one in declared.items() if name != "account"}
        name = [TIME, *fields][action.field % (1 + len(fields))]
        if name == TIME:
            return {TIME: day(action.at).isoformat()}, report._replace(at=action.at)
        values = [*values_of(fields[name]), *([] if fields[name].required else [None])]
        changed = numbered(report.person, {name: values[action.value % len(values)]})
        data = {**report.data, **changed}
        data = {name: value for name, value in data.items() if value is not None}
        return changed, report._replace(data=data)

    def _merge(self, person: str, other: str) -> Outcome | None:
        lead_id = self.lead(other)
        if self.lead(person) is None or lead_id is None:
            return None
        outcome = self._send("identity.merged", lead={"user_id": person}, data={"other": lead_id})
        if isinstance(outcome, Recorded) and not outcome.is_already:
            self.merged[self.who(other)] = self.who(person)
        return outcome

    def _unmerge(self, person: str) -> Outcome | None:
        if self.lead(person) is None:
            return None
        outcome = self._send("identity.unmerged", lead={"user_id": person})
        assert isinstance(outcome, Recorded), outcome
        assert outcome.is_already is not (person in self.merged)
        self.merged.pop(person, None)
        return outcome

    def _unlink(self, action: Unlink) -> Outcome | None:
        moved = self._moved(action)
        if not moved:
            return None
        person = self.sent[moved[0]].report.person
        other = f"other-{len(self.parted)}@{person.partition('@')[2]}"
        outcome = self._send(
            "identity.unlinked",
            lead={"id": self.lead(person), "user_id": other, "email": other},
            data={"events": [self._position(self.sent[number]) for number in moved]},
        )
        assert isinstance(outcome, Recorded), outcome
        self.parted.append(other)
        for number in moved:
            sent = self.sent[number]
            assert isinstance(sent.report, Report)
            report = sent.report._replace(person=other, cookie=None, is_by_cookie=False)
            self.sent[number] = sent._replace(report=report)
        return outcome

    def _moved(self, action: Unlink) -> list[int]:
        """Choose reports of one person, with all reports about the same deals and orders."""
        # A report with only a cookie has no address, but in the twin it would.
        movable = [
            number
            for number, one in enumerate(self.sent)
            if one.may_be_voided and "email" in one.report.event("", "")["lead"]
        ]
        if not movable:
            return []
        first = self.sent[movable[action.place % len(movable)]].report.person
        person, company = self.who(first), first.partition("@")[2]
        # Reports of people merged across companies name the company of each.
        movable = [n for n in movable if self.sent[n].report.person.endswith(company)]
        own = [n for n, one in enumerate(self.sent) if self.who(one.report.person) == person]
        chosen = {movable[place % len(movable)] for place in (action.place, *action.others)}
        chosen &= {*own}
        while True:
            deals = {deal for number in chosen for deal in self._deals(number)}
            found = {number for number in own if deals & self._deals(number)} | chosen
            if found == chosen:
                break
            chosen = found
        return sorted(chosen) if chosen <= {*movable} else []

    def _deals(self, number: int) -> set[tuple[str, Any]]:
        data = self.sent[number].report.data
        return {(name, data[name]) for name in ("opportunity", "order") if name in data}

    def who(self, person: str) -> str:
        """Return the person that a person is merged into."""
        while person in self.merged:
            person = self.merged[person]
        return person

    def lead(self, person: str) -> str | None:
        """Return the lead of a person, before any forwarding."""
        return self.ledger.pointers.get(DIGESTS.identifier("user_id", person))

    def _position(self, sent: SentReport) -> str:
        return str(self.ledger.keys["test", sent.id].position)

    def _send(self, type: str, **attributes: Any) -> Outcome:
        return self.ledger.send_one(type, **attributes)


def is_invalid(outcome: Outcome) -> bool:
    """Whether something was refused whatever has happened before."""
    return isinstance(outcome, Refused) and outcome.refusal.reason == "event-invalid"


def traced_ledger(name: str, happened: Sequence[Action]) -> TracedLedger:
    """Apply a history to a ledger. Every action is answered with an outcome or a refusal."""
    traced = TracedLedger(name)
    for number, action in enumerate(happened, start=1):
        traced.ledger.at = RECEIVED_AT + timedelta(seconds=number)
        outcome = traced.happen(action)
        assert outcome is None or isinstance(outcome, Recorded | Refused)
    traced.ledger.at = LATER
    traced.ledger.let_happen()
    return traced


def twin_of(traced: TracedLedger) -> TracedLedger:
    """Send what still counts to a fresh ledger."""
    twin = TracedLedger(traced.name)
    twin.ledger = LedgerInMemory(LIFECYCLES[traced.name])
    twin.parted = traced.parted
    for sent in traced.sent:
        if sent.counts:
            twin.ledger.at = sent.at
            twin.tell(sent.report, as_of=traced.who(sent.report.person), id=sent.id)
    twin.ledger.at = LATER
    twin.ledger.let_happen()
    return twin


def are_comparable(traced: TracedLedger, twin: TracedLedger) -> bool:
    """Whether the twin has recorded everything that counts.

    A decision may have been legal when it arrived because of something that was taken back later.
    It is not refused any more, but the twin refuses it.
    """
    return {sent.id for sent in traced.sent if sent.counts} == {sent.id for sent in twin.sent}


class Words(NamedTuple):
    """Names that are the same in both ledgers."""

    names: Mapping[str, str]
    """Subject → person."""
    causes: Mapping[int, str]
    """Position → the report that caused the event."""


def words_of(traced: TracedLedger) -> Words:
    ledger = traced.ledger
    causes: dict[int, str] = {}
    names: dict[str, str] = {}
    for event, envelope in ledger.records:
        causes[event.position] = causes[event.cause] if event.cause is not None else envelope.id
        # A visitor is the person of the report that created it.
        names.setdefault(event.subject.id, f"visitor of {causes[event.position]}")
    for person in (*PEOPLE, *traced.parted):
        if (lead_id := traced.lead(person)) is not None:
            names[lead_id] = person
    for company in COMPANIES:
        account = ledger.pointers.get(DIGESTS.identifier("domain", company))
        if account is not None:
            names[account] = company
    return Words(names, causes)


def what_counts(traced: TracedLedger) -> dict[str, Any]:
    """Return everything that counts for people: states, stays, deadlines, in shared names."""
    words, ledger = words_of(traced), traced.ledger
    identified = _identified(traced, words.causes)
    stages = Stages(is_complete=True, zone=UTC)
    for entry in ledger.entries:
        record = ledger.whole_record(entry)
        if has_parts(record) or concerns(record):
            fold(stages, decode_event(record))
    states = {
        words.names[subject]: shown
        for subject, remembered in ledger.subjects.items()
        if remembered.state is not None and (shown := state_in(remembered.state, words))
    }
    ended = sorted(
        stay_shown(ENDED_COLUMNS, row, words.names)
        for row in stages.ended
        if row[1] == "lead" and row[-1] is None and row[9] < identified.get(row[0], LATER)
    )
    standing = sorted(
        stay_shown(Stay._fields, stay, words.names)
        for stay in stages.standing.values()
        if stay.kind == "lead"
    )
    counts = {
        key: tuple(counted)
        for key, counted in stages.counts.items()
        if any(counted) and key[0] == "lead" and key[1] != OF_VISITORS
    }
    return {
        "states": states,
        "ended": ended,
        "standing": standing,
        "counts": counts,
        "deadlines": deadlines_in(ledger, *words),
    }


def _identified(traced: TracedLedger, causes: Mapping[int, str]) -> dict[str, datetime]:
    """Return when visitors were identified, by what counts now.

    Whose reports these are is decided on arrival, and not again if a time is corrected. So what a
    visitor did after it was identified may have been another lead's: it is not compared.
    """
    times = {sent.id: day(sent.report.at) for sent in traced.sent}
    return {
        event.subject.id: times[causes[event.position]]
        for event, _ in traced.ledger.records
        if event.type == ABSORBED and causes[event.position] in times
    }


def state_in(state: LeadState | AccountState, words: Words) -> dict[str, Any]:
    """Return a state in shared names; nothing for a lead that forwards to another."""
    if isinstance(state, AccountState):
        return _account_in(state, words)
    names, causes = words
    if state.absorbed_by is not None or state.void:
        return {}
    shown = state._asdict()
    # Decisions that are no longer allowed were refused in the twin, so they are not events there.
    shown.pop("awaiting")
    # The twin does not know from which leads reports were unlinked.
    shown.pop("parted")
    shown["account"] = names[state.account] if state.account is not None else None
    shown["former_accounts"] = [names[former] for former in state.former_accounts]
    visitors = [names[absorbed] for absorbed in state.absorbs if "@" not in names[absorbed]]
    shown["absorbs"] = visitors
    shown["standing"] = [(*one[:1], causes[one.position], *one[2:]) for one in state.standing]
    shown["points"] = [(point.rule, point.points, causes[point.position]) for point in state.points]
    shown["timers"] = {
        name: (timer.due_at, causes[timer.armed_by]) for name, timer in state.timers.items()
    }
    shown["deadlines"] = {
        name: (due.due_at, due.stage, causes[due.started], due.breached is not None)
        for name, due in state.deadlines.items()
    }
    return {name: value for name, value in shown.items() if value}


def _account_in(state: AccountState, words: Words) -> dict[str, Any]:
    """Return a company's state; nothing for one about which nothing counts."""
    names, causes = words
    shown = state._asdict()
    shown["timeline"] = [
        (entry.occurred_at, causes[entry.position], names.get(entry.lead or ""), *entry[3:])
        for entry in state.timeline
    ]
    shown["earlier_passes"] = shown.pop("pass_number") - 1
    return {name: value for name, value in shown.items() if value}


def state_at(traced: TracedLedger, person: str, moment: datetime) -> dict[str, Any] | None:
    """Return a person's state at a moment, from the events until then; None if there were none."""
    lead_id, state = traced.lead(person), None
    for event, _ in traced.ledger.records:
        if event.receiver.id == lead_id and (event.effective_at or event.occurred_at) <= moment:
            state = evolve(state or INITIAL_LEAD, event)
    return None if state is None else state_in(state, words_of(traced)) or None
