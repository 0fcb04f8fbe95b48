"""What deals, orders and origins do to the state: the fixed vocabulary behind event types."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.lead.numbers import Numbers
from domain.lead.state import CANCELLED, LOST, OPEN, STANDING, WON, AccountState, LeadState
from domain.lifecycle.definition import EventType, Role
from domain.signal import Signal

ORIGIN_FIELD = "origin"
"""The data field of the role that names an origin; a lifecycle declares it as required."""

_OPPORTUNITY = {
    Role.OPENS_OPPORTUNITY: OPEN,
    Role.REOPENS_OPPORTUNITY: OPEN,
    Role.WINS_OPPORTUNITY: WON,
    Role.LOSES_OPPORTUNITY: LOST,
}
_ORDER = {Role.PLACES_ORDER: STANDING, Role.CANCELS_ORDER: CANCELLED}


BUSINESS = frozenset({*_OPPORTUNITY, *_ORDER})
"""Roles of deals and orders: what they are about has an id, and a report can repeat another."""
ORDER_ROLES = frozenset({*_ORDER, Role.AMENDS_ORDER})
COMPETITION: Mapping[Role, bool] = {Role.LISTS_COMPETITOR: True, Role.UNLISTS_COMPETITOR: False}
PURCHASES = frozenset({Role.WINS_OPPORTUNITY, Role.PLACES_ORDER})


def effects_of_role(
    signal: Signal, standing: LeadState | AccountState, numbers: Numbers
) -> dict[str, Any]:
    """Return the effects that the event type's role has; none if it tells nothing new.

    Reports come in any order: an opportunity that is already won or lost is not opened by the late
    report of its creation, and a cancelled order does not stand again.
    """
    role = signal.type.role
    if role is None:
        return {}
    if role in _OPPORTUNITY:
        opportunity, status = numbers.opportunity, _OPPORTUNITY[role]
        assert opportunity is not None
        before = standing.opportunities.get(opportunity)
        is_late = role is Role.OPENS_OPPORTUNITY and before is not None
        return {} if is_late or before == status else {"opportunities": {opportunity: status}}
    if role in _ORDER:
        order, status = numbers.order, _ORDER[role]
        assert order is not None
        before = standing.orders.get(order)
        is_late = role is Role.PLACES_ORDER and before is not None
        return {} if is_late or before == status else {"orders": {order: status}}
    if isinstance(standing, AccountState):
        is_listed = COMPETITION.get(role)
        return {} if is_listed in (None, standing.competitor) else {"competitor": is_listed}
    return _OTHERS[role](signal) if role in _OTHERS else {}


_OTHERS: Mapping[Role, Callable[[Signal], dict[str, Any]]] = {
    Role.DISPUTES_ORIGIN: lambda _: {"flags": {ORIGIN_FIELD: "disputed"}},
    Role.CORRECTS_ORIGIN: lambda signal: {
        "origin": signal.data[ORIGIN_FIELD],
        "origin_corrected": True,
        "flags": {ORIGIN_FIELD: None},
    },
}
"""What decisions about a lead's origin do beside a move."""


def has_bought(standing: LeadState | AccountState) -> bool:
    """Whether a deal is won, or an order stands."""
    return WON in standing.opportunities.values() or STANDING in standing.orders.values()


def marks_of(type: EventType, lead: LeadState) -> dict[str, Any]:
    """Return the effect of what an event type declares to be remembered, as far as it is news."""
    marks = {name: value for name, value in type.marks.items() if lead.marks.get(name) != value}
    return {"marks": marks} if marks else {}
