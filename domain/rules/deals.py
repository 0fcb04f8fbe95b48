"""How deals, orders and origins change the state: the fixed vocabulary behind event types."""

from collections.abc import Callable, Mapping

from domain.effects import Effects
from domain.lead.numbers import Numbers
from domain.lead.state import CANCELLED, LOST, OPEN, VALID, WON, AccountState, LeadState
from domain.lifecycle.definition import NUMBERED_BY, EventType, Role
from domain.signal import Signal

ORIGIN_FIELD = "origin"
"""The data field that names an origin, for the role that sets it; lifecycles must require it."""

_OPPORTUNITY = {
    Role.OPENS_OPPORTUNITY: OPEN,
    Role.REOPENS_OPPORTUNITY: OPEN,
    Role.WINS_OPPORTUNITY: WON,
    Role.LOSES_OPPORTUNITY: LOST,
}
_ORDER = {Role.PLACES_ORDER: VALID, Role.CANCELS_ORDER: CANCELLED}


BUSINESS = frozenset({*_OPPORTUNITY, *_ORDER})
"""Roles of deals and orders: these have an id, and one report can repeat another."""
ABOUT_BUSINESS = frozenset({*NUMBERED_BY, Role.RENEWS})
"""Roles of all reports about deals, orders and renewals."""
ORDER_ROLES = frozenset({*_ORDER, Role.AMENDS_ORDER})
COMPETITION: Mapping[Role, bool] = {Role.LISTS_COMPETITOR: True, Role.UNLISTS_COMPETITOR: False}
PURCHASES = frozenset({Role.WINS_OPPORTUNITY, Role.PLACES_ORDER})


def effects_of_role(signal: Signal, buyer: LeadState | AccountState, numbers: Numbers) -> Effects:
    """Return the effects of the event type's role.

    What happened last counts: an order that is placed again after its cancellation stands. But a
    deal that is known is not opened once more by a report of its creation.
    """
    role = signal.type.role
    if role is None:
        return {}
    if role in _OPPORTUNITY:
        opportunity, status = numbers.opportunity, _OPPORTUNITY[role]
        assert opportunity is not None
        is_known = role is Role.OPENS_OPPORTUNITY and opportunity in buyer.opportunities
        return {} if is_known else {"opportunities": {opportunity: status}}
    if role in _ORDER:
        order, status = numbers.order, _ORDER[role]
        assert order is not None
        return {"orders": {order: status}}
    if isinstance(buyer, AccountState):
        return {"competitor": COMPETITION[role]} if role in COMPETITION else {}
    return _OTHERS[role](signal) if role in _OTHERS else {}


def is_repeated(signal: Signal, buyer: LeadState | AccountState, numbers: Numbers) -> bool:
    """Whether a report about a deal or an order says what is so already."""
    role = signal.type.role
    if role is Role.OPENS_OPPORTUNITY:
        return numbers.opportunity in buyer.opportunities
    if role in _OPPORTUNITY:
        return buyer.opportunities.get(numbers.opportunity or "") == _OPPORTUNITY[role]
    return role in _ORDER and buyer.orders.get(numbers.order or "") == _ORDER[role]


_OTHERS: Mapping[Role, Callable[[Signal], Effects]] = {
    Role.DISPUTES_ORIGIN: lambda _: {"flags": {ORIGIN_FIELD: "disputed"}},
    Role.CORRECTS_ORIGIN: lambda signal: {
        "origin": signal.data[ORIGIN_FIELD],
        "origin_corrected": True,
        "flags": {ORIGIN_FIELD: None},
    },
}
"""Effects of decisions about a lead's origin, in addition to a move."""


def has_bought(buyer: LeadState | AccountState) -> bool:
    """Whether a deal is won, or an order is valid."""
    return WON in buyer.opportunities.values() or VALID in buyer.orders.values()


def marks_of(type: EventType, lead: LeadState) -> Effects:
    """Return what an event type declares to remember, as far as it is new."""
    marks = {name: value for name, value in type.marks.items() if lead.marks.get(name) != value}
    return {"marks": marks} if marks else {}
