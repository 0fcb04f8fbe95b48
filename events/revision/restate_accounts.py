"""What counts for an account after something about its leads is taken back.

The records show everything an account has been through, but not which other leads would have
brought it there. So only what these leads contributed is decided again; what others did stays as
recorded.
If the account has made a purchase according to what remains, it is a customer from now on.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.case import with_move
from domain.event import Event, Subject
from domain.lead.evolve import evolve
from domain.lead.readings import CaseReadings
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState, State
from domain.lead.stays import NO_STAYS, Stays, differences, stays_after
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import ACCOUNT_RESTATED
from domain.rules.deals import has_bought


class Share(NamedTuple):
    """An account's stays according to its own records, and the business some leads reported."""

    stays: Stays
    opportunities: frozenset[str]
    orders: frozenset[str]


def share_of(account_id: str, events: Iterable[Event], leads: Iterable[LeadState]) -> Share:
    """Return an account's stays from its own events, and the business that these leads now hold.

    The business counts whichever account it was reported for: a restatement may have changed that.
    """
    state, stays, reported = INITIAL_ACCOUNT, NO_STAYS, INITIAL_ACCOUNT
    for event in events:
        if event.subject.id == account_id:
            state = evolve(state, event)
            stays = stays_after(stays, event, state)
            if event.type != ACCOUNT_RESTATED:
                reported = evolve(reported, event)
    known: list[LeadState | AccountState] = [reported, *leads]
    return Share(
        stays,
        frozenset(id for holder in known for id in holder.opportunities),
        frozenset(id for holder in known for id in holder.orders),
    )


def account_after(
    now: AccountState, share: Share, again: AccountState, stays: Stays
) -> tuple[AccountState, Stays] | None:
    """Return the account based on what counts now; None if nothing has changed.

    `share` is what the records show; `again` and `stays` are the result of deciding again.
    """
    opportunities = _business(now.opportunities, share.opportunities, again.opportunities)
    orders = _business(now.orders, share.orders, again.orders)
    is_as_before = differences(share.stays, stays) == ([], [])
    if is_as_before and (opportunities, orders) == (now.opportunities, now.orders):
        return None
    return again._replace(opportunities=opportunities, orders=orders), stays


def become_customer(
    state: AccountState, stays: Stays, compiled: CompiledLifecycle, cause: Event
) -> tuple[AccountState, Stays]:
    """Make an account a customer if others reported a purchase and it has never been one.

    If these leads reported a purchase, it made the account a customer, which may have left since.
    """
    triggers = compiled.lifecycle.account_triggers
    if triggers is None or not has_bought(state):
        return state, stays
    type = triggers.customer_gained
    if not compiled.account.targets(type).isdisjoint(state.entered):
        return state, stays
    readings = CaseReadings(State(INITIAL_LEAD, state), type=type, data={}, department=None)
    move = compiled.account.find(state.stage, type, readings)
    if move is None:
        return state, stays
    event = Event(cause.position, type, Subject(SubjectKind.ACCOUNT), cause.occurred_at, {}, {})
    event = with_move(event, state, move)
    state = evolve(state, event)
    return state, stays_after(stays, event, state)


def _business(
    now: Mapping[str, str], reported: Iterable[str], again: Mapping[str, str]
) -> dict[str, str]:
    """Replace what these leads had reported by what counts of it; what others reported stays."""
    business = {id: status for id, status in now.items() if id not in reported}
    return {**again, **business, **{id: again[id] for id in reported if id in again}}
