"""Won business in the rows and columns of figures about money."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.definition import Side
from domain.lifecycle.words import Words
from projections.business.won_business import Amounts, Unit
from projections.figures.money.bought import ordered_rows, rows_of
from projections.figures.money.funnel_by_side import columns_of
from tests.support.stage_histories import LIFECYCLE

NAMED = Words({"ja": "x", "en": "x"}, {"ja": "x", "en": "x"})
AMOUNTS = st.dictionaries(
    st.sampled_from([None, "JPY", "USD"]), st.none() | st.integers(-9, 9).map(Decimal)
)


def unit(amounts: Amounts, profits: Amounts, kind: str = "new") -> Unit:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Unit(
        key="deal/1",
        positions=(1,),
        won_at=at,
        won_by=1,
        amounts=amounts,
        profits=profits,
        business=kind,
        product=None,
        lead="hanako",
        pass_number=1,
        account=None,
        opening_origin=None,
        opened_at=at,
    )


def test_a_piece_of_business_is_in_a_row_for_each_currency_and_each_reported_amount() -> None:
    amounts = {"JPY": Decimal(900), "USD": None, None: Decimal(100)}
    found = dict(rows_of(unit(amounts, {"USD": Decimal(-5)}, "renewal"), LIFECYCLE, "orders"))
    assert found == {
        "orders": None,
        "orders_value_JPY": Decimal(1000),
        "orders_gross_profit_USD": Decimal(-5),
    }


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, st.sampled_from(["new", "renewal"])), max_size=5))
def test_each_currency_adds_up_to_what_was_reported_in_it(
    business: list[tuple[Amounts, Amounts, str]],
) -> None:
    found: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    for amounts, profits, kind in business:
        for row, amount in rows_of(unit(amounts, profits, kind), LIFECYCLE, "orders"):
            found[row] += int(amount or 0)
        for name, of in (("value", amounts), ("gross_profit", profits)):
            for currency, amount in of.items():
                for scope in ("", "new_") if kind == "new" else ("",):
                    expected[f"{scope}orders_{name}_{currency or 'JPY'}"] += int(amount or 0)
    assert +found == +expected
    assert -found == -expected


def test_the_lifecycles_currency_comes_first_and_amounts_follow_what_they_are_of() -> None:
    counted = {"orders_value_AED", "orders_value_JPY", "new_orders_gross_profit_JPY"}
    assert ordered_rows(LIFECYCLE, counted, ("orders",)) == [
        *("orders", "orders_value_JPY", "orders_value_AED"),
        *("new_orders", "new_orders_gross_profit_JPY"),
    ]


def test_a_companys_own_origins_count_on_the_side_that_it_declares() -> None:
    origins = {**LIFECYCLE.origins, "fair": NAMED, "partner": NAMED, "walk-in": NAMED}
    sides = {
        **LIFECYCLE.sides,
        "marketing": Side(NAMED, ("marketing-digital", "fair")),
        "sales": Side(NAMED, ("reseller", "partner")),
    }
    found = columns_of(replace(LIFECYCLE, origins=origins, sides=sides))
    own = {name: found[name] for name in ("marketing-digital", "fair", "partner", "walk-in")}
    assert own == {
        "marketing-digital": "online",
        "fair": "offline",
        "partner": "direct",
        "walk-in": "other",
    }
