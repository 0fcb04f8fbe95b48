"""From business events to units of business: a won deal with its orders, or an order alone. Pure.

    opportunity.won  deal-1  900,000
    order.recorded   order-1 of deal-1  1,000,000
    order.recorded   order-2            200,000

are two units: deal-1 of 1,000,000 (what was ordered counts, not what was promised), and order-2.
What was cancelled counts no more; a deal of which every order was cancelled is no business.
Amounts of different currencies are never added: a deal with an order of JPY 1,000 and one of USD 5
has two amounts. An order that names no currency has that of its deal.
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
"""What a customer buys first, if nobody says what it is; what follows is further business."""
RENEWAL = "renewal"


class What(StrEnum):
    """What a business event tells of a deal or an order."""

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
    """One thing told of a deal, an order or a renewal."""

    position: int
    what: What
    occurred_at: datetime
    lead: str | None
    pass_number: int | None
    account: str | None
    opportunity: str | None
    order: str | None
    value: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    origin: str | None
    """What the origin table says of this very event."""


Amounts: TypeAlias = Mapping[str | None, Decimal | None]
"""Currency → amount. The currency is None where nobody named one, the amount where nobody did."""


class Unit(NamedTuple):
    """One piece of won business."""

    key: str
    """`deal/<id>`, `order/<id>`, or `renewal/<position>`."""
    positions: tuple[int, ...]
    """The events that it stands on."""
    won_at: datetime
    amounts: Amounts
    business: str
    """Its kind; empty until it is known whether it is its customer's first."""
    product: str | None
    lead: str | None
    pass_number: int | None
    account: str | None
    opening_origin: str | None
    """What the origin table says of the event that opened it."""


_DEAL_WHAT = frozenset({What.OPENED, What.UPDATED, What.REOPENED, What.WON, What.LOST})
_ORDER_WHAT = frozenset({What.ORDERED, What.AMENDED, What.CANCELLED})


def units(
    told: Iterable[BusinessEvent],
    *,
    customers: Mapping[str, str] = MappingProxyType({}),
    further: str = FURTHER_BUSINESS,
) -> list[Unit]:
    """Return the won business that these events make, in the order in which it was won.

    Reports come in any order, so the last one told of a deal or an order holds, but for an opening
    that is told after the end. `customers` says whose a lead's or a company's business is by now,
    where that is another one; `further` is what a customer's business is called after the first.
    """
    deals: defaultdict[str, list[BusinessEvent]] = defaultdict(list)
    orders: defaultdict[str, list[BusinessEvent]] = defaultdict(list)
    renewals: list[BusinessEvent] = []
    for one in sorted(told, key=lambda event: event.position):
        if one.what in _DEAL_WHAT and one.opportunity is not None:
            deals[one.opportunity].append(one)
        elif one.what in _ORDER_WHAT and one.order is not None:
            orders[one.order].append(one)
        elif one.what is What.RENEWED:
            renewals.append(one)
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
    found += [_renewal(one) for one in renewals]
    return list(_with_kinds(sorted(found, key=_order_of_winning), customers, further))


def _order_of_winning(unit: Unit) -> tuple[datetime, str]:
    return unit.won_at, unit.key


def _with_kinds(won: Iterable[Unit], customers: Mapping[str, str], further: str) -> Iterator[Unit]:
    """Say of business of which nobody did whether it is its customer's first."""
    have_bought: set[str] = set()
    for unit in won:
        buyer = unit.account or unit.lead
        customer = customers.get(buyer, buyer) if buyer is not None else None
        is_further = customer in have_bought
        yield unit._replace(business=unit.business or (further if is_further else NEW))
        if customer is not None:
            have_bought.add(customer)


def sums_of(amounts: Iterable[tuple[str | None, Decimal | None]]) -> Amounts:
    """Add up the amounts of each currency; an amount that nobody told adds nothing."""
    sums: dict[str | None, Decimal | None] = {}
    for currency, value in amounts:
        before = sums.get(currency)
        sums[currency] = before if value is None else value + (before or 0)
    return sums


class _Order(NamedTuple):
    """An order after everything told of it."""

    first: BusinessEvent
    opportunity: str | None
    value: Decimal | None
    currency: str | None
    is_cancelled: bool
    positions: tuple[int, ...]


def _order(told: Sequence[BusinessEvent]) -> _Order | None:
    """Put together what was told of an order; None if nobody told that it was placed."""
    first = next((one for one in told if one.what is What.ORDERED), None)
    if first is None:
        return None
    counting = [one for one in told if one.what is not What.CANCELLED]
    return _Order(
        first=first,
        opportunity=next((one.opportunity for one in told if one.opportunity is not None), None),
        value=_last_value(counting),
        currency=_currency(counting),
        is_cancelled=any(one.what is What.CANCELLED for one in told),
        positions=tuple(one.position for one in told),
    )


def _is_won(told: Sequence[BusinessEvent]) -> bool:
    decisive = [one.what for one in told if one.what not in (What.UPDATED, What.OPENED)]
    return bool(decisive) and decisive[-1] is What.WON


def _is_of_won_deal(order: _Order, deals: Mapping[str, Sequence[BusinessEvent]]) -> bool:
    return order.opportunity is not None and _is_won(deals.get(order.opportunity, ()))


def _deal(id: str, told: Sequence[BusinessEvent], orders: Sequence[_Order]) -> Unit | None:
    if not _is_won(told):
        return None
    standing = [order for order in orders if not order.is_cancelled]
    if orders and not standing:
        return None
    currency = _currency(told)
    won = next(one for one in reversed(told) if one.what is What.WON)
    opening = next((one for one in told if one.what is What.OPENED), won)
    if standing:
        amounts = sums_of((order.currency or currency, order.value) for order in standing)
        won_at = min(order.first.occurred_at for order in standing)
    else:
        amounts, won_at = {currency: _last_value(told)}, won.occurred_at
    positions = [one.position for one in told]
    positions += [position for order in orders for position in order.positions]
    return Unit(
        key=f"deal/{id}",
        positions=tuple(sorted(positions)),
        won_at=won_at,
        amounts=amounts,
        business=_last(told, "business") or "",
        product=_last(told, "product"),
        lead=won.lead,
        pass_number=won.pass_number,
        account=won.account,
        opening_origin=opening.origin,
    )


def _last(told: Sequence[BusinessEvent], name: str) -> str | None:
    return next((value for one in reversed(told) if (value := getattr(one, name))), None)


def _currency(told: Sequence[BusinessEvent]) -> str | None:
    return _last(told, "currency")


def _last_value(told: Sequence[BusinessEvent]) -> Decimal | None:
    return next((one.value for one in reversed(told) if one.value is not None), None)


def _lone(id: str, order: _Order, deal: Sequence[BusinessEvent]) -> Unit:
    """Make a piece of business of one order, whose deal, if it has one, is not won."""
    first = order.first
    return Unit(
        key=f"order/{id}",
        positions=order.positions,
        won_at=first.occurred_at,
        amounts={order.currency or _currency(deal): order.value},
        business=first.business or _last(deal, "business") or "",
        product=first.product,
        lead=first.lead,
        pass_number=first.pass_number,
        account=first.account,
        opening_origin=first.origin,
    )


def _renewal(told: BusinessEvent) -> Unit:
    return Unit(
        key=f"renewal/{told.position}",
        positions=(told.position,),
        won_at=told.occurred_at,
        amounts={told.currency: told.value},
        business=RENEWAL,
        product=told.product,
        lead=told.lead,
        pass_number=told.pass_number,
        account=told.account,
        opening_origin=told.origin,
    )
