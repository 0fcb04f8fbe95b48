"""Which leads may be qualified without a person's decision, and what prevents it for the others.

The lifecycle defines the condition. In addition some rules hold in every funnel. A customer, or a
lead with an open deal, is never approached as if new; nor is one that may not be contacted, or one
that was sent back and has done nothing since.
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
"""The field of an event that names the run it belongs to."""


class Obstacle(StrEnum):
    """Why a lead is not a candidate: the first of these that holds."""

    NO_QUALIFICATION = "no_qualification"
    """The lifecycle that decides this lead leaves qualification to people."""
    ABSORBED = "absorbed"
    """Another lead has absorbed it."""
    ELSEWHERE = "elsewhere"
    """It is not in the stage that leads are qualified from."""
    CUSTOMER = "customer"
    OPEN_DEAL = "open_deal"
    """It, or another lead of its account, has an open deal."""
    NOT_CONTACTABLE = "not_contactable"
    REVISIT_LATER = "revisit_later"
    """It was recycled, its revisit date is in the future, and it has not asked to be contacted."""
    SENT_BACK = "sent_back"
    """It was qualified earlier in this pass, and nothing it has done since gave points."""
    NOT_LIKELY = "not_likely"
    """The condition does not hold."""
    UNKNOWN = "unknown"
    """The condition cannot be answered."""


def hindered(case: Case) -> NotAllowed | None:
    """Refuse to qualify a lead that a run selected if it is no longer a candidate."""
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
        f"The lead is no longer a candidate: {found}.",
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
    found = next((name for name, holds in _OBSTACLES if holds(case)), None)
    if found is not None:
        return found
    answer = qualification.condition.test(facts_at(compiled, state, occurred_at))
    if answer is None:
        return Obstacle.UNKNOWN
    return None if answer else Obstacle.NOT_LIKELY


def facts_at(compiled: CompiledLifecycle, state: State, occurred_at: datetime) -> CaseReadings:
    """Return the values that conditions may read about a lead independently of any event."""

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
    """Whether a company is in the stage that its first purchase takes it to, or past it."""
    triggers, table = compiled.lifecycle.account_triggers, compiled.account
    here = table.path_index.get(account.stage or "")
    if triggers is None or here is None:
        return False
    gained = table.targets(triggers.customer_gained)
    return any(table.path_index[stage] <= here for stage in gained if stage in table.path_index)


def requests_of(
    compiled: CompiledLifecycle, qualification: Qualification, lead: LeadState
) -> list[StandingFact]:
    """Return the facts of this pass that are requests, which qualify a lead on their own."""
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
        OPEN in buyer.opportunities.values()
        for buyer in (case.lead, case.account)
        if buyer is not None
    )


def _is_blocked(case: _Case) -> bool:
    channels = case.qualification.contact_by
    return bool(channels) and all(channel in case.lead.blocks for channel in channels)


def _waits(case: _Case) -> bool:
    """Whether its revisit date is in the future, by its timer, which accounts for the time zone."""
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
"""In the order in which they are checked, the cheapest first."""
