"""Who may be qualified without a person's decision, and what stands in the way of the others.

The condition is the lifecycle's. Beside it some rules hold in every funnel: whoever is a customer
or in a deal is never approached as if new, nor who may not be contacted, nor who was sent back and
has done nothing since.
"""

from datetime import datetime
from enum import StrEnum

from domain.facts import Facts
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.qualification import Qualification
from domain.roles import has_bought
from domain.scoring import Score, judged_at, score_at
from domain.state import OPEN, AccountState, LeadState, State

REVISIT_TIMER = "revisit"


class Obstacle(StrEnum):
    """Why a lead is no candidate: the first of these that holds."""

    NO_QUALIFICATION = "no_qualification"
    """The lifecycle that decides this lead leaves qualifying to people."""
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


def obstacle(compiled: Compiled, state: State, occurred_at: datetime) -> Obstacle | None:
    """Return what keeps a lead from being a candidate; None if nothing does."""
    qualification = compiled.lifecycle.qualification
    if qualification is None:
        return Obstacle.NO_QUALIFICATION
    lead, account = state
    if lead.stage != qualification.at:
        return Obstacle.ELSEWHERE
    if has_bought(lead) or (account is not None and is_customer(compiled, account)):
        return Obstacle.CUSTOMER
    if _has_open_deal(lead) or (account is not None and _has_open_deal(account)):
        return Obstacle.OPEN_DEAL
    if _is_blocked(qualification, lead):
        return Obstacle.NOT_CONTACTABLE
    if _waits(compiled, qualification, lead, occurred_at):
        return Obstacle.REVISIT_LATER
    if _was_sent_back(compiled, qualification, lead):
        return Obstacle.SENT_BACK
    answer = qualification.condition.test(facts_at(compiled, state, occurred_at))
    if answer is None:
        return Obstacle.UNKNOWN
    return None if answer else Obstacle.NOT_LIKELY


def facts_at(compiled: Compiled, state: State, occurred_at: datetime) -> Facts:
    """Return what may be asked of a lead whatever the event is."""

    def score() -> Score | None:
        scoring = compiled.lifecycle.scoring
        if scoring is None:
            return None
        return score_at(scoring, state.lead, judged_at(state.lead, occurred_at))

    return Facts(state, score=score)


def is_customer(compiled: Compiled, account: AccountState) -> bool:
    """Whether a company stands where its first purchase takes it, or beyond."""
    triggers, table = compiled.lifecycle.account_triggers, compiled.account
    here = table.path_index.get(account.stage or "")
    if triggers is None or here is None:
        return False
    gained = table.targets(triggers.customer_gained)
    return any(table.path_index[stage] <= here for stage in gained if stage in table.path_index)


def has_asked(compiled: Compiled, qualification: Qualification, lead: LeadState) -> bool:
    """Whether, in this pass, it has asked for what qualifies alone."""
    events = compiled.lifecycle.events
    return any(
        fact.type in events and events[fact.type].stands_as == qualification.qualifies_by
        for fact in lead.standing
    )


def _has_open_deal(standing: LeadState | AccountState) -> bool:
    return OPEN in standing.opportunities.values()


def _is_blocked(qualification: Qualification, lead: LeadState) -> bool:
    channels = qualification.contact_by
    return bool(channels) and all(channel in lead.blocks for channel in channels)


def _waits(compiled: Compiled, qualification: Qualification, lead: LeadState, at: datetime) -> bool:
    """Whether its revisit date is still to come: as its timer says, which knows the time zone."""
    if lead.revisit_on is None or has_asked(compiled, qualification, lead):
        return False
    timer = lead.timers.get(REVISIT_TIMER)
    return timer.due_at > at if timer is not None else at.date().isoformat() < lead.revisit_on


def _was_sent_back(compiled: Compiled, qualification: Qualification, lead: LeadState) -> bool:
    targets = compiled.lead.targets(qualification.qualifies_by)
    if targets.isdisjoint(lead.entered) or lead.entered_at is None:
        return False
    return all(point.occurred_at <= lead.entered_at for point in lead.points)
