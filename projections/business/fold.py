"""The fold of business: what was told of deals, orders and renewals, and who was touched when.

Rows are what was told, one for each event, and never change, but for the position at which an event
was voided; where it was corrected, another row is known from there on. So the figures can be asked
for any moment, and are put together when they are asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.case import DEPARTMENT
from domain.event import Event
from domain.lead.readings import CaseReadings
from domain.lead.state import State
from domain.lifecycle.definition import Lifecycle, Role, SubjectKind
from domain.lifecycle.service_events import (
    CORRECTED,
    EVENT,
    EVENTS,
    FIELDS,
    OTHER,
    PUBLISHED,
    UNLINKED,
    VOIDED,
)
from domain.rules.business import name_of_further
from events.lifecycles.publish import parsed
from projections.business.won_business import What

WHAT_OF_ROLE = {
    Role.OPENS_OPPORTUNITY: What.OPENED,
    Role.UPDATES_OPPORTUNITY: What.UPDATED,
    Role.REOPENS_OPPORTUNITY: What.REOPENED,
    Role.WINS_OPPORTUNITY: What.WON,
    Role.LOSES_OPPORTUNITY: What.LOST,
    Role.PLACES_ORDER: What.ORDERED,
    Role.AMENDS_ORDER: What.AMENDED,
    Role.CANCELS_ORDER: What.CANCELLED,
    Role.RENEWS: What.RENEWED,
}


class BusinessRow(NamedTuple):
    position: int
    known_from: int
    what: str
    occurred_at: datetime
    lead: str | None
    """The lead that identifiers pointed to: whoever stands for it now is found when asked."""
    pass_number: int | None
    account: str | None
    opportunity: str | None
    """The key of the deal, `source/number`."""
    order_id: str | None
    """The key of the order."""
    value: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    origin: str | None


class TouchRow(NamedTuple):
    position: int
    known_from: int
    lead: str
    touched_at: datetime


class TakenBack(NamedTuple):
    """What was voided, or corrected where there are fields that take the place of others."""

    position: int
    by_position: int
    fields: Mapping[str, Any] | None
    opportunity: str | None = None
    order_id: str | None = None
    """The keys that corrected numbers mean."""
    lead: str | None = None
    """Whose it turned out to be, where it was told of somebody else."""


@dataclass(slots=True)
class Business:
    """What is remembered, and what a batch adds. A class, because it is filled event by event."""

    lifecycle: Lifecycle | None = None
    business: list[BusinessRow] = field(default_factory=list)
    touches: list[TouchRow] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)


def fold(state: Business, event: Event) -> None:
    """Note what one event tells of business, or that it touched somebody."""
    if event.type == PUBLISHED:
        state.lifecycle = parsed(event.data["text"])
        return
    if event.type in (VOIDED, CORRECTED):
        fields = event.data[FIELDS] if event.type == CORRECTED else None
        state.taken_back.append(
            TakenBack(
                int(event.data[EVENT]),
                event.position,
                fields,
                event.effects.get("of_opportunity"),
                event.effects.get("of_order"),
            )
        )
        return
    if event.type == UNLINKED and event.cause is None:
        state.taken_back += (
            TakenBack(int(position), event.position, {}, lead=event.data[OTHER])
            for position in event.data[EVENTS]
        )
        return
    if event.cause is not None or state.lifecycle is None:
        return
    event_type = state.lifecycle.events.get(event.type)
    if event_type is not None and event_type.role in WHAT_OF_ROLE:
        state.business.append(_business_row(state.lifecycle, event, WHAT_OF_ROLE[event_type.role]))
    if event.subject.kind is SubjectKind.LEAD and _touches(state.lifecycle, event):
        state.touches.append(
            TouchRow(event.position, event.position, event.subject.id, event.occurred_at)
        )


def _business_row(lifecycle: Lifecycle, event: Event, what: What) -> BusinessRow:
    data, subject = event.data, event.subject
    of_account = subject.id if subject.kind is SubjectKind.ACCOUNT else None
    value = data.get("value")
    return BusinessRow(
        position=event.position,
        known_from=event.position,
        what=str(what),
        occurred_at=event.occurred_at,
        lead=subject.id if subject.kind is SubjectKind.LEAD else None,
        pass_number=event.pass_number if event.stage_to is not None else None,
        account=event.effects.get("business_of", of_account),
        opportunity=event.effects.get("of_opportunity"),
        order_id=event.effects.get("of_order"),
        value=Decimal(str(value)) if value is not None else None,
        currency=data.get("currency"),
        business=data.get("business") or _of_pass(lifecycle, event),
        product=data.get("product"),
        origin=_origin(lifecycle, event),
    )


def _of_pass(lifecycle: Lifecycle, event: Event) -> str | None:
    """Return what a deal or an order is by its pass, if somebody said that of the pass.

    That it is further business is no more than follows from what was bought before, and what that
    is may yet be reported, or taken back: it is found out when the figures are asked for.
    """
    business: str | None = event.effects.get("business")
    return business if business != name_of_further(lifecycle) else None


def _origin(lifecycle: Lifecycle, event: Event) -> str | None:
    """Return what the origin table says of this very event (domain rule 11)."""
    readings = _facts(event)
    return next(
        (rule.origin for rule in lifecycle.origin_rules if rule.condition.test(readings)),
        lifecycle.origin_otherwise,
    )


def _touches(lifecycle: Lifecycle, event: Event) -> bool:
    rules = lifecycle.contribution
    return rules is not None and rules.touch.test(_facts(event)) is True


def _facts(event: Event) -> CaseReadings:
    department: Any = event.effects.get("stands", {}).get(DEPARTMENT)
    return CaseReadings(State(), type=event.type, data=event.data, department=department)
