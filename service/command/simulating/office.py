"""What is told of no single lead: plans, costs, capacity, competitors, orders out of nowhere."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.command.simulating.market import CAMPAIGNS, Company
from service.command.simulating.selling import VALUE
from service.command.simulating.steps import CALLS, CRM, MAIL, ORDERS, SimulatedStep, Steps, amount

TEAM = "inside_sales"
LISTED_SHARE = 0.5
"""Of all companies are listed as targets before anybody there is known."""
PEOPLE_PER_CALL = 12
"""A week's capacity is a part of all people: above the backlog, which nobody here clears."""
NAMELESS_SHARE = 0.5
"""Of the orders from elsewhere name nobody at all."""

_WEEK, _FRIDAY = timedelta(weeks=1), 4
_QUARTER = timedelta(days=91)


def office(
    hand: random.Random, market: Sequence[Company], *, people: int, begins: datetime
) -> Iterator[Steps]:
    """Give everything that goes on beside the journeys, each at its own pace."""
    yield _targets(hand, market)
    yield _competitors(hand, market)
    yield _capacity(begins, people // PEOPLE_PER_CALL + 5)
    yield _plans(begins, people)
    yield _costs(hand, begins)
    yield _orders_from_elsewhere(hand, market)


def _targets(hand: random.Random, market: Sequence[Company]) -> Steps:
    for company in market:
        if hand.random() < LISTED_SHARE:
            yield _of(company, "market.target_listed", timedelta(), list="target-companies")


def _competitors(hand: random.Random, market: Sequence[Company]) -> Steps:
    """List half of the competitors at once, one by mistake, the others as they are come upon."""
    rivals = [company for company in market if company.is_competitor]
    known = (len(rivals) + 1) // 2
    for company in rivals[:known]:
        yield _of(company, "competitor.listed", timedelta())
    if rivals:
        yield _of(rivals[0], "competitor.unlisted", timedelta(days=60))
    for company in rivals[known:]:
        yield _of(company, "competitor.listed", timedelta(days=hand.randrange(5, 30)))


def _capacity(begins: datetime, calls: int) -> Steps:
    """Declare on each Friday what can be screened in the week that follows."""
    friday = begins + timedelta(days=(_FRIDAY - begins.weekday()) % 7)
    after = friday - begins
    while True:
        week = _days(friday + timedelta(days=3), timedelta(days=4))
        yield _told(CALLS, "capacity.declared", after, team=TEAM, capacity=calls, **week)
        friday, after = friday + _WEEK, _WEEK


def _plans(begins: datetime, people: int) -> Steps:
    moment, after = begins, timedelta()
    while True:
        quarter = _days(moment, _QUARTER - timedelta(days=1))
        told = {"for_department": "marketing", "figure": "MQL", "plan": str(people // 10 + 1)}
        yield _told(MAIL, "target.set", after, **told, **quarter)
        moment, after = moment + _QUARTER, _QUARTER


def _costs(hand: random.Random, begins: datetime) -> Steps:
    moment, after = begins, timedelta(days=30)
    while True:
        month = _days(moment, timedelta(days=29))
        for campaign in CAMPAIGNS:
            told = {"campaign": campaign, "cost": amount(hand, VALUE / 5), "currency": "JPY"}
            yield _told(MAIL, "campaign.cost_recorded", after, **told, **month)
            after = timedelta()
        moment, after = moment + timedelta(days=30), timedelta(days=30)


def _orders_from_elsewhere(hand: random.Random, market: Sequence[Company]) -> Steps:
    """Let companies order that nobody has called, and somebody who gives no name at all."""
    while True:
        told = {"value": amount(hand, VALUE), "currency": "JPY", "business": "new"}
        order = f"order-{hand.getrandbits(48):012x}"
        after = timedelta(days=hand.randrange(7, 40))
        if hand.random() < NAMELESS_SHARE:
            yield _told(ORDERS, "order.recorded", after, order=order, **told)
            continue
        company = hand.choice(market)
        step = _of(company, "order.recorded", after, order=order, **told)
        yield step._replace(source=ORDERS)
        yield _of(company, "account.updated", timedelta(days=1), channel="erp")


def _days(begin: datetime, length: timedelta) -> dict[str, str]:
    return {"starts_on": str(begin.date()), "ends_on": str((begin + length).date())}


def _told(source: str, type: str, after: timedelta, **data: Any) -> SimulatedStep:
    return SimulatedStep(after, source, {"type": type, "data": data})


def _of(company: Company, type: str, after: timedelta, **data: Any) -> SimulatedStep:
    account = {"domain": company.domain}
    return SimulatedStep(
        after, CRM, {"type": type, "account": account} | ({"data": data} if data else {})
    )
