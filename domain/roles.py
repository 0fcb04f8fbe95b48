"""What deals, orders and owners do to the state: the fixed vocabulary behind event types."""

from typing import Any

from domain.lifecycle.definition import Role
from domain.signals import Signal
from domain.state import CANCELLED, LOST, OPEN, STANDING, WON, AccountState, LeadState

OPPORTUNITY_FIELD, ORDER_FIELD, OWNER_FIELD = "opportunity", "order", "owner"
"""The data fields that these roles read; a lifecycle declares them as required."""

_OPPORTUNITY = {
    Role.OPENS_OPPORTUNITY: OPEN,
    Role.REOPENS_OPPORTUNITY: OPEN,
    Role.WINS_OPPORTUNITY: WON,
    Role.LOSES_OPPORTUNITY: LOST,
}
_ORDER = {Role.PLACES_ORDER: STANDING, Role.CANCELS_ORDER: CANCELLED}


def effects_of_role(signal: Signal, standing: LeadState | AccountState) -> dict[str, Any]:
    """Return the effects that the event type's role has, if it has one.

    Reports come in any order: an opportunity that is already won or lost is not opened by the late
    report of its creation, and a cancelled order does not stand again.
    """
    role = signal.type.role
    if role is None:
        return {}
    if role in _OPPORTUNITY:
        opportunity = signal.data[OPPORTUNITY_FIELD]
        if role is Role.OPENS_OPPORTUNITY and opportunity in standing.opportunities:
            return {}
        return {"opportunities": {opportunity: _OPPORTUNITY[role]}}
    if role in _ORDER:
        order = signal.data[ORDER_FIELD]
        if role is Role.PLACES_ORDER and order in standing.orders:
            return {}
        return {"orders": {order: _ORDER[role]}}
    return {"owner": signal.data[OWNER_FIELD] if role is Role.ASSIGNS_OWNER else None}
