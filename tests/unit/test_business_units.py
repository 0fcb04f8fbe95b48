"""From reports of deals and orders to pieces of won business."""

from decimal import Decimal
from typing import Any

from projections.business.won_business import BusinessEvent, Unit, What, units
from tests.support.stories import day


class Reports:
    """Reports deals and orders in one line each. A class, because positions count up."""

    def __init__(self) -> None:
        self.events: list[BusinessEvent] = []

    def tell(self, what: What, at: float = 0, **reported: Any) -> "Reports":
        value = reported.pop("value", None)
        nothing: dict[str, Any] = dict.fromkeys(BusinessEvent._fields)
        reported = {
            "lead": "hanako",
            "pass_number": 1,
            "account": "acme",
            "currency": "JPY",
            **reported,
        }
        self.events.append(
            BusinessEvent(
                **{
                    **nothing,
                    **reported,
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


def test_gross_profit_is_that_of_the_orders_once_there_are_any() -> None:
    reports = Reports().tell(What.OPENED, 1, opportunity="d", gross_profit=Decimal(90))
    assert reports.tell(What.WON, 5, opportunity="d").only().profits == {"JPY": Decimal(90)}
    reports.tell(What.ORDERED, 7, order="o", opportunity="d", gross_profit=Decimal(70))
    reports.tell(What.ORDERED, 8, order="p", opportunity="d", currency="USD")
    unit = reports.tell(What.AMENDED, 9, order="o", gross_profit=Decimal(-5)).only()
    assert (unit.profits, unit.won_by) == ({"JPY": Decimal(-5), "USD": None}, 3)


def test_a_won_deal_is_business_of_its_own_value_until_something_is_ordered() -> None:
    reports = Reports().tell(What.OPENED, 1, opportunity="d", value=900, origin="marketing-digital")
    assert reports.shown() == []
    unit = reports.tell(What.WON, 5, opportunity="d").only()
    assert (unit.key, value_of(unit), unit.won_at) == ("deal/d", Decimal(900), day(5))
    assert unit.opening_origin == "marketing-digital"
    reports.tell(What.ORDERED, 7, order="o", opportunity="d", value=1000)
    unit = reports.only()
    assert (unit.key, value_of(unit), unit.won_at) == ("deal/d", Decimal(1000), day(7))
    assert unit.positions == (1, 2, 3)


def test_orders_of_one_deal_are_one_piece_of_business() -> None:
    reports = Reports().tell(What.WON, opportunity="d", value=900)
    reports.tell(What.ORDERED, 3, order="o1", opportunity="d", value=400)
    reports.tell(What.ORDERED, 2, order="o2", opportunity="d", value=300)
    assert (value_of(reports.only()), reports.only().won_at) == (Decimal(700), day(2))


def test_a_cancelled_order_no_longer_counts() -> None:
    reports = Reports().tell(What.WON, opportunity="d", value=900)
    reports.tell(What.ORDERED, order="o1", opportunity="d", value=400)
    reports.tell(What.ORDERED, order="o2", opportunity="d", value=300)
    reports.tell(What.CANCELLED, order="o1")
    assert value_of(reports.only()) == 300
    reports.tell(What.CANCELLED, order="o2")
    assert reports.shown() == [("deal/d", Decimal(0))]
    reports.tell(What.LOST, opportunity="d")
    assert reports.shown() == []


def test_an_order_that_is_placed_again_counts_again() -> None:
    reports = (
        Reports().tell(What.ORDERED, 1, order="o", value=400).tell(What.CANCELLED, 2, order="o")
    )
    assert reports.shown() == []
    assert reports.tell(What.ORDERED, 3, order="o").shown() == [("order/o", Decimal(400))]


def test_what_happened_last_to_a_deal_or_an_order_holds_in_whatever_order_it_is_reported() -> None:
    reports = Reports().tell(What.WON, 20, opportunity="d", value=2)
    reports.tell(What.LOST, 10, opportunity="d").tell(What.OPENED, 1, opportunity="d", value=1)
    assert reports.shown() == [("deal/d", Decimal(2))]
    reports.tell(What.AMENDED, 22, order="o", value=4)
    reports.tell(What.ORDERED, 21, order="o", opportunity="d", value=3)
    assert reports.shown() == [("deal/d", Decimal(4))]
    assert reports.tell(What.LOST, 23, opportunity="d").shown() == [("order/o", Decimal(4))]


def test_an_amended_order_counts_as_amended() -> None:
    reports = (
        Reports().tell(What.ORDERED, order="o", value=400).tell(What.AMENDED, order="o", value=350)
    )
    assert reports.shown() == [("order/o", Decimal(350))]


def test_an_order_of_a_deal_that_was_not_won_stands_alone() -> None:
    reports = (
        Reports().tell(What.OPENED, opportunity="d").tell(What.ORDERED, order="o", opportunity="d")
    )
    assert reports.shown() == [("order/o", None)]


def test_a_deal_that_was_lost_after_all_is_not_business() -> None:
    reports = Reports().tell(What.WON, opportunity="d").tell(What.LOST, opportunity="d")
    assert reports.shown() == []
    reports.tell(What.REOPENED, opportunity="d")
    assert reports.shown() == []
    assert reports.tell(What.WON, opportunity="d").shown() == [("deal/d", None)]


def test_a_late_report_of_the_opening_changes_no_end() -> None:
    reports = (
        Reports().tell(What.WON, 5, opportunity="d").tell(What.OPENED, 1, opportunity="d", value=7)
    )
    assert reports.shown() == [("deal/d", Decimal(7))]


def test_an_order_without_a_lead_is_business_too() -> None:
    unit = Reports().tell(What.ORDERED, order="o", lead=None, account=None, value=5).only()
    assert (unit.lead, unit.account, value_of(unit)) == (None, None, Decimal(5))


def test_a_cancellation_without_an_order_has_no_effect() -> None:
    assert Reports().tell(What.CANCELLED, order="o").shown() == []


def test_a_renewal_is_business_of_its_own_kind() -> None:
    unit = Reports().tell(What.RENEWED, 9, value=100).only()
    assert (unit.key, unit.business, value_of(unit)) == ("renewal/1", "renewal", Decimal(100))


def test_amounts_of_different_currencies_are_not_added() -> None:
    reports = Reports().tell(What.WON, opportunity="d", value=900)
    reports.tell(What.ORDERED, order="o1", opportunity="d", value=1000)
    reports.tell(What.ORDERED, order="o2", opportunity="d", value=5, currency="USD")
    reports.tell(What.ORDERED, order="o3", opportunity="d", value=2, currency="USD")
    assert reports.only().amounts == {"JPY": Decimal(1000), "USD": Decimal(7)}


def test_an_order_without_a_currency_has_that_of_its_deal() -> None:
    reports = Reports().tell(What.OPENED, opportunity="d", value=900, currency="EUR")
    reports.tell(What.ORDERED, order="o", opportunity="d", value=5, currency=None)
    assert reports.only().amounts == {"EUR": Decimal(5)}
    reports.tell(What.WON, opportunity="d", currency=None)
    assert (reports.only().key, reports.only().amounts) == ("deal/d", {"EUR": Decimal(5)})


def test_a_currency_may_be_named_later_than_the_value() -> None:
    reports = Reports().tell(What.ORDERED, order="o", value=5, currency=None)
    assert reports.only().amounts == {None: Decimal(5)}
    assert reports.tell(What.AMENDED, order="o", currency="USD").only().amounts == {
        "USD": Decimal(5)
    }


def kinds(reports: Reports, **asked: Any) -> dict[str, str]:
    return {unit.key: unit.business for unit in units(reports.events, **asked)}


def test_what_a_customer_buys_after_the_first_is_further_business_by_time() -> None:
    """Whatever was reports first, and whichever person of the company bought."""
    reports = Reports().tell(What.ORDERED, 9, order="next", value=7, lead="taro")
    reports.tell(What.ORDERED, 3, order="first", value=100)
    reports.tell(What.ORDERED, 5, order="elsewhere", value=5, account="other")
    assert kinds(reports) == {
        "order/first": "new",
        "order/elsewhere": "new",
        "order/next": "cross_sell",
    }
    assert kinds(reports, further="upsell")["order/next"] == "upsell"


def test_what_was_cancelled_is_nobodys_first_business() -> None:
    reports = Reports().tell(What.ORDERED, 1, order="first", value=100)
    reports.tell(What.ORDERED, 2, order="next", value=7).tell(What.CANCELLED, 3, order="first")
    assert kinds(reports) == {"order/next": "new"}


def test_what_is_said_of_business_is_what_it_is() -> None:
    reports = Reports().tell(What.ORDERED, 1, order="first", business="renewal")
    reports.tell(What.ORDERED, 2, order="next", business="new")
    reports.tell(What.OPENED, 3, opportunity="d", business="upgrade")
    reports.tell(What.ORDERED, 4, order="part", opportunity="d")
    assert kinds(reports) == {
        "order/first": "renewal",
        "order/next": "new",
        "order/part": "upgrade",
    }


def test_a_person_who_has_joined_a_company_has_bought_for_it() -> None:
    reports = Reports().tell(What.ORDERED, 1, order="before", account=None, lead="hanako")
    reports.tell(What.ORDERED, 2, order="after", account="acme", lead="hanako")
    reports.tell(What.ORDERED, 3, order="nobody", account=None, lead=None)
    reports.tell(What.ORDERED, 4, order="nobody else", account=None, lead=None)
    assert kinds(reports)["order/after"] == "new"
    assert kinds(reports, customers={"hanako": "acme"}) == {
        "order/before": "new",
        "order/after": "cross_sell",
        "order/nobody": "new",
        "order/nobody else": "new",
    }
