"""Reports about no single lead: plans, costs, capacity, competitors, unexpected orders."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.command.simulating.market import CAMPAIGNS, Company
from service.command.simulating.selling import VALUE
from service.command.simulating.steps import CALLS, CRM, MAIL, ORDERS, SimulatedStep, Steps, amount

TEAM = "inside_sales"
LISTED_SHARE = 0.5
"""The share of companies listed as targets before any of their people is known."""
PEOPLE_PER_CALL = 12
"""A week's capacity is a fraction of all people: above the backlog, which no one here clears."""
NAMELESS_SHARE = 0.5
"""The share of orders from elsewhere that name neither a person nor a company."""

_WEEK, _FRIDAY = timedelta(weeks=1), 4
_QUARTER = timedelta(days=91)


def office(
    hand: random.Random, market: Sequence[Company], *, people: int, begins: datetime
) -> Iterator[Steps]:
    """Generate everything outside the journeys, each at its own pace."""
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
    """List half of the competitors at once, one by mistake, and the others as they turn up."""
    rivals = [company for company in market if company.is_competitor]
    known = (len(rivals) + 1) // 2
    for company in rivals[:known]:
        yield _of(company, "competitor.listed", timedelta())
    if rivals:
        yield _of(rivals[0], "competitor.unlisted", timedelta(days=60))
    for company in rivals[known:]:
        yield _of(company, "competitor.listed", timedelta(days=hand.randrange(5, 30)))


def _capacity(begins: datetime, calls: int) -> Steps:
    """Declare each Friday how many leads can be screened in the following week."""
    friday = begins + timedelta(days=(_FRIDAY - begins.weekday()) % 7)
    after = friday - begins
    while True:
        week = _days(friday + timedelta(days=3), timedelta(days=4))
        yield _report(CALLS, "capacity.declared", after, team=TEAM, capacity=calls, **week)
        friday, after = friday + _WEEK, _WEEK


def _plans(begins: datetime, people: int) -> Steps:
    moment, after = begins, timedelta()
    while True:
        quarter = _days(moment, _QUARTER - timedelta(days=1))
        data = {"for_department": "marketing", "figure": "MQL", "plan": str(people // 10 + 1)}
        yield _report(MAIL, "target.set", after, **data, **quarter)
        moment, after = moment + _QUARTER, _QUARTER


def _costs(hand: random.Random, begins: datetime) -> Steps:
    moment, after = begins, timedelta(days=30)
    while True:
        month = _days(moment, timedelta(days=29))
        for campaign in CAMPAIGNS:
            data = {"campaign": campaign, "cost": amount(hand, VALUE / 5), "currency": "JPY"}
            yield _report(MAIL, "campaign.cost_recorded", after, **data, **month)
            after = timedelta()
        moment, after = moment + timedelta(days=30), timedelta(days=30)


def _orders_from_elsewhere(hand: random.Random, market: Sequence[Company]) -> Steps:
    """Generate orders from companies that were never called, and orders without any name."""
    while True:
        data = {"value": amount(hand, VALUE), "currency": "JPY", "business": "new"}
        order = f"order-{hand.getrandbits(48):012x}"
        after = timedelta(days=hand.randrange(7, 40))
        if hand.random() < NAMELESS_SHARE:
            yield _report(ORDERS, "order.recorded", after, order=order, **data)
            continue
        company = hand.choice(market)
        step = _of(company, "order.recorded", after, order=order, **data)
        yield step._replace(source=ORDERS)
        yield _of(company, "account.updated", timedelta(days=1), channel="erp")


def _days(begin: datetime, length: timedelta) -> dict[str, str]:
    return {"starts_on": str(begin.date()), "ends_on": str((begin + length).date())}


def _report(source: str, type: str, after: timedelta, **data: Any) -> SimulatedStep:
    return SimulatedStep(after, source, {"type": type, "data": data})


def _of(company: Company, type: str, after: timedelta, **data: Any) -> SimulatedStep:
    account = {"domain": company.domain}
    return SimulatedStep(
        after, CRM, {"type": type, "account": account} | ({"data": data} if data else {})
    )
