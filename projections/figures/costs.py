"""What campaigns cost in a period, and what a lead, a stage or an order cost. Pure.

    expo  JPY 300,000  from 1 to 30 April      10,000 a day
    asked for 11 to 20 April                   100,000
    as of 20 May, within 35 days               50,000 of days whose leads are mature

A result is divided into the cost of the days on which it could have begun: the cost of the days
whose leads are still immature does not count yet, just as those leads do not.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

CENT: Final = Decimal("0.01")
DAY: Final = timedelta(days=1)


class Cost(NamedTuple):
    """What a campaign cost from one day to another, both included."""

    campaign: str
    currency: str
    starts_on: date
    ends_on: date
    cost: Decimal


class Spent(NamedTuple):
    """What a campaign cost in a period, in one currency."""

    campaign: str
    currency: str
    whole: Fraction
    mature: Fraction
    """The part of the days whose leads are mature."""


class CostOf(NamedTuple):
    """The cost of the results of a row in one currency."""

    amount: Decimal
    each: Decimal | None
    """None if there are no results."""


class Period(NamedTuple):
    since: datetime | None
    until: datetime | None
    """Exclusive. None: there is no bound."""
    as_of: datetime
    within: timedelta


def spent_in(costs: Iterable[Cost], period: Period, zone: ZoneInfo) -> list[Spent]:
    """Return what costs of a period come to, spread evenly over the days of each."""
    ends = _earlier(period.until, period.as_of)
    matures = _earlier(period.until, period.as_of - period.within)
    found: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
    for cost in costs:
        whole = _part(cost, period.since, ends, zone)
        if whole:
            key = cost.campaign, cost.currency
            before = found.get(key, (Fraction(), Fraction()))
            mature = _part(cost, period.since, matures, zone)
            found[key] = before[0] + whole, before[1] + mature
    return [Spent(*key, *amounts) for key, amounts in sorted(found.items())]


def costs_of(spent: Iterable[Spent], results: int, *, is_mature: bool) -> Mapping[str, CostOf]:
    """Return the cost in each currency; of immature results, that of all days."""
    sums: dict[str, Fraction] = {}
    for one in spent:
        amount = one.mature if is_mature else one.whole
        sums[one.currency] = sums.get(one.currency, Fraction()) + amount
    return {
        currency: CostOf(_rounded(amount), _rounded(amount / results) if results else None)
        for currency, amount in sorted(sums.items())
    }


def _earlier(until: datetime | None, moment: datetime) -> datetime:
    return moment if until is None else min(until, moment)


def _part(cost: Cost, since: datetime | None, until: datetime, zone: ZoneInfo) -> Fraction:
    days = (cost.ends_on - cost.starts_on) // DAY + 1
    begins = _days_until(since, cost.starts_on, zone) if since is not None else Fraction()
    ends = _days_until(until, cost.starts_on, zone)
    lasted = min(ends, Fraction(days)) - max(begins, Fraction())
    return Fraction(cost.cost) * max(lasted, Fraction()) / days


def _days_until(moment: datetime, first: date, zone: ZoneInfo) -> Fraction:
    """Return the days from the beginning of one day to a moment; the last may be a part of one."""
    local = moment.astimezone(zone)
    of_day = local.replace(tzinfo=None) - datetime.combine(local.date(), datetime.min.time())
    return (local.date() - first) // DAY + Fraction(
        of_day // timedelta.resolution, DAY // timedelta.resolution
    )


def _rounded(amount: Fraction) -> Decimal:
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(CENT, ROUND_HALF_EVEN)
