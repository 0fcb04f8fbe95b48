"""What campaigns cost in a period, compared with counting day by day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from projections.figures.costs import Cost, CostOf, Period, Spent, costs_of, spent_in

TOKYO = ZoneInfo("Asia/Tokyo")
FIRST = date(2026, 3, 1)
DAYS = st.integers(0, 60)


def begins(day: int) -> datetime:
    at = FIRST + timedelta(days=day)
    return datetime(at.year, at.month, at.day, tzinfo=TOKYO).astimezone(UTC)


def by_hand(cost: Cost, since: int, until: int) -> Fraction:
    """Add up the days of the cost that are in a period of whole days."""
    days = [
        cost.starts_on + timedelta(days=place)
        for place in range((cost.ends_on - cost.starts_on).days + 1)
    ]
    counted = [day for day in days if since <= (day - FIRST).days < until]
    return Fraction(cost.cost) * len(counted) / len(days)


def cost_of(start: int, end: int) -> Cost:
    first, last = (FIRST + timedelta(days=day) for day in (start, end))
    return Cost("expo", "JPY", first, last, Decimal(1_000))


@given(st.tuples(DAYS, DAYS), st.tuples(DAYS, DAYS), DAYS, st.integers(1, 30))
def test_a_cost_is_spread_evenly_over_its_days(
    lasting: tuple[int, int], asked: tuple[int, int], as_of: int, within: int
) -> None:
    (start, length), (since, until) = lasting, asked
    cost = cost_of(start, start + length)
    period = Period(begins(since), begins(until), begins(as_of), timedelta(days=within))
    found = spent_in([cost], period, TOKYO)
    whole = by_hand(cost, since, min(until, as_of))
    mature = by_hand(cost, since, min(until, as_of - within))
    assert found == ([Spent("expo", "JPY", whole, mature)] if whole else [])


def test_a_day_under_way_counts_in_part() -> None:
    noon = begins(1) + timedelta(hours=12)
    [found] = spent_in([cost_of(0, 9)], Period(None, None, noon, timedelta(days=1)), TOKYO)
    assert found == Spent("expo", "JPY", Fraction(150), Fraction(50))


def test_nothing_is_divided_by_no_results_and_currencies_are_apart() -> None:
    spent = [
        Spent("expo", "JPY", Fraction(100), Fraction(50)),
        Spent("fair", "JPY", Fraction(200), Fraction(0)),
        Spent("fair", "USD", Fraction(1), Fraction(1)),
    ]
    assert costs_of(spent, 3, is_mature=False) == {
        "JPY": CostOf(Decimal("300.00"), Decimal("100.00")),
        "USD": CostOf(Decimal("1.00"), Decimal("0.33")),
    }
    assert costs_of(spent, 0, is_mature=True) == {
        "JPY": CostOf(Decimal("50.00"), None),
        "USD": CostOf(Decimal("1.00"), None),
    }
    assert costs_of([], 3, is_mature=False) == {}
