"""What counts of an account, now that something of its leads is taken back.

Of an account the records tell all that it has been through, but not who else would have brought it
there. So only what these leads brought is decided again; what others did stays as it was recorded.
If it has bought by what remains, it is a customer from now on.
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
    """What an account has been through by its own records, and what some leads told it bought."""

    stays: Stays
    opportunities: frozenset[str]
    orders: frozenset[str]


def share_of(account_id: str, events: Iterable[Event], leads: Iterable[LeadState]) -> Share:
    """Return what its own events tell of an account, and the business that these leads now hold.

    Whatever account they were told to be of: that may have changed with a restatement.
    """
    state, stays, told = INITIAL_ACCOUNT, NO_STAYS, INITIAL_ACCOUNT
    for event in events:
        if event.subject.id == account_id:
            state = evolve(state, event)
            stays = stays_after(stays, event, state)
            if event.type != ACCOUNT_RESTATED:
                told = evolve(told, event)
    known: list[LeadState | AccountState] = [told, *leads]
    return Share(
        stays,
        frozenset(id for one in known for id in one.opportunities),
        frozenset(id for one in known for id in one.orders),
    )


def account_after(
    now: AccountState, share: Share, again: AccountState, stays: Stays
) -> tuple[AccountState, Stays] | None:
    """Return the account as it is on what counts; None if nothing of it has changed.

    `share` is what the records tell, `again` and `stays` what deciding again has come to.
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
    """Let an account be a customer that has bought by what others told, and has not been one yet.

    Where these leads told of a purchase, it was made one by it, and may have left us since.
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
    now: Mapping[str, str], told: Iterable[str], again: Mapping[str, str]
) -> dict[str, str]:
    """Put what these leads tell again in the place of what they told; what others told stays."""
    business = {id: status for id, status in now.items() if id not in told}
    return {**again, **business, **{id: again[id] for id in told if id in again}}
