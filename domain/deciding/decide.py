"""Decide what a signal becomes: its event with the move it causes, and the consequences.

Pure and total. A decision asks the machine; a fact, and all that follows, looks its move up in the
table compiled from it. The outcome is written into the events, so `evolve` never consults either.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.case import Case, Decided, NotAllowed, Party
from domain.deciding.automation import effects_before_move, effects_with_move
from domain.deciding.consequences import follow
from domain.deciding.refusal import first_listed, refusal_of
from domain.deciding.report import effects_on_lead, what_it_repeats
from domain.effects import NO_EFFECTS, Effects, joined, selected
from domain.event import LEDGER, Event, Subject
from domain.lead.absorption import absorption
from domain.lead.identity import Resolution
from domain.lead.numbers import numbers_of
from domain.lead.owners import effects_of_naming
from domain.lead.score import most_of
from domain.lead.state import LATE, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.lifecycle.definition import EventKind, SubjectKind
from domain.lifecycle.service_events import (
    ACCOUNT_CONFLICTED,
    CONFLICTED,
    KINDS,
    LINKED,
    MERGED,
    OTHER,
)
from domain.rules.business import Begun, business_begun, business_of, effects_on_account
from domain.rules.candidacy import hindered
from domain.rules.deadlines import judge_deadlines
from domain.rules.deals import effects_of_role, marks_of
from domain.rules.deals import is_repeated as says_again
from domain.rules.grading import give_points, judge_person
from domain.rules.origin import origin_of
from domain.signal import ANONYMOUS_ID, Signal
from domain.times import format_utc

__all__ = ["RULES", "Decided", "NotAllowed", "Party", "decide"]

RULES = 1
"""Version of the deciding code. Increment it with every change that could alter an outcome.
`verify` reports events that an older version decided as not decided again."""


def decide(
    compiled: CompiledLifecycle,
    state: State,
    signal: Signal,
    party: Party,
    *,
    position: int,
    is_recorded: bool = False,
) -> Decided | NotAllowed:
    """Return the signal's event, the events that follow from it, and the states that they leave.

    `position` is that of the first event; the others follow without gaps. A decision that is
    recorded is not refused because of a guard or an obstacle: it takes the first move that the
    lifecycle lists, and its event has the effect `insisted`.
    """
    if signal.subject is SubjectKind.LEAD:
        assert party.lead is not None
        if party.lead.is_new and signal.type.kind is not EventKind.FACT:
            return NotAllowed("lead-unknown", "A decision needs a lead that has been reported.")
    case = Case(compiled, state, signal, party, position, is_recorded)
    if signal.subject is SubjectKind.LEDGER:
        numbers = numbers_of(signal, state, compiled.lifecycle.shared_numbers)
        case.enter(LEDGER, numbers.effects())
        return case.decided()
    refused = None if is_recorded else hindered(case)
    if refused is not None:
        return refused
    refused = _report(case)
    if refused is not None:
        return refused
    if party.lead is not None and not party.lead.is_settled:
        _identify(case, party.lead)
    _identify_account(case)
    follow(case)
    if signal.subject is SubjectKind.LEAD:
        judge_deadlines(case)
    return case.decided()


def identify(
    compiled: CompiledLifecycle, state: State, signal: Signal, party: Party, *, position: int
) -> Sequence[Event]:
    """Return the events of a report that no longer counts: it still links identifiers to leads."""
    case = Case(compiled, state, signal, party, position)
    assert party.lead is not None
    _identify(case, party.lead)
    if case.events:
        follow(case)
    return case.events


def record_late(
    compiled: CompiledLifecycle,
    state: State,
    signal: Signal,
    party: Party,
    *,
    position: int,
    pending_until: datetime | None = None,
) -> list[Event]:
    """Return the event of a late report, without any outcome, and what it shows about identities.

    Its outcome is in the restatement that follows, where everything is decided by time: in the same
    transaction, or if `pending_until` is given, at that time.
    """
    case = Case(compiled, state, signal, party, position)
    numbers = numbers_of(signal, state, compiled.lifecycle.shared_numbers)
    effects: Effects = {LATE: True, **numbers.effects()}
    if pending_until is not None:
        effects["pending_until"] = format_utc(pending_until)
    subject, forwarded_to = case.lead, None
    if signal.subject is SubjectKind.ACCOUNT:
        subject = case.account
    elif party.lead is not None:
        effects |= what_it_repeats(case, {})
        subject = Subject(SubjectKind.LEAD, party.lead.subject)
        forwarded_to = party.lead.forwarded_to
    case.events.append(
        Event(
            position,
            signal.type.name,
            subject,
            signal.occurred_at,
            signal.data,
            effects,
            cause=signal.cause,
            forwarded_to=forwarded_to,
        )
    )
    if party.lead is not None and not party.lead.is_settled:
        _identify(case, party.lead)
    _identify_account(case)
    return case.events


class _Business(NamedTuple):
    """What a report says about a deal or an order; most reports are about neither."""

    effects: Effects = NO_EFFECTS
    begun: Begun | None = None
    is_repeated: bool = False
    """Whether it says what is so already: then its move belongs to an earlier pass."""


_NO_BUSINESS = _Business()


def _report(case: Case) -> NotAllowed | None:
    """Enter the signal's own event: what it says, the move this allows, and what comes with it."""
    business, lead = _business_in(case), case.party.lead
    if case.signal.subject is SubjectKind.ACCOUNT:
        case.add_effects(business.effects | effects_on_account(case))
        found = _move_of(case, business)
        if isinstance(found, NotAllowed):
            return found
        move, how = found
        case.enter(case.account, how, move=move)
        return None
    assert lead is not None
    _report_on_lead(case, business)
    found = _move_of(case, business)
    if isinstance(found, NotAllowed):
        return found
    move, how = found
    how |= _with_the_move(case, move, business, already="already" in how)
    subject = Subject(SubjectKind.LEAD, lead.subject)
    case.enter(subject, how, move=move, forwarded_to=lead.forwarded_to)
    return None


def _business_in(case: Case) -> _Business:
    signal, kind = case.signal, case.signal.subject
    if signal.type.role is None:
        return _NO_BUSINESS
    state = case.state_of(kind)
    numbers = numbers_of(signal, case.state, case.compiled.lifecycle.shared_numbers)
    is_repeated = says_again(signal, state, numbers)
    effects = numbers.effects()
    if not is_repeated or kind is SubjectKind.ACCOUNT:
        effects |= effects_of_role(signal, state, numbers)
    return _Business(effects, business_begun(case, numbers), is_repeated)


def _report_on_lead(case: Case, business: _Business) -> None:
    """Apply what a report says about the lead, and judge the person by it."""
    effects = business.effects | effects_on_lead(case, is_repeated=business.is_repeated)
    case.add_effects(joined(effects, effects_before_move(case)))
    judge_person(case)
    if not business.is_repeated:
        give_points(case)


def _with_the_move(
    case: Case, move: CompiledMove | None, business: _Business, *, already: bool
) -> Effects:
    """Return the effects on a lead that come with the move, or that depend on whether it moves."""
    signal, lead = case.signal, case.state.lead
    effects = {} if already else marks_of(signal.type, lead)
    begins_pass = move is not None and move.begins_pass
    effects |= business_of(case, business.begun, begins_pass=begins_pass)
    if not business.is_repeated:
        effects |= effects_of_naming(case.compiled, lead, signal, move)
    becomes_known = "known" in case.effects
    effects |= origin_of(case, move, signal.type.name, signal.data, becomes_known=becomes_known)
    return joined(effects, effects_with_move(case, move)) if move is not None else effects


def _move_of(case: Case, business: _Business) -> tuple[CompiledMove | None, Effects] | NotAllowed:
    """Return the move that the signal causes, or why it is refused.

    With it comes the effect that a decision already holds, or that it only counts because it is
    recorded.
    """
    kind, type, data = case.signal.subject, case.signal.type, case.signal.data
    is_repeated, begun = business.is_repeated, business.begun
    asked = data if begun is None else begun.said(data)
    if type.kind is not EventKind.DECISION:
        return None if is_repeated else case.find(kind, type.name, asked), {}
    move = None if is_repeated else case.ask(kind, type.name, asked)
    if move is not None:
        return move, {}
    refused = refusal_of(case, kind)
    if refused is None:
        return None, {"already": True} if case.table(kind).targets(type.name) else {}
    insisted = first_listed(case, kind) if case.is_recorded else None
    return refused if insisted is None else (insisted, {"insisted": True})


def _identify(case: Case, resolution: Resolution) -> None:
    """Record what the identifiers show: links, absorbed visitors, contradictions."""
    subject, forwarded_to = Subject(SubjectKind.LEAD, resolution.subject), resolution.forwarded_to
    if resolution.links:
        kinds = [link.kind for link in resolution.links]
        held = {ANONYMOUS_ID, *case.state.lead.holds}
        holds = sorted({kind for kind in kinds if kind not in held})
        case.add(
            LINKED,
            subject,
            data={KINDS: kinds},
            effects={"holds": holds} if holds else NO_EFFECTS,
            forwarded_to=forwarded_to,
        )
    for other, visitor in resolution.absorbs:
        _absorb(case, resolution, other, visitor)
    if resolution.conflicts:
        conflicts = list(resolution.conflicts)
        shared = [identifier.kind for identifier in resolution.shares]
        case.add(
            CONFLICTED,
            subject,
            data={"with": conflicts, "shared": shared} if shared else {"with": conflicts},
            effects={"conflicts": conflicts},
            forwarded_to=forwarded_to,
        )


def _identify_account(case: Case) -> None:
    """Record the account's new identifiers, and other accounts with the same name."""
    links, conflicts = list(case.party.account_links), list(case.party.account_conflicts)
    if links:
        case.add(LINKED, case.account, data={KINDS: links})
    if conflicts:
        case.add(
            ACCOUNT_CONFLICTED,
            case.account,
            data={"with": conflicts},
            effects={"conflicts": conflicts},
        )


def _absorb(case: Case, resolution: Resolution, other: str, visitor: LeadState) -> None:
    """Make a visitor that turns out to be this person forward to it; the visitor's stay ends.

    If the person has been merged into another lead, the visitor still belongs to the person, and
    stays with it when the two are unmerged.
    """
    person = resolution.person
    absorbed = absorption(
        Subject(SubjectKind.LEAD, other),
        visitor,
        by=person,
        at=case.signal.occurred_at,
        position=case.next_position,
        cause=case.next_cause,
    )
    case.events.append(absorbed)
    inherited = _inheritance(case, visitor)
    case.add(
        MERGED,
        Subject(SubjectKind.LEAD, person),
        data={OTHER: other},
        effects={"absorbs": other, **inherited},
        forwarded_to=resolution.receiver if resolution.receiver != person else None,
    )


def _inheritance(case: Case, visitor: LeadState) -> Effects:
    """What a lead takes over from its visitor: deals, orders, points, standing facts.

    For a deal that both have, the lead's own report counts; of two facts of one type, the later.
    """
    lead, scoring = case.state.lead, case.compiled.lifecycle.scoring
    known = {fact.type: fact.occurred_at for fact in lead.standing}
    inherited: dict[str, Any] = {
        "opportunities": _not_in(lead.opportunities, visitor.opportunities),
        "orders": _not_in(lead.orders, visitor.orders),
        "blocks": _not_in(lead.blocks, visitor.blocks),
        "inherits": [
            [
                *(fact.type, fact.position, format_utc(fact.occurred_at)),
                *(dict(fact.data), list(fact.moved_to)),
            ]
            for fact in visitor.standing
            if fact.type not in known or fact.occurred_at > known[fact.type]
        ],
    }
    if scoring is not None:
        inherited["inherited_points"] = [
            [*point[:3], format_utc(point.occurred_at), most_of(scoring, point.rule)]
            for point in visitor.points
        ]
    return selected(inherited, [name for name, value in inherited.items() if value])


def _not_in(own: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    return {id: status for id, status in others.items() if id not in own}
