"""Marketing's contribution: by four policies, with the business on which they disagree."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.lifecycle.conditions import Equals, condition_of
from domain.lifecycle.definition import OriginRule
from projections.business.credit import (
    Contribution,
    Person,
    Policy,
    Rules,
    Share,
    Touch,
    contribution,
    policies_of,
)
from projections.business.won_business import Unit
from projections.figures.money.contribution import CONTRIBUTION
from tests.support.stage_histories import LIFECYCLE
from tests.support.stories import day

RULES = Rules(
    marketing_origins=frozenset({"marketing-digital", "marketing-offline"}),
    currency="JPY",
    default_currency="JPY",
    lookback=timedelta(days=90),
    business=frozenset({"new"}),
)
MARKETINGS = Person({1: "marketing-digital"}, "marketing-digital", (day(0),))
SALES = Person({1: "sales-direct"}, "sales-direct", ())


def unit(
    key: str,
    *,
    lead: str | None = "hanako",
    value: int | None = 100,
    currency: str | None = "JPY",
    **units: object,
) -> Unit:
    plain = Unit(
        key=key,
        positions=(1,),
        won_at=day(30),
        won_by=1,
        amounts={currency: Decimal(value) if value is not None else None},
        profits={},
        business="new",
        product=None,
        lead=lead,
        pass_number=1,
        account=None,
        opening_origin="sales-direct",
        opened_at=day(20),
    )
    return plain._replace(**units)  # type: ignore[arg-type]


def by(found: Contribution, policy: Policy) -> Share:
    return next(share for share in found.shares if share.policy is policy)


def test_a_direct_enquiry_is_not_marketings_and_counts_in_the_whole() -> None:
    found = contribution(
        [unit("deal/1"), unit("deal/2", lead="taro", value=300)],
        {"hanako": MARKETINGS, "taro": SALES},
        RULES,
    )
    share = by(found, Policy.ORIGIN)
    assert (share.number, share.number_of, share.by_number) == (1, 2, Decimal("0.5"))
    assert (share.value, share.value_of, share.by_value) == (
        Decimal(100),
        Decimal(400),
        Decimal("0.25"),
    )


def test_business_without_any_lead_counts_in_the_whole() -> None:
    found = contribution(
        [unit("deal/1"), unit("order/1", lead=None)], {"hanako": MARKETINGS}, RULES
    )
    assert by(found, Policy.ORIGIN).by_number == Decimal("0.5")
    assert found.by_origin == {"marketing-digital": (1, Decimal(100)), None: (1, Decimal(100))}


def test_the_pass_that_the_business_was_won_in_decides() -> None:
    person = Person({1: "marketing-digital", 2: "sales-direct"}, "marketing-digital", (day(0),))
    found = contribution([unit("deal/1", pass_number=2)], {"hanako": person}, RULES)
    assert by(found, Policy.ORIGIN).number == 0
    assert by(found, Policy.FIRST_TOUCH).number == 1


def test_policies_disagree_and_the_business_is_named() -> None:
    found = contribution([unit("deal/1")], {"hanako": MARKETINGS}, RULES)
    (credited,) = found.credited
    assert credited.is_disputed
    assert credited.by_policy == {
        Policy.ORIGIN: True,
        Policy.OPENING: False,
        Policy.FIRST_TOUCH: True,
        Policy.ANY_TOUCH: True,
    }


def test_a_policy_that_is_not_set_has_no_share_and_disagrees_with_none() -> None:
    rules = RULES._replace(policies=frozenset({Policy.ORIGIN, Policy.FIRST_TOUCH}))
    found = contribution([unit("deal/1")], {"hanako": MARKETINGS}, rules)
    opening = by(found, Policy.OPENING)
    assert (opening.is_set, opening.by_number, opening.by_value) == (False, None, None)
    assert not found.credited[0].is_disputed


def test_a_policy_is_set_if_the_table_of_origins_can_satisfy_it() -> None:
    rules = LIFECYCLE.contribution
    assert rules is not None
    assert policies_of(LIFECYCLE, rules) == set(Policy)
    nobodys = replace(LIFECYCLE, origin_rules=())
    assert policies_of(nobodys, rules) == {Policy.ANY_TOUCH}
    of_visits = OriginRule("marketing-digital", condition_of(Equals("event.type", "churned")))
    never = replace(LIFECYCLE, origin_rules=(of_visits,))
    assert policies_of(never, rules) == {Policy.ANY_TOUCH}
    assert CONTRIBUTION.named_by is not None
    labels = [CONTRIBUTION.named_by(one)["opening"].label["ja"] for one in (LIFECYCLE, never)]
    assert [label.endswith("(未設定)") for label in labels] == [False, True]


@pytest.mark.parametrize(
    ("inbound", "is_marketings"),
    [
        ([], False),
        ([(-70, "marketing-digital")], True),
        ([(-70.01, "marketing-digital")], False),
        ([(5, "marketing-digital"), (6, "reseller")], False),
        ([(5, "reseller"), (6, "marketing-digital"), (20.01, "reseller")], True),
    ],
)
def test_the_last_thing_a_person_did_in_the_90_days_before_opens_a_deal(
    inbound: list[tuple[float, str]], *, is_marketings: bool
) -> None:
    touches = [Touch(day(at), origin, is_touch=False) for at, origin in inbound]
    person = SALES._replace(inbound=touches)
    found = contribution([unit("deal/1")], {"hanako": person}, RULES)
    assert by(found, Policy.OPENING).number == is_marketings


def test_a_touch_counts_within_the_lookback_and_not_after_the_business() -> None:
    def is_touched(at: float) -> bool:
        person = Person({1: "sales-direct"}, None, (day(at),))
        found = contribution([unit("deal/1")], {"hanako": person}, RULES)
        return by(found, Policy.ANY_TOUCH).number == 1

    assert [is_touched(at) for at in (-60.01, -60, 30, 30.01)] == [False, True, True, False]


def test_renewals_and_other_currencies_are_separate() -> None:
    units = [
        unit("deal/1"),
        unit("renewal/7", business="renewal", value=50),
        unit("order/3", currency="USD"),
        unit("order/4", value=None, currency=None),
    ]
    found = contribution(units, {"hanako": MARKETINGS}, RULES)
    assert by(found, Policy.ORIGIN).number_of == 2
    assert found.apart == {"renewal": (1, Decimal(50))}
    assert (found.other_currencies, found.without_value) == ({"USD": (1, Decimal(100))}, 1)


def test_a_piece_of_business_in_two_currencies_counts_in_the_one_that_is_asked_about() -> None:
    mixed = unit("deal/1", amounts={"JPY": Decimal(1000), None: Decimal(1), "USD": Decimal(5)})
    people = {"hanako": MARKETINGS}
    in_yen = contribution([mixed], people, RULES)
    assert by(in_yen, Policy.ORIGIN).value == Decimal(1001)
    assert in_yen.other_currencies == {"USD": (1, Decimal(5))}
    in_dollars = contribution([mixed], people, RULES._replace(currency="USD"))
    assert by(in_dollars, Policy.ORIGIN).value_of == Decimal(5)
    assert in_dollars.other_currencies == {"JPY": (1, Decimal(1001))}


def test_nurtured_business_is_compared_with_the_rest() -> None:
    units = [unit("deal/1", value=300), unit("deal/2", value=100, lead="taro")]
    found = contribution(units, {"hanako": MARKETINGS, "taro": SALES}, RULES)
    assert (found.nurtured_average, found.other_average) == (Decimal(300), Decimal(100))


def test_no_business_has_no_share() -> None:
    found = contribution([], {}, RULES)
    assert [(share.number_of, share.by_number, share.by_value) for share in found.shares] == [
        (0, None, None)
    ] * 4
