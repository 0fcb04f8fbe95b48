"""The fold of business: reports of deals, orders and renewals, marketing touches, and contacts.

There is one row for each event. A row never changes, except for the position at which its event was
voided. A correction adds another row, which is known from the correction on, and so does a
restatement if the account, the kind of business or the pass of a report differs. So figures can be
queried as of any position, and are computed at query time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.deciding.report import department_of
from domain.event import Event
from domain.lead.readings import CaseReadings
from domain.lead.state import State
from domain.lifecycle.definition import EventKind, Lifecycle, Role, SubjectKind
from domain.lifecycle.service_events import (
    CORRECTED,
    EVENT,
    EVENTS,
    FIELDS,
    OTHER,
    PUBLISHED,
    RESTATED,
    UNLINKED,
    VOIDED,
)
from domain.rules.business import Belonging, belonging_of, belongings_restated
from events.lifecycles.publish import parsed
from projections.business.contacts import ContactRow, contact_row
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
EXPECTED_CLOSE = "expected_close"
VALUE = "value"
GROSS_PROFIT = "gross_profit"


class BusinessRow(NamedTuple):
    position: int
    known_from: int
    what: str
    occurred_at: datetime
    lead: str | None
    """The lead that the identifiers pointed to. Later merges are resolved at query time."""
    pass_number: int | None
    account: str | None
    opportunity: str | None
    """The key of the deal, `source/number`."""
    order_id: str | None
    """The key of the order."""
    value: Decimal | None
    gross_profit: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    origin: str | None
    expected_close: date | None
    reason: str | None


class TouchRow(NamedTuple):
    position: int
    known_from: int
    lead: str
    touched_at: datetime
    origin: str | None
    """Whose work it came by, if a rule of the origin table says so."""
    is_touch: bool
    """Whether it is a touch by marketing."""


class TakenBack(NamedTuple):
    """An event that was voided, corrected if `fields` replaces some of its fields, or restated."""

    position: int
    by_position: int
    fields: Mapping[str, Any] | None
    opportunity: str | None = None
    order_id: str | None = None
    """The keys for the corrected numbers."""
    lead: str | None = None
    """The lead that it really belongs to, if it was reported for another one."""
    belonging: Belonging | None = None
    """What it belongs to, if a restatement has found that to differ."""


@dataclass(slots=True)
class Business:
    """The memory and the additions of a batch. A class, because it is filled event by event."""

    lifecycle: Lifecycle | None = None
    business: list[BusinessRow] = field(default_factory=list)
    touches: list[TouchRow] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)


def fold(state: Business, event: Event) -> None:
    """Add what one event reports about business, and whether it was a touch or a contact."""
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
    if event.type == RESTATED:
        state.taken_back += (
            TakenBack(position, event.position, {}, belonging=belonging)
            for position, belonging in belongings_restated(event.effects).items()
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
        is_inbound = False
    else:
        is_inbound = event_type is not None and event_type.kind is EventKind.FACT
    if event.subject.kind is not SubjectKind.LEAD:
        return
    origin = _origin_named(state.lifecycle, event) if is_inbound else None
    is_touch = _touches(state.lifecycle, event)
    if is_touch or origin is not None:
        at, lead = event.position, event.subject.id
        state.touches.append(TouchRow(at, at, lead, event.occurred_at, origin, is_touch))
    screening = state.lifecycle.pace.screening
    if screening is not None and (contact := contact_row(screening, event)) is not None:
        state.contacts.append(contact)


def _business_row(lifecycle: Lifecycle, event: Event, what: What) -> BusinessRow:
    data, subject = event.data, event.subject
    belonging = belonging_of(event, lifecycle)
    return BusinessRow(
        position=event.position,
        known_from=event.position,
        what=str(what),
        occurred_at=event.occurred_at,
        lead=subject.id if subject.kind is SubjectKind.LEAD else None,
        pass_number=belonging.pass_number,
        account=belonging.account,
        opportunity=event.effects.get("of_opportunity"),
        order_id=event.effects.get("of_order"),
        value=amount_in(data, VALUE),
        gross_profit=amount_in(data, GROSS_PROFIT),
        currency=data.get("currency"),
        business=belonging.kind,
        product=data.get("product"),
        origin=_origin(lifecycle, event),
        expected_close=day_in(data),
        reason=data.get("reason"),
    )


def amount_in(data: Mapping[str, Any], name: str) -> Decimal | None:
    """Return an amount of a deal or an order, if it was reported."""
    amount = data.get(name)
    return Decimal(str(amount)) if amount is not None else None


def day_in(data: Mapping[str, Any]) -> date | None:
    """Return the day on which a deal is expected to be decided.

    A lifecycle may declare this field as something other than a date: that is not a day.
    """
    try:
        return date.fromisoformat(data.get(EXPECTED_CLOSE, ""))
    except (TypeError, ValueError):
        return None


def _origin(lifecycle: Lifecycle, event: Event) -> str | None:
    """Return the origin of this event according to the origin table (domain rule 11)."""
    return _origin_named(lifecycle, event) or lifecycle.origin_otherwise


def _origin_named(lifecycle: Lifecycle, event: Event) -> str | None:
    """Return the origin that a rule of the table names for this event."""
    readings = _facts(event)
    return next(
        (rule.origin for rule in lifecycle.origin_rules if rule.condition.test(readings)), None
    )


def _touches(lifecycle: Lifecycle, event: Event) -> bool:
    rules = lifecycle.contribution
    return rules is not None and rules.touch.test(_facts(event)) is True


def _facts(event: Event) -> CaseReadings:
    return CaseReadings(State(), type=event.type, data=event.data, department=department_of(event))
