"""The case of one signal: the events so far, and the state after them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.effects import joined
from domain.event import LEDGER, Event, Subject
from domain.lead.evolve import evolve
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

DEPARTMENT = "department"
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


@dataclass(slots=True)
class Case:
    """What one signal causes: the events so far and the state after them.

    A class, because each consequence is judged on the state left by the previous one.
    """

    compiled: CompiledLifecycle
    state: State
    signal: Signal
    party: Party
    position: int
    is_recorded: bool = False
    """Whether the report is in the ledger already, and is decided again."""
    events: list[Event] = field(default_factory=list)
    foreseen: dict[str, Any] = field(default_factory=dict)
    """Effects of the report's own event that are already applied to the state."""
    pass_before: int = field(init=False)
    """The lead's pass before the signal."""
    lead: Subject = field(init=False)
    """The lead that receives the events; the ledger if the signal is not about a lead."""

    def __post_init__(self) -> None:
        self.pass_before = self.state.lead.pass_number
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

    def table(self, kind: SubjectKind) -> MoveTable:
        return self.compiled.lead if kind is SubjectKind.LEAD else self.compiled.account

    def standing(self, kind: SubjectKind) -> LeadState | AccountState:
        if kind is SubjectKind.LEAD:
            return self.state.lead
        assert self.state.account is not None
        return self.state.account

    def find(self, kind: SubjectKind, type: str, data: Mapping[str, Any]) -> CompiledMove | None:
        table, stage = self.table(kind), self.standing(kind).stage
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

    def add(
        self,
        type: str,
        subject: Subject,
        *,
        data: Mapping[str, Any],
        effects: Mapping[str, Any] | None = None,
        move: CompiledMove | None = None,
        forwarded_to: str | None = None,
    ) -> Event:
        """Append the next event, and apply it to the states that it changes.

        With it come its move, the new owner in charge, and the silence timer.
        """
        lead = self.party.lead
        if lead is not None and lead.receiver in (subject.id, forwarded_to):
            silence = effects_on_silence(
                self.compiled, self.state.lead, type, self.signal.occurred_at, move
            )
            effects = joined(effects or {}, silence) if silence else effects
            if move is not None and move.kind is not None:
                owner = effects_of_stage(self.compiled, self.state.lead, move.to, effects or {})
                effects = {**(effects or {}), **owner}
        event = Event(
            position=self.next_position,
            type=type,
            subject=subject,
            occurred_at=self.signal.occurred_at,
            data=data,
            effects=effects or {},
            cause=self.next_cause,
            forwarded_to=forwarded_to,
        )
        if move is not None:
            event = with_move(event, self.standing(subject.kind), move)
        self.events.append(event)
        self.state = self.after(event)
        return event

    def foresee(self, effects: Mapping[str, Any]) -> None:
        """Apply the signal's own effects, each once, so that guards see them before the move.

        If there is a move they are applied again, because a move looks at all effects of its event.
        That is harmless: the event that `add` then makes has the same position.
        """
        news = self._unseen(effects)
        if news:
            self._apply(news)
            self.foreseen |= news

    def arm(self, name: str, due_at: datetime | None) -> None:
        """Set or clear a timer through the report's own event, once its consequences are known."""
        timers = {name: format_utc(due_at) if due_at is not None else None}
        first = self.events[0]
        armed = {**first.effects, "timers": {**first.effects.get("timers", {}), **timers}}
        self.events[0] = first._replace(effects=armed)
        self._apply({"timers": timers})

    def after(self, event: Event) -> State:
        """Return the state after an event; one that changes other subjects leaves it unchanged."""
        (lead, account), changed = self.state, event.changed_subjects
        if self.lead in changed:
            lead = self._lead_after(event)
        if account is not None and self.account in changed:
            account = evolve(account, event)
        return State(lead, account)

    def _lead_after(self, event: Event) -> LeadState:
        lead = self.state.lead
        if event.position != self.position or event.stage_to is not None:
            return evolve(lead, event)
        unseen = self._unseen(event.effects)
        return evolve(lead, event._replace(effects=unseen)) if unseen else lead

    def _unseen(self, effects: Mapping[str, Any]) -> dict[str, Any]:
        seen = self.foreseen
        return {
            name: value
            for name, value in effects.items()
            if name not in seen or seen[name] != value
        }

    def _apply(self, effects: Mapping[str, Any]) -> None:
        """Apply effects to the signal's subject, as a separate event without a move would."""
        signal, (lead, account) = self.signal, self.state
        event = Event(
            self.position, signal.type.name, LEDGER, signal.occurred_at, signal.data, effects
        )
        if signal.subject is SubjectKind.LEAD:
            self.state = State(evolve(lead, event), account)
        else:
            assert account is not None
            self.state = State(lead, evolve(account, event))


def with_move(event: Event, standing: LeadState | AccountState, move: CompiledMove) -> Event:
    if move.kind is None:
        return event
    how: dict[str, Any] = {"kind": str(move.kind)}
    if move.passed_over:
        how["passed_over"] = list(move.passed_over)
    return event._replace(
        stage_from=standing.stage,
        stage_to=move.to,
        effective_at=not_before(standing.entered_at, event.occurred_at),
        pass_number=standing.pass_number + 1 if move.begins_pass else standing.pass_number,
        effects={**event.effects, "move": how},
    )


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
) -> dict[str, Any]:
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
