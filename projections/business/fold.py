"""The fold of business: reports of deals, orders and renewals, touches, contacts, and costs.

There is one row for each event. A row never changes, except for the position at which its event was
voided. A correction adds another row, which is known from the correction on, and so does a
restatement if the account, the kind of business or the pass of a report differs. So figures can be
queried as of any position, and are computed at query time.
"""

from collections.abc import Iterator, Mapping
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
    COST_RECORDED,
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
from domain.traits import CAMPAIGN
from events.lifecycles.publish import parsed
from projections.business.contacts import ContactRow, contact_row
from projections.business.costs import CostRow, cost_row
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
TAKING_BACK = (VOIDED, CORRECTED, RESTATED, UNLINKED)
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
    campaign: str | None


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
    costs: list[CostRow] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)


def fold(state: Business, event: Event) -> None:
    """Add what one event reports: business, a touch, a contact or a cost, or what it takes back."""
    if event.type == PUBLISHED:
        state.lifecycle = parsed(event.data["text"])
    elif event.type in TAKING_BACK:
        state.taken_back += _taken_back(event)
    elif event.cause is None and state.lifecycle is not None:
        _report(state, state.lifecycle, event)


def _taken_back(event: Event) -> Iterator[TakenBack]:
    position = event.position
    if event.type == RESTATED:
        for restated, belonging in belongings_restated(event.effects).items():
            yield TakenBack(restated, position, {}, belonging=belonging)
    elif event.type == UNLINKED:
        for unlinked in event.data[EVENTS] if event.cause is None else ():
            yield TakenBack(int(unlinked), position, {}, lead=event.data[OTHER])
    else:
        yield TakenBack(
            int(event.data[EVENT]),
            position,
            event.data[FIELDS] if event.type == CORRECTED else None,
            event.effects.get("of_opportunity"),
            event.effects.get("of_order"),
        )


def _report(state: Business, lifecycle: Lifecycle, event: Event) -> None:
    if event.type == COST_RECORDED:
        state.costs.append(cost_row(event))
        return
    event_type = lifecycle.events.get(event.type)
    if event_type is not None and event_type.role in WHAT_OF_ROLE:
        state.business.append(_business_row(lifecycle, event, WHAT_OF_ROLE[event_type.role]))
        is_inbound = False
    else:
        is_inbound = event_type is not None and event_type.kind is EventKind.FACT
    if event.subject.kind is not SubjectKind.LEAD:
        return
    origin = _origin_named(lifecycle, event) if is_inbound else None
    is_touch = _touches(lifecycle, event)
    campaign = campaign_in(event.data)
    # What brings a lead by a channel is its campaign's, even if no rule says whose work it was.
    is_brought = campaign is not None and "channel" in event.effects
    if is_touch or origin is not None or is_brought:
        at, lead = event.position, event.subject.id
        state.touches.append(TouchRow(at, at, lead, event.occurred_at, origin, is_touch, campaign))
    screening = lifecycle.pace.screening
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


def campaign_in(data: Mapping[str, Any]) -> str | None:
    """Return the campaign that a report names, unless a lifecycle declares it as no code."""
    campaign = data.get(CAMPAIGN)
    return campaign if isinstance(campaign, str) else None


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
