"""From reports of deals and orders to pieces of won business."""

from decimal import Decimal
from typing import Any

from projections.business.won_business import BusinessEvent, Unit, What, units
from tests.support.stories import day


class Told:
    """Reports deals and orders in one line each. A class, because positions count up."""

    def __init__(self) -> None:
        self.events: list[BusinessEvent] = []

    def tell(self, what: What, at: float = 0, **told: Any) -> "Told":
        value = told.pop("value", None)
        nothing: dict[str, Any] = dict.fromkeys(BusinessEvent._fields)
        told = {"lead": "hanako", "pass_number": 1, "account": "acme", "currency": "JPY", **told}
        self.events.append(
            BusinessEvent(
                **{
                    **nothing,
                    **told,
                    "position": len(self.events) + 1,
                    "what": what,
                    "occurred_at": day(at),
                    "value": Decimal(value) if value is not None else None,
                }
            )
        )
        return self

    def shown(self) -> list[tuple[str, Decimal | None]]:
        return [(unit.key, value_of(unit)) for unit in units(self.events)]

    def only(self) -> Unit:
        (unit,) = units(self.events)
        return unit


def value_of(unit: Unit) -> Decimal | None:
    """The value of a piece of business that has amounts in yen alone."""
    assert unit.amounts.keys() == {"JPY"}
    return unit.amounts["JPY"]


def test_a_won_deal_is_business_of_its_own_value_until_something_is_ordered() -> None:
    told = Told().tell(What.OPENED, 1, opportunity="d", value=900, origin="marketing-digital")
    assert told.shown() == []
    unit = told.tell(What.WON, 5, opportunity="d").only()
    assert (unit.key, value_of(unit), unit.won_at) == ("deal/d", Decimal(900), day(5))
    assert unit.opening_origin == "marketing-digital"
    told.tell(What.ORDERED, 7, order="o", opportunity="d", value=1000)
    unit = told.only()
    assert (unit.key, value_of(unit), unit.won_at) == ("deal/d", Decimal(1000), day(7))
    assert unit.positions == (1, 2, 3)


def test_orders_of_one_deal_are_one_piece_of_business() -> None:
    told = Told().tell(What.WON, opportunity="d", value=900)
    told.tell(What.ORDERED, 3, order="o1", opportunity="d", value=400)
    told.tell(What.ORDERED, 2, order="o2", opportunity="d", value=300)
    assert (value_of(told.only()), told.only().won_at) == (Decimal(700), day(2))


def test_a_cancelled_order_no_longer_counts() -> None:
    told = Told().tell(What.WON, opportunity="d", value=900)
    told.tell(What.ORDERED, order="o1", opportunity="d", value=400)
    told.tell(What.ORDERED, order="o2", opportunity="d", value=300)
    told.tell(What.CANCELLED, order="o1")
    assert value_of(told.only()) == 300
    told.tell(What.CANCELLED, order="o2")
    assert told.shown() == [("deal/d", Decimal(0))]
    told.tell(What.LOST, opportunity="d")
    assert told.shown() == []


def test_an_order_that_is_placed_again_counts_again() -> None:
    told = Told().tell(What.ORDERED, 1, order="o", value=400).tell(What.CANCELLED, 2, order="o")
    assert told.shown() == []
    assert told.tell(What.ORDERED, 3, order="o").shown() == [("order/o", Decimal(400))]


def test_what_happened_last_to_a_deal_or_an_order_holds_in_whatever_order_it_is_reported() -> None:
    told = Told().tell(What.WON, 20, opportunity="d", value=2)
    told.tell(What.LOST, 10, opportunity="d").tell(What.OPENED, 1, opportunity="d", value=1)
    assert told.shown() == [("deal/d", Decimal(2))]
    told.tell(What.AMENDED, 22, order="o", value=4)
    told.tell(What.ORDERED, 21, order="o", opportunity="d", value=3)
    assert told.shown() == [("deal/d", Decimal(4))]
    assert told.tell(What.LOST, 23, opportunity="d").shown() == [("order/o", Decimal(4))]


def test_an_amended_order_counts_as_amended() -> None:
    told = Told().tell(What.ORDERED, order="o", value=400).tell(What.AMENDED, order="o", value=350)
    assert told.shown() == [("order/o", Decimal(350))]


def test_an_order_of_a_deal_that_was_not_won_stands_alone() -> None:
    told = Told().tell(What.OPENED, opportunity="d").tell(What.ORDERED, order="o", opportunity="d")
    assert told.shown() == [("order/o", None)]


def test_a_deal_that_was_lost_after_all_is_not_business() -> None:
    told = Told().tell(What.WON, opportunity="d").tell(What.LOST, opportunity="d")
    assert told.shown() == []
    told.tell(What.REOPENED, opportunity="d")
    assert told.shown() == []
    assert told.tell(What.WON, opportunity="d").shown() == [("deal/d", None)]


def test_a_late_report_of_the_opening_changes_no_end() -> None:
    told = Told().tell(What.WON, 5, opportunity="d").tell(What.OPENED, 1, opportunity="d", value=7)
    assert told.shown() == [("deal/d", Decimal(7))]


def test_an_order_without_a_lead_is_business_too() -> None:
    unit = Told().tell(What.ORDERED, order="o", lead=None, account=None, value=5).only()
    assert (unit.lead, unit.account, value_of(unit)) == (None, None, Decimal(5))


def test_a_cancellation_without_an_order_has_no_effect() -> None:
    assert Told().tell(What.CANCELLED, order="o").shown() == []


def test_a_renewal_is_business_of_its_own_kind() -> None:
    unit = Told().tell(What.RENEWED, 9, value=100).only()
    assert (unit.key, unit.business, value_of(unit)) == ("renewal/1", "renewal", Decimal(100))


def test_amounts_of_different_currencies_are_not_added() -> None:
    told = Told().tell(What.WON, opportunity="d", value=900)
    told.tell(What.ORDERED, order="o1", opportunity="d", value=1000)
    told.tell(What.ORDERED, order="o2", opportunity="d", value=5, currency="USD")
    told.tell(What.ORDERED, order="o3", opportunity="d", value=2, currency="USD")
    assert told.only().amounts == {"JPY": Decimal(1000), "USD": Decimal(7)}


def test_an_order_without_a_currency_has_that_of_its_deal() -> None:
    told = Told().tell(What.OPENED, opportunity="d", value=900, currency="EUR")
    told.tell(What.ORDERED, order="o", opportunity="d", value=5, currency=None)
    assert told.only().amounts == {"EUR": Decimal(5)}
    told.tell(What.WON, opportunity="d", currency=None)
    assert (told.only().key, told.only().amounts) == ("deal/d", {"EUR": Decimal(5)})


def test_a_currency_may_be_named_later_than_the_value() -> None:
    told = Told().tell(What.ORDERED, order="o", value=5, currency=None)
    assert told.only().amounts == {None: Decimal(5)}
    assert told.tell(What.AMENDED, order="o", currency="USD").only().amounts == {"USD": Decimal(5)}


def kinds(told: Told, **asked: Any) -> dict[str, str]:
    return {unit.key: unit.business for unit in units(told.events, **asked)}


def test_what_a_customer_buys_after_the_first_is_further_business_by_time() -> None:
    """Whatever was reported first, and whichever person of the company bought."""
    told = Told().tell(What.ORDERED, 9, order="next", value=7, lead="taro")
    told.tell(What.ORDERED, 3, order="first", value=100)
    told.tell(What.ORDERED, 5, order="elsewhere", value=5, account="other")
    assert kinds(told) == {
        "order/first": "new",
        "order/elsewhere": "new",
        "order/next": "cross_sell",
    }
    assert kinds(told, further="upsell")["order/next"] == "upsell"


def test_what_was_cancelled_is_nobodys_first_business() -> None:
    told = Told().tell(What.ORDERED, 1, order="first", value=100)
    told.tell(What.ORDERED, 2, order="next", value=7).tell(What.CANCELLED, 3, order="first")
    assert kinds(told) == {"order/next": "new"}


def test_what_is_said_of_business_is_what_it_is() -> None:
    told = Told().tell(What.ORDERED, 1, order="first", business="renewal")
    told.tell(What.ORDERED, 2, order="next", business="new")
    told.tell(What.OPENED, 3, opportunity="d", business="upgrade")
    told.tell(What.ORDERED, 4, order="part", opportunity="d")
    assert kinds(told) == {"order/first": "renewal", "order/next": "new", "order/part": "upgrade"}


def test_a_person_who_has_joined_a_company_has_bought_for_it() -> None:
    told = Told().tell(What.ORDERED, 1, order="before", account=None, lead="hanako")
    told.tell(What.ORDERED, 2, order="after", account="acme", lead="hanako")
    told.tell(What.ORDERED, 3, order="nobody", account=None, lead=None)
    told.tell(What.ORDERED, 4, order="nobody else", account=None, lead=None)
    assert kinds(told)["order/after"] == "new"
    assert kinds(told, customers={"hanako": "acme"}) == {
        "order/before": "new",
        "order/after": "cross_sell",
        "order/nobody": "new",
        "order/nobody else": "new",
    }
