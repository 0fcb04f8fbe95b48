"""From business events to units of business: a won deal with its orders, or an order alone. Pure.

    opportunity.won  deal-1  900,000
    order.recorded   order-1 of deal-1  1,000,000
    order.recorded   order-2            200,000

are two units: deal-1 of 1,000,000 (the ordered amount counts, not the promised one), and order-2.
What happened last counts. Cancelled orders do not count, unless they were placed again. A deal
stays won until it is lost or reopened; once all of its orders were cancelled, its amount is zero.
Amounts in different currencies are never added: a deal with one order of JPY 1,000 and one of USD 5
has two amounts. An order that names no currency has the currency of its deal.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from domain.lifecycle.contribution import FURTHER_BUSINESS

NEW = "new"
"""The default for a customer's first purchase. Later purchases default to further business."""
RENEWAL = "renewal"


class What(StrEnum):
    """What a business event reports about a deal or an order."""

    OPENED = "opened"
    UPDATED = "updated"
    REOPENED = "reopened"
    WON = "won"
    LOST = "lost"
    ORDERED = "ordered"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    RENEWED = "renewed"


class BusinessEvent(NamedTuple):
    """One report about a deal, an order or a renewal."""

    position: int
    what: What
    occurred_at: datetime
    lead: str | None
    pass_number: int | None
    account: str | None
    opportunity: str | None
    order: str | None
    value: Decimal | None
    gross_profit: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    origin: str | None
    """The origin of this event according to the origin table."""


Amounts: TypeAlias = Mapping[str | None, Decimal | None]
"""Currency → amount. Either is None if it was not reported."""


class Unit(NamedTuple):
    """One unit of won business."""

    key: str
    """`deal/<id>`, `order/<id>`, or `renewal/<position>`."""
    positions: tuple[int, ...]
    """The events that it is based on."""
    won_at: datetime
    won_by: int
    """The event with which it was won."""
    amounts: Amounts
    profits: Amounts
    """The gross profit of it, in the same currencies."""
    business: str
    """Its kind; empty until it is known whether it is the customer's first."""
    product: str | None
    lead: str | None
    pass_number: int | None
    account: str | None
    opening_origin: str | None
    """The origin of the event that opened it, according to the origin table."""
    opened_at: datetime


_DEAL_WHAT = frozenset({What.OPENED, What.UPDATED, What.REOPENED, What.WON, What.LOST})
_ORDER_WHAT = frozenset({What.ORDERED, What.AMENDED, What.CANCELLED})


def units(
    reports: Iterable[BusinessEvent],
    *,
    customers: Mapping[str, str] = MappingProxyType({}),
    further: str = FURTHER_BUSINESS,
) -> list[Unit]:
    """Return the won business in these events, in the order in which it was won.

    Reports arrive in any order; they count in the order in which they happened. `customers` maps a
    lead or a company to the customer that its business belongs to now, if different. `further` is
    the kind of a customer's business after the first.
    """
    deals: defaultdict[str, list[BusinessEvent]] = defaultdict(list)
    orders: defaultdict[str, list[BusinessEvent]] = defaultdict(list)
    renewals: list[BusinessEvent] = []
    for report in sorted(reports, key=_in_time):
        if report.what in _DEAL_WHAT and report.opportunity is not None:
            deals[report.opportunity].append(report)
        elif report.what in _ORDER_WHAT and report.order is not None:
            orders[report.order].append(report)
        elif report.what is What.RENEWED:
            renewals.append(report)
    ordered = {id: _order(events) for id, events in orders.items()}
    by_deal: defaultdict[str, list[_Order]] = defaultdict(list)
    for order in ordered.values():
        if order is not None and order.opportunity is not None:
            by_deal[order.opportunity].append(order)
    won = {id: _deal(id, events, by_deal.get(id, ())) for id, events in deals.items()}
    found = [unit for unit in won.values() if unit is not None]
    found += [
        _lone(id, order, deals.get(order.opportunity or "", ()))
        for id, order in ordered.items()
        if order is not None and not order.is_cancelled and not _is_of_won_deal(order, deals)
    ]
    found += [_renewal(report) for report in renewals]
    return list(_with_kinds(sorted(found, key=_order_of_winning), customers, further))


def _in_time(event: BusinessEvent) -> tuple[datetime, int]:
    return event.occurred_at, event.position


def _order_of_winning(unit: Unit) -> tuple[datetime, str]:
    return unit.won_at, unit.key


def _with_kinds(won: Iterable[Unit], customers: Mapping[str, str], further: str) -> Iterator[Unit]:
    """Fill in whether business of unreported kind is its customer's first or further business."""
    have_bought: set[str] = set()
    for unit in won:
        buyer = unit.account or unit.lead
        customer = customers.get(buyer, buyer) if buyer is not None else None
        is_further = customer in have_bought
        yield unit._replace(business=unit.business or (further if is_further else NEW))
        if customer is not None:
            have_bought.add(customer)


def sums_of(amounts: Iterable[tuple[str | None, Decimal | None]]) -> Amounts:
    """Add up the amounts in each currency. Unreported amounts add nothing."""
    sums: dict[str | None, Decimal | None] = {}
    for currency, value in amounts:
        before = sums.get(currency)
        sums[currency] = before if value is None else value + (before or 0)
    return sums


class _Order(NamedTuple):
    """An order after all of its reports."""

    first: BusinessEvent
    opportunity: str | None
    value: Decimal | None
    gross_profit: Decimal | None
    currency: str | None
    is_cancelled: bool
    positions: tuple[int, ...]


def _order(reports: Sequence[BusinessEvent]) -> _Order | None:
    """Combine the reports of an order; None if none reports that it was placed."""
    first = next((report for report in reports if report.what is What.ORDERED), None)
    if first is None:
        return None
    counting = [report for report in reports if report.what is not What.CANCELLED]
    decisive = [report.what for report in reports if report.what is not What.AMENDED]
    return _Order(
        first=first,
        opportunity=next(
            (report.opportunity for report in reports if report.opportunity is not None), None
        ),
        value=_last_amount(counting, "value"),
        gross_profit=_last_amount(counting, "gross_profit"),
        currency=_currency(counting),
        is_cancelled=decisive[-1] is What.CANCELLED,
        positions=tuple(sorted(report.position for report in reports)),
    )


def _is_won(reports: Sequence[BusinessEvent]) -> bool:
    decisive = [report.what for report in reports if report.what not in (What.UPDATED, What.OPENED)]
    return bool(decisive) and decisive[-1] is What.WON


def _is_of_won_deal(order: _Order, deals: Mapping[str, Sequence[BusinessEvent]]) -> bool:
    return order.opportunity is not None and _is_won(deals.get(order.opportunity, ()))


def _deal(id: str, reports: Sequence[BusinessEvent], orders: Sequence[_Order]) -> Unit | None:
    if not _is_won(reports):
        return None
    valid = [order for order in orders if not order.is_cancelled]
    currency = _currency(reports)
    won = next(report for report in reversed(reports) if report.what is What.WON)
    opening = next((report for report in reports if report.what is What.OPENED), won)
    if valid:
        amounts = sums_of((order.currency or currency, order.value) for order in valid)
        profits = sums_of((order.currency or currency, order.gross_profit) for order in valid)
        decisive = min((order.first for order in valid), key=_in_time)
    else:
        amount, profit = (
            Decimal(0) if orders else _last_amount(reports, name)
            for name in ("value", "gross_profit")
        )
        amounts, profits, decisive = {currency: amount}, {currency: profit}, won
    positions = [report.position for report in reports]
    positions += [position for order in orders for position in order.positions]
    return Unit(
        key=f"deal/{id}",
        positions=tuple(sorted(positions)),
        won_at=decisive.occurred_at,
        won_by=decisive.position,
        amounts=amounts,
        profits=profits,
        business=_last(reports, "business") or "",
        product=_last(reports, "product"),
        lead=won.lead,
        pass_number=won.pass_number,
        account=won.account,
        opening_origin=opening.origin,
        opened_at=opening.occurred_at,
    )


def _last(reports: Sequence[BusinessEvent], name: str) -> str | None:
    return next((value for report in reversed(reports) if (value := getattr(report, name))), None)


def _currency(reports: Sequence[BusinessEvent]) -> str | None:
    return _last(reports, "currency")


def _last_amount(reports: Sequence[BusinessEvent], name: str) -> Decimal | None:
    amounts = (getattr(report, name) for report in reversed(reports))
    return next((amount for amount in amounts if amount is not None), None)


def _lone(id: str, order: _Order, deal: Sequence[BusinessEvent]) -> Unit:
    """Make a unit of business from one order whose deal, if any, is not won."""
    first, currency = order.first, order.currency or _currency(deal)
    return Unit(
        key=f"order/{id}",
        positions=order.positions,
        won_at=first.occurred_at,
        won_by=first.position,
        amounts={currency: order.value},
        profits={currency: order.gross_profit},
        business=first.business or _last(deal, "business") or "",
        product=first.product,
        lead=first.lead,
        pass_number=first.pass_number,
        account=first.account,
        opening_origin=first.origin,
        opened_at=first.occurred_at,
    )


def _renewal(report: BusinessEvent) -> Unit:
    return Unit(
        key=f"renewal/{report.position}",
        positions=(report.position,),
        won_at=report.occurred_at,
        won_by=report.position,
        amounts={report.currency: report.value},
        profits={report.currency: report.gross_profit},
        business=RENEWAL,
        product=report.product,
        lead=report.lead,
        pass_number=report.pass_number,
        account=report.account,
        opening_origin=report.origin,
        opened_at=report.occurred_at,
    )
