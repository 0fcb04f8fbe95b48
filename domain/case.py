"""The case of one signal: the events so far, and the state after them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from domain.effects import NO_EFFECTS, Effects, MoveEffect, joined
from domain.event import LEDGER, Event, Subject
from domain.lead.evolve import after_move, evolve, with_business
from domain.lead.identity import Resolution
from domain.lead.owners import effects_of_stage
from domain.lead.readings import CaseReadings
from domain.lead.score import Score, judged_at, score_at
from domain.lead.state import DORMANT, AccountState, LeadState, State
from domain.lead.stays import not_before
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove, FailedGuard, MoveTable
from domain.lifecycle.definition import SubjectKind
from domain.signal import Signal
from domain.times import format_utc

DEPARTMENT: Final = "department"
"""A standing fact keeps the department of the reporting key under this name, for conditions that
read it later."""


class Party(NamedTuple):
    """The lead that a signal resolved to, and the account that goes with it."""

    lead: Resolution | None
    account: str | None
    account_links: tuple[str, ...] = ()
    """Kinds of the identifiers that point to the account from this event on."""
    account_named: str | None = None
    """The account that the report itself names, even if the lead stays with another one."""
    account_conflicts: tuple[str, ...] = ()
    """Accounts newly found to have the same name: a person has to judge."""


class Graded(NamedTuple):
    """The grade of a lead at a moment."""

    at: datetime
    grade: str | None
    reads_score: bool
    """Whether it depends on the score, and so on the moment."""


class Evolved(NamedTuple):
    """A lead or a company before and after what was decided."""

    before: LeadState | AccountState
    after: LeadState | AccountState


@dataclass(frozen=True, slots=True)
class Decided:
    """What a signal has become, and the states that its events leave."""

    events: Sequence[Event]
    """The signal's own event, followed by those that follow from it."""
    states: Mapping[str, Evolved]
    """By id: the lead that receives the events, and its company. Other subjects may change too."""


@dataclass(slots=True)
class Case:
    """What one signal causes: the events so far and the state after them.

    A class, because each step is judged on the state left by the previous one. The effects of the
    signal's own event are found step by step, and each is applied to the state when it is found.
    """

    compiled: CompiledLifecycle
    state: State
    signal: Signal
    party: Party
    position: int
    is_recorded: bool = False
    """Whether the report is in the ledger already, and is decided again."""
    effects: Effects = field(default_factory=Effects)
    """Of the signal's own event."""
    events: list[Event] = field(default_factory=list)
    """The signal's own event once it is entered, and what has followed so far."""
    news: set[str] = field(default_factory=set)
    """Names of the effects of all events so far."""
    moved: Event | None = None
    """The event that moved the lead last."""
    graded: tuple[LeadState, Graded] | None = None
    """The state of the lead that was graded last, and the result."""
    before: State = field(init=False)
    lead: Subject = field(init=False)
    """The lead that receives the events; the ledger if the signal is not about a lead."""

    def __post_init__(self) -> None:
        self.before = self.state
        lead = self.party.lead
        self.lead = Subject(SubjectKind.LEAD, lead.receiver) if lead is not None else LEDGER

    @property
    def account(self) -> Subject:
        assert self.party.account is not None
        return Subject(SubjectKind.ACCOUNT, self.party.account)

    @property
    def next_position(self) -> int:
        return self.position + len(self.events)

    @property
    def next_cause(self) -> int | None:
        """What causes the next event: the report itself, unless that event is the report."""
        return self.position if self.events else self.signal.cause

    def decided(self) -> Decided:
        """Return the result of the case."""
        (lead, account), before = self.state, self.before
        states: dict[str, Evolved] = {}
        if self.party.lead is not None:
            states[self.lead.id] = Evolved(before.lead, lead)
        if account is not None and before.account is not None and self.party.account is not None:
            states[self.party.account] = Evolved(before.account, account)
        return Decided(self.events, states)

    def table(self, kind: SubjectKind) -> MoveTable:
        return self.compiled.lead if kind is SubjectKind.LEAD else self.compiled.account

    def state_of(self, kind: SubjectKind) -> LeadState | AccountState:
        if kind is SubjectKind.LEAD:
            return self.state.lead
        assert self.state.account is not None
        return self.state.account

    def ask(self, kind: SubjectKind, type: str, data: Mapping[str, Any]) -> CompiledMove | None:
        """Return the move that the state machine makes, for a decision."""
        return self.table(kind).ask(self.state_of(kind).stage, type, self.readings(type, data))

    def find(self, kind: SubjectKind, type: str, data: Mapping[str, Any]) -> CompiledMove | None:
        """Return the move that the table has, for a fact and for what follows."""
        table, stage = self.table(kind), self.state_of(kind).stage
        candidates = table.moves.get((stage, type), ())
        if not candidates or not candidates[0].tests:
            return candidates[0] if candidates else None
        return table.find(stage, type, self.readings(type, data))

    def readings(self, type: str, data: Mapping[str, Any]) -> CaseReadings:
        """What conditions may read. An early fact carries its own department."""
        department = data.get(DEPARTMENT, self.signal.department)
        consent = self.compiled.lifecycle.pace.consent
        return CaseReadings(
            self.state,
            type=type,
            data=data,
            department=department,
            channels=consent.channels if consent is not None else (),
            score=self.score,
        )

    def score(self) -> Score | None:
        """Compute the lead's score as of this report; None if nothing gives points."""
        scoring, lead = self.compiled.lifecycle.scoring, self.state.lead
        if scoring is None:
            return None
        return score_at(scoring, lead, judged_at(lead, self.signal.occurred_at))

    def add_effects(self, effects: Effects) -> None:
        """Add effects to the signal's own event, and apply them, so that what follows sees them.

        A value that is added again replaces the one before; timers add up.
        """
        if not effects:
            return
        timers = self.effects.get("timers")
        self.effects.update(effects)
        if timers is not None and "timers" in effects:
            self.effects["timers"] = {**timers, **effects["timers"]}
        self.news.update(effects)
        self._apply(effects)

    def enter(
        self,
        subject: Subject,
        effects: Effects,
        *,
        move: CompiledMove | None = None,
        forwarded_to: str | None = None,
    ) -> None:
        """Enter the signal's own event, with its last effects and its move.

        Effects that are added later still become part of it.
        """
        signal = self.signal
        if subject.kind is SubjectKind.LEAD:
            effects = self._accompanied(effects, signal.type.name, move)
        before = self.state
        self.add_effects(effects)
        if not self.effects:
            self._apply(NO_EFFECTS)
        event = Event(
            self.position,
            signal.type.name,
            subject,
            signal.occurred_at,
            signal.data,
            self.effects,
            signal.cause,
            forwarded_to,
        )
        if move is not None:
            state = before.account if subject.kind is SubjectKind.ACCOUNT else before.lead
            assert state is not None
            event = _moved(event, state, move)
            self.effects |= _how(move)
        self._see(event, is_applied=True)

    def add(
        self,
        type: str,
        subject: Subject,
        *,
        data: Mapping[str, Any],
        effects: Effects = NO_EFFECTS,
        move: CompiledMove | None = None,
        forwarded_to: str | None = None,
    ) -> Event:
        """Append an event that follows, and apply it to the states that it changes.

        With it come its move, the new owner in charge, and the silence timer.
        """
        if self.lead.id in (subject.id, forwarded_to):
            effects = self._accompanied(effects, type, move)
        event = Event(
            self.next_position,
            type,
            subject,
            self.signal.occurred_at,
            data,
            effects,
            self.next_cause,
            forwarded_to,
        )
        if move is not None:
            event = with_move(event, self.state_of(subject.kind), move)
        self.news.update(event.effects)
        self._see(event, is_applied=False)
        return event

    def _accompanied(self, effects: Effects, type: str, move: CompiledMove | None) -> Effects:
        """Add to the effects of a lead's event the silence timer and the new owner in charge."""
        lead, at = self.state.lead, self.signal.occurred_at
        silence = effects_on_silence(self.compiled, lead, type, at, move)
        effects = joined(effects, silence) if silence else effects
        if move is None or move.kind is None:
            return effects
        return {**effects, **effects_of_stage(self.compiled, lead, move.to, effects)}

    def _apply(self, effects: Effects) -> None:
        """Apply effects to the signal's subject, as a separate event without a move would."""
        signal, (lead, account) = self.signal, self.state
        if signal.subject is SubjectKind.LEAD:
            event = Event(
                self.position, signal.type.name, LEDGER, signal.occurred_at, signal.data, effects
            )
            self.state = State(evolve(lead, event), account)
        elif signal.subject is SubjectKind.ACCOUNT:
            assert account is not None
            self.state = State(lead, with_business(account, effects))

    def _see(self, event: Event, *, is_applied: bool) -> None:
        """Append an event, and apply it, unless its effects on the lead have been applied.

        It may be about another lead, or change another company; these states are not held here.
        """
        self.events.append(event)
        lead, account = self.state
        (kind, id), forwarded_to = event.subject, event.forwarded_to
        if kind is SubjectKind.LEAD and self.lead.id == (forwarded_to or id):
            moves = event.stage_to is not None
            if not is_applied:
                lead = evolve(lead, event)
            elif moves:
                lead = after_move(lead, event)
            self.moved = event if moves else self.moved
        own = id if kind is SubjectKind.ACCOUNT else event.effects.get("business_of")
        if account is not None and own == self.party.account:
            account = evolve(account, event)
        self.state = State(lead, account)


def _how(move: CompiledMove) -> Effects:
    """Return the effect that says how a move ends the stay before it."""
    if move.kind is None:
        return {}
    how: MoveEffect = {"kind": str(move.kind)}
    if move.passed_over:
        how["passed_over"] = list(move.passed_over)
    return {"move": how}


def _moved(event: Event, state: LeadState | AccountState, move: CompiledMove) -> Event:
    if move.kind is None:
        return event
    return event._replace(
        stage_from=state.stage,
        stage_to=move.to,
        effective_at=not_before(state.entered_at, event.occurred_at),
        pass_number=state.pass_number + 1 if move.begins_pass else state.pass_number,
    )


def with_move(event: Event, state: LeadState | AccountState, move: CompiledMove) -> Event:
    """Return the event with a move from the present stage of its subject."""
    return _moved(event, state, move)._replace(effects={**event.effects, **_how(move)})


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """A decision that is not allowed from here, or a report about an unknown lead."""

    reason: str
    """`move-not-allowed`, `lead-unknown`, or `not-a-candidate` for a lead that a run selected."""
    detail: str
    stage: str | None = None
    allowed: tuple[tuple[str, str], ...] = ()
    """Event type and target stage of every move that the stage offers."""
    legal_from: tuple[str, ...] = ()
    """The stages from which this decision would be legal, in path order."""
    failed: tuple[FailedGuard, ...] = ()
    obstacle: str | None = None
    """Why the lead is not a candidate."""


def effects_on_silence(
    compiled: CompiledLifecycle, lead: LeadState, type: str, at: datetime, move: CompiledMove | None
) -> Effects:
    """Start counting silence from this day; stop if the lead leaves the stages where it counts."""
    dormancy = compiled.lifecycle.pace.dormancy
    if dormancy is None:
        return {}
    moves = move is not None and move.kind is not None
    stage = move.to if move is not None and moves else lead.stage
    armed = lead.timers.get(DORMANT)
    if stage not in dormancy.stages:
        return {"timers": {DORMANT: None}} if armed is not None else {}
    if not moves and type not in dormancy.activity:
        return {}
    day = compiled.clock.day(at) + timedelta(days=dormancy.after_days + 1)
    due_at = compiled.clock.begin_of(day)
    if armed is not None and due_at <= armed.due_at:
        return {}
    return {"timers": {DORMANT: format_utc(due_at)}}
