"""Decide what a signal becomes: its event with the move it causes, and what follows from it.

Pure and total. The machine is asked here, through the table compiled from it; the outcome is
written into the events, so that `evolve` never has to ask again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain.events import LEDGER, Event, Subject
from domain.evolve import evolve
from domain.facts import Facts
from domain.identity import Resolution
from domain.lifecycle.compiled import Compiled, CompiledMove, FailedGuard, MoveTable
from domain.lifecycle.definition import UNPLACED, EventKind, MoveKind, Role, SubjectKind
from domain.roles import effects_of_role
from domain.signals import Signal
from domain.state import AccountState, LeadState, StandingFact, State

RULES = 1
"""Version of the deciding code. A change that could change an outcome raises it, and `verify`
reports what an older version decided as not decided again."""

_ONWARD = frozenset({MoveKind.ENTERED, MoveKind.ADVANCED, MoveKind.DISQUALIFIED, MoveKind.LOST})

CONSEQUENCES_MAX = 16
"""Each consequence moves a lead forward or marks it once; a path is shorter than this."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """A decision that may not be taken from here, or a report about nobody we know."""

    reason: str
    """`move-not-allowed` or `lead-unknown`."""
    detail: str
    stage: str | None = None
    allowed: tuple[tuple[str, str], ...] = ()
    """Event type and target stage of every move that the stage offers."""
    failed: tuple[FailedGuard, ...] = ()


class Party(NamedTuple):
    """Whom a signal concerns: the lead it resolved to, and the account beside it."""

    lead: Resolution | None
    account: str | None
    account_links: tuple[str, ...] = ()
    """Kinds of the identifiers that point to the account from this event on."""


def decide(
    compiled: Compiled, state: State, signal: Signal, party: Party, *, position: int
) -> list[Event] | NotAllowed:
    """Return the signal's event, first, and the derived events that follow it.

    `position` is the place that the first of them will take; the others follow without gaps.
    """
    if signal.subject is SubjectKind.LEAD:
        assert party.lead is not None
        if party.lead.is_new and signal.type.kind is not EventKind.FACT:
            return NotAllowed("lead-unknown", "A decision needs a lead that has been reported.")
    course = _Course(compiled, state, signal, party, position)
    if signal.subject is SubjectKind.LEDGER:
        course.add(signal.type.name, LEDGER, data=signal.data)
        return course.events
    refused = _report(course)
    if refused is not None:
        return refused
    if party.lead is not None:
        _identify(course, party.lead)
    if party.account_links:
        course.add("identity.linked", course.account, data={"kinds": list(party.account_links)})
    _follow(course)
    return course.events


@dataclass(slots=True)
class _Course:
    """What one signal sets going: the events so far and the state after them.

    A class, because each consequence is judged on the state that the one before it left.
    """

    compiled: Compiled
    state: State
    signal: Signal
    party: Party
    position: int
    events: list[Event] = field(default_factory=list)

    @property
    def lead(self) -> Subject:
        assert self.party.lead is not None
        return Subject(SubjectKind.LEAD, self.party.lead.receiver)

    @property
    def account(self) -> Subject:
        assert self.party.account is not None
        return Subject(SubjectKind.ACCOUNT, self.party.account)

    def table(self, kind: SubjectKind) -> MoveTable:
        return self.compiled.lead if kind is SubjectKind.LEAD else self.compiled.account

    def standing(self, kind: SubjectKind) -> LeadState | AccountState:
        if kind is SubjectKind.LEAD:
            return self.state.lead
        assert self.state.account is not None
        return self.state.account

    def find(self, kind: SubjectKind, type: str, data: Mapping[str, Any]) -> CompiledMove | None:
        table, stage = self.table(kind), self.standing(kind).stage
        if (stage, type) not in table.moves:
            return None
        return table.find(stage, type, self.facts(type, data))

    def facts(self, type: str, data: Mapping[str, Any]) -> Facts:
        return Facts(self.state, type=type, data=data, department=self.signal.department)

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
        """Append the event, with its move, and evolve the state that it belongs to."""
        event = Event(
            position=self.position + len(self.events),
            type=type,
            subject=subject,
            occurred_at=self.signal.occurred_at,
            data=data,
            effects=effects or {},
            cause=self.position if self.events else None,
            forwarded_to=forwarded_to,
        )
        is_lead = subject.kind is SubjectKind.LEAD
        if move is not None:
            event = _with_move(event, self.standing(subject.kind), move)
        self.events.append(event)
        if is_lead:
            if event.receiver == self.lead:
                self.state = State(evolve(self.state.lead, event), self.state.account)
        elif self.state.account is not None:
            self.state = State(self.state.lead, evolve(self.state.account, event))
        return event


def _with_move(event: Event, standing: LeadState | AccountState, move: CompiledMove) -> Event:
    if move.kind is None:
        return event
    how: dict[str, Any] = {"kind": str(move.kind)}
    if move.passed_over:
        how["passed_over"] = list(move.passed_over)
    return event._replace(
        stage_from=standing.stage,
        stage_to=move.to,
        effective_at=_not_before(standing.entered_at, event.occurred_at),
        pass_number=standing.pass_number + 1 if move.begins_pass else standing.pass_number,
        effects={**event.effects, "move": how},
    )


def _not_before(entered_at: datetime | None, moment: datetime) -> datetime:
    """Return when a move counts from: the later of its time and the previous move's (domain §9)."""
    return moment if entered_at is None or entered_at < moment else entered_at


def _report(course: _Course) -> NotAllowed | None:
    """Record the signal itself: its effects first, then the move that they allow."""
    signal, kind = course.signal, course.signal.subject
    subject, forwarded_to = course.account if kind is SubjectKind.ACCOUNT else course.lead, None
    standing = course.standing(kind)
    effects = effects_of_role(signal, standing)
    if kind is SubjectKind.LEAD:
        resolution = course.party.lead
        assert resolution is not None
        effects |= _effects_on_lead(course)
        subject = Subject(SubjectKind.LEAD, resolution.subject)
        if resolution.receiver != resolution.subject:
            forwarded_to = resolution.receiver
    before = course.state
    course.state = _foreseen(course, effects)
    move = course.find(kind, signal.type.name, signal.data)
    if move is None and signal.type.kind is EventKind.DECISION:
        refused = _refusal(course, kind)
        if refused is not None:
            return refused
        if course.table(kind).targets(signal.type.name):
            effects["already"] = True
    if move is not None and kind is SubjectKind.LEAD:
        effects |= _origin(course, move)
    course.state = before
    course.add(
        signal.type.name,
        subject,
        data=signal.data,
        effects=effects,
        move=move,
        forwarded_to=forwarded_to,
    )
    return None


def _effects_on_lead(course: _Course) -> dict[str, Any]:
    signal, lead = course.signal, course.state.lead
    effects: dict[str, Any] = {}
    if signal.holds_personal_data and not lead.known:
        effects["known"] = True
    news = {
        name: value
        for name, value in signal.attributes.items()
        if lead.attributes.get(name) != value
    }
    if news:
        effects["attributes"] = news
    if course.party.account is not None and course.party.account != lead.account:
        effects["account"] = course.party.account
    if signal.type.stands_as is not None:
        effects["stands"] = dict(signal.data)
    return effects


def _foreseen(course: _Course, effects: Mapping[str, Any]) -> State:
    """The state that guards see: with the event's own effects, before its move."""
    if not effects:
        return course.state
    signal, state = course.signal, course.state
    event = Event(
        course.position, signal.type.name, LEDGER, signal.occurred_at, signal.data, effects
    )
    if signal.subject is SubjectKind.LEAD:
        return State(evolve(state.lead, event), state.account)
    assert state.account is not None
    return State(state.lead, evolve(state.account, event))


def _refusal(course: _Course, kind: SubjectKind) -> NotAllowed | None:
    """Say why a decision has no move from here; None if it needs none, or is already so."""
    table, type = course.table(kind), course.signal.type.name
    standing, facts = course.standing(kind), course.facts(type, course.signal.data)
    stage = standing.stage
    if not table.targets(type) or _is_already(standing, table, type):
        return None
    return NotAllowed(
        "move-not-allowed",
        f"{type} is not allowed from stage {stage or UNPLACED}.",
        stage=stage,
        allowed=tuple((one.on, one.to) for one in table.allowed(stage) if not one.named),
        failed=table.explain(stage, type, facts),
    )


def _is_already(standing: LeadState | AccountState, table: MoveTable, type: str) -> bool:
    """Whether what is decided already is: standing there, or beyond it after having been there.

    A stage that was passed over was never entered. A stage that a lead was sent back from is not
    beyond it, and one that it was sent back to was not decided by this: there a late decision is
    refused, because it would hide that somebody disagrees.
    """
    here = table.path_index.get(standing.stage or "")
    for (_, on), moves in table.moves.items():
        if on != type:
            continue
        for move in moves:
            if move.kind in _ONWARD and move.to == standing.stage:
                return True
            if here is None or move.to not in standing.entered:
                continue
            if table.path_index.get(move.to, here) < here:
                return True
    return False


def _origin(course: _Course, move: CompiledMove) -> dict[str, Any]:
    """Where the pass comes from, set once, by the fact that began it (domain rule 11)."""
    signal, lead = course.signal, course.state.lead
    begins = move.begins_pass or (lead.stage is None and not lead.entered)
    if not begins or signal.type.kind is not EventKind.FACT:
        return {}
    lifecycle = course.compiled.lifecycle
    facts = course.facts(signal.type.name, signal.data)
    origin = next(
        (rule.origin for rule in lifecycle.origin_rules if rule.condition.test(facts)),
        lifecycle.origin_otherwise,
    )
    return {"origin": origin, "channel": signal.data.get("channel")}


def _identify(course: _Course, resolution: Resolution) -> None:
    """Record what the identifiers told: links, absorbed visitors, contradictions."""
    subject = Subject(SubjectKind.LEAD, resolution.subject)
    forwarded_to = resolution.receiver if resolution.receiver != resolution.subject else None
    if resolution.links:
        kinds = [one.kind for one in resolution.links]
        course.add("identity.linked", subject, data={"kinds": kinds}, forwarded_to=forwarded_to)
    for other, standing in resolution.absorbs:
        _absorb(course, other, standing)
    if resolution.conflicts:
        course.add("identity.conflicted", course.lead, data={"with": list(resolution.conflicts)})


def _absorb(course: _Course, other: str, standing: LeadState) -> None:
    """Let the visitor that turns out to be this lead forward to it; its stay ends here."""
    effects: dict[str, Any] = {"absorbed_by": course.lead.id}
    event = course.add(
        "identity.absorbed",
        Subject(SubjectKind.LEAD, other),
        data={"by": course.lead.id},
        effects=effects,
    )
    if standing.stage is not None:
        effects["move"] = {"kind": str(MoveKind.ABSORBED)}
        course.events[-1] = event._replace(
            stage_from=standing.stage,
            effective_at=_not_before(standing.entered_at, event.occurred_at),
            pass_number=standing.pass_number,
        )
    course.add("identity.merged", course.lead, data={"absorbed": other}, effects={"absorbs": other})


def _follow(course: _Course) -> None:
    """Let consequences follow until there is none left."""
    was_placed = course.state.lead.stage is not None
    if course.party.account is not None:
        _follow_on_account(course)
    if course.signal.subject is not SubjectKind.LEAD:
        return
    for _ in range(CONSEQUENCES_MAX):
        if not (_judge_exclusion(course) or _reconsider(course)):
            break
    else:
        raise AssertionError(f"{course.signal.type.name} has consequences without end")
    if course.party.account is not None and not was_placed:
        _follow_on_account(course)


def _follow_on_account(course: _Course) -> None:
    triggers = course.compiled.lifecycle.account_triggers
    if triggers is None:
        return
    by_lead = course.signal.subject is SubjectKind.LEAD
    data = {"lead": course.lead.id} if by_lead else {}
    has_bought = course.signal.type.role in (Role.PLACES_ORDER, Role.WINS_OPPORTUNITY)
    wanted = [triggers.customer_gained] if has_bought else []
    if by_lead and course.state.lead.stage is not None:
        wanted.append(triggers.prospect_gained)
    for type in wanted:
        move = course.find(SubjectKind.ACCOUNT, type, data)
        if move is not None:
            course.add(type, course.account, data=data, move=move)


def _judge_exclusion(course: _Course) -> bool:
    """Accept or exclude by rule; a rule that cannot be answered leaves it to a person."""
    exclusion = course.compiled.lifecycle.exclusion
    if exclusion is None or course.state.lead.stage != exclusion.at:
        return False
    facts = course.facts(course.signal.type.name, course.signal.data)
    answers = [(rule, rule.condition.test(facts)) for rule in exclusion.rules]
    reason = next((rule.reason for rule, answer in answers if answer), None)
    if reason is None and any(answer is None for _, answer in answers):
        return False
    type = exclusion.excludes_by if reason is not None else exclusion.accepts_by
    data = {"reason": reason} if reason is not None else {}
    move = course.find(SubjectKind.LEAD, type, data)
    if move is None:
        return False
    course.add(type, course.lead, data=data, move=move)
    return True


def _reconsider(course: _Course) -> bool:
    """Let a fact that came early move the lead now: the first in the order of the ledger."""
    lead = course.state.lead
    for fact in lead.standing:
        event_type = course.compiled.lifecycle.events.get(fact.type)
        if event_type is None or event_type.stands_as is None:
            continue
        move = course.find(SubjectKind.LEAD, fact.type, fact.data)
        if move is None or not _is_news(move, lead, fact):
            continue
        course.add(
            event_type.stands_as,
            course.lead,
            data={"fact": str(fact.position), "type": fact.type},
            effects={"fact": fact.position},
            move=move,
        )
        return True
    return False


def _is_news(move: CompiledMove, lead: LeadState, fact: StandingFact) -> bool:
    """Whether an early fact may move the lead here.

    Not into a pass of its own, and not where it has moved it before; nor forward to a stage that
    this pass has seen, so that a person who sends a lead back is not overruled by an old fact.
    """
    if move.kind is None or move.begins_pass or move.to in fact.moved_to:
        return False
    return move.kind is not MoveKind.ADVANCED or move.to not in lead.entered
