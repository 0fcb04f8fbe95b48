"""Who may be qualified without a person's decision, and what stands in the way of the others.

The condition is the lifecycle's. Beside it some rules hold in every funnel: whoever is a customer
or in a deal is never approached as if new, nor who may not be contacted, nor who was sent back and
has done nothing since.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.case import Case, NotAllowed
from domain.lead.readings import CaseReadings
from domain.lead.score import Score, judged_at, score_at
from domain.lead.state import OPEN, REVISIT, AccountState, LeadState, StandingFact, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.qualification import Qualification
from domain.rules.deals import has_bought

SELECTION = "selection"
"""The field of an event that names the run which it belongs to."""


class Obstacle(StrEnum):
    """Why a lead is no candidate: the first of these that holds."""

    NO_QUALIFICATION = "no_qualification"
    """The lifecycle that decides this lead leaves qualifying to people."""
    ABSORBED = "absorbed"
    """It is another lead's by now."""
    ELSEWHERE = "elsewhere"
    """It does not stand where leads are qualified from."""
    CUSTOMER = "customer"
    OPEN_DEAL = "open_deal"
    """It, or another lead of its account, is in a deal."""
    NOT_CONTACTABLE = "not_contactable"
    REVISIT_LATER = "revisit_later"
    """It was recycled, its day has not come, and it has not asked to be contacted."""
    SENT_BACK = "sent_back"
    """It was qualified in this pass before, and nothing that it did since gave points."""
    NOT_LIKELY = "not_likely"
    """The condition does not hold."""
    UNKNOWN = "unknown"
    """The condition cannot be answered."""


def hindered(case: Case) -> NotAllowed | None:
    """Turn down, for a lead that a run selected, what it is no candidate for any more."""
    if SELECTION not in case.signal.data or case.signal.subject is not SubjectKind.LEAD:
        return None
    resolution = case.party.lead
    assert resolution is not None
    found: Obstacle | None = Obstacle.ABSORBED
    if resolution.receiver == resolution.subject:
        found = obstacle(case.compiled, case.state, case.signal.occurred_at)
    if found is None:
        return None
    return NotAllowed(
        "not-a-candidate",
        f"The lead is no candidate any more: {found}.",
        stage=case.state.lead.stage,
        obstacle=str(found),
    )


class _Case(NamedTuple):
    """One lead whose candidacy is judged."""

    compiled: CompiledLifecycle
    qualification: Qualification
    lead: LeadState
    account: AccountState | None
    at: datetime


def obstacle(compiled: CompiledLifecycle, state: State, occurred_at: datetime) -> Obstacle | None:
    """Return what keeps a lead from being a candidate; None if nothing does."""
    qualification = compiled.lifecycle.qualification
    if qualification is None:
        return Obstacle.NO_QUALIFICATION
    case = _Case(compiled, qualification, *state, occurred_at)
    found = next((one for one, stands in _OBSTACLES if stands(case)), None)
    if found is not None:
        return found
    answer = qualification.condition.test(facts_at(compiled, state, occurred_at))
    if answer is None:
        return Obstacle.UNKNOWN
    return None if answer else Obstacle.NOT_LIKELY


def facts_at(compiled: CompiledLifecycle, state: State, occurred_at: datetime) -> CaseReadings:
    """Return what may be asked of a lead whatever the event is."""

    def score() -> Score | None:
        scoring = compiled.lifecycle.scoring
        if scoring is None:
            return None
        return score_at(scoring, state.lead, judged_at(state.lead, occurred_at))

    consent = compiled.lifecycle.pace.consent
    return CaseReadings(
        state, channels=consent.channels if consent is not None else (), score=score
    )


def is_customer(compiled: CompiledLifecycle, account: AccountState) -> bool:
    """Whether a company stands where its first purchase takes it, or beyond."""
    triggers, table = compiled.lifecycle.account_triggers, compiled.account
    here = table.path_index.get(account.stage or "")
    if triggers is None or here is None:
        return False
    gained = table.targets(triggers.customer_gained)
    return any(table.path_index[stage] <= here for stage in gained if stage in table.path_index)


def requests_of(
    compiled: CompiledLifecycle, qualification: Qualification, lead: LeadState
) -> list[StandingFact]:
    """Return the facts of this pass that ask for what qualifies alone."""
    events = compiled.lifecycle.events
    return [
        fact
        for fact in lead.standing
        if fact.type in events and events[fact.type].stands_as == qualification.qualifies_by
    ]


def _is_elsewhere(case: _Case) -> bool:
    return case.lead.stage != case.qualification.at


def _has_bought(case: _Case) -> bool:
    return has_bought(case.lead) or (
        case.account is not None and is_customer(case.compiled, case.account)
    )


def _has_open_deal(case: _Case) -> bool:
    return any(
        OPEN in one.opportunities.values() for one in (case.lead, case.account) if one is not None
    )


def _is_blocked(case: _Case) -> bool:
    channels = case.qualification.contact_by
    return bool(channels) and all(channel in case.lead.blocks for channel in channels)


def _waits(case: _Case) -> bool:
    """Whether its revisit date is still to come: as its timer says, which knows the time zone."""
    timer = case.lead.timers.get(REVISIT)
    if timer is None or requests_of(case.compiled, case.qualification, case.lead):
        return False
    return timer.due_at > case.at


def _was_sent_back(case: _Case) -> bool:
    lead, targets = case.lead, case.compiled.lead.targets(case.qualification.qualifies_by)
    if targets.isdisjoint(lead.entered) or lead.entered_at is None:
        return False
    return all(point.occurred_at <= lead.entered_at for point in lead.points)


_OBSTACLES: tuple[tuple[Obstacle, Callable[[_Case], bool]], ...] = (
    (Obstacle.ELSEWHERE, _is_elsewhere),
    (Obstacle.CUSTOMER, _has_bought),
    (Obstacle.OPEN_DEAL, _has_open_deal),
    (Obstacle.NOT_CONTACTABLE, _is_blocked),
    (Obstacle.REVISIT_LATER, _waits),
    (Obstacle.SENT_BACK, _was_sent_back),
)
"""In the order in which they are looked for, the cheapest first."""
