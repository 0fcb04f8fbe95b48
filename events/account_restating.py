"""What counts of an account, now that something of its leads is taken back.

Of an account the records tell all that it has been through, but not who else would have brought it
there. So only what these leads brought is decided again; what others did stays as it was recorded.
If it has bought by what remains, it is a customer from now on.
"""

from collections.abc import Mapping, Sequence

from domain.course import with_move
from domain.events import Event, Subject
from domain.evolve import evolve
from domain.facts import Facts
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.definition import SubjectKind
from domain.roles import has_bought
from domain.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, State
from domain.stays import NO_STAYS, Stays, differences, stays_after


class Share:
    """What an account was by its own records and by those of some leads."""

    __slots__ = ("state", "stays")

    def __init__(self, account_id: str, events: Sequence[Event]) -> None:
        self.state: AccountState = INITIAL_ACCOUNT
        self.stays: Stays = NO_STAYS
        for event in events:
            if event.subject.id == account_id:
                self.state = evolve(self.state, event)
                self.stays = stays_after(self.stays, event, self.state)
            elif event.effects.get("business_of") == account_id:
                self.state = evolve(self.state, event._replace(stage_to=None))


def account_after(
    now: AccountState, share: Share, again: AccountState, stays: Stays
) -> tuple[AccountState, Stays] | None:
    """Return the account as it is on what counts; None if nothing of it has changed.

    `share` is what the records tell, `again` and `stays` what deciding again has come to.
    """
    opportunities = _business(now.opportunities, share.state.opportunities, again.opportunities)
    orders = _business(now.orders, share.state.orders, again.orders)
    is_as_before = differences(share.stays, stays) == ([], [])
    if is_as_before and (opportunities, orders) == (now.opportunities, now.orders):
        return None
    after = again._replace(opportunities=opportunities, orders=orders)
    return after, stays


def become_customer(
    state: AccountState, stays: Stays, compiled: Compiled, cause: Event
) -> tuple[AccountState, Stays]:
    """Let an account that has bought by what remains be a customer, if it is none any more."""
    triggers = compiled.lifecycle.account_triggers
    if triggers is None or not has_bought(state):
        return state, stays
    type = triggers.customer_gained
    facts = Facts(State(INITIAL_LEAD, state), type=type, data={}, department=None)
    move = compiled.account.find(state.stage, type, facts)
    if move is None:
        return state, stays
    event = Event(cause.position, type, Subject(SubjectKind.ACCOUNT), cause.occurred_at, {}, {})
    event = with_move(event, state, move)
    state = evolve(state, event)
    return state, stays_after(stays, event, state)


def _business(
    now: Mapping[str, str], told: Mapping[str, str], again: Mapping[str, str]
) -> dict[str, str]:
    """Take out of what is known what these leads no longer tell, and put in what they do."""
    business = dict(now)
    for id in told.keys() | again.keys():
        if told.get(id) == again.get(id):
            continue
        if id in again:
            business[id] = again[id]
        else:
            business.pop(id, None)
    return business
