"""The funnel by side: leads of each origin up to their orders, with amounts and gross profit."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIGURE: Final = "funnel_by_side"
STORY: Final[tuple[tuple[str | None, str, str, dict[str, Any]], ...]] = (
    ("web", "form.submitted", "01-10", {}),
    ("booth", "card.captured", "01-11", {"channel": "exhibition"}),
    ("direct", "inquiry.received", "01-12", {"channel": "sales_direct"}),
    ("shop", "inquiry.received", "01-13", {"channel": "reseller"}),
    ("friend", "lead.referred", "01-14", {}),
    ("late", "form.submitted", "01-20", {}),
    ("web", "order.recorded", "02-01", {"order": "a", "value": "900", "gross_profit": "200"}),
    ("web", "order.recorded", "02-02", {"order": "again", "value": "50", "business": "renewal"}),
    ("direct", "order.recorded", "02-03", {"order": "b", "value": "300", "gross_profit": "-20"}),
    ("shop", "order.recorded", "02-04", {"order": "c", "value": "7.50", "currency": "USD"}),
    ("booth", "order.recorded", "02-05", {"order": "d"}),
    ("late", "order.recorded", "02-06", {"order": "e", "value": "600"}),
    (None, "order.recorded", "02-06", {"order": "nobody", "value": "100"}),
    ("friend", "order.recorded", "02-07", {"order": "gone", "value": "9"}),
    ("friend", "order.cancelled", "03-01", {"order": "gone"}),
)
FEBRUARY: Final = {"from": "2026-02-01", "to": "2026-02-28"}
YEN: Final = {
    "from": "2026-02-01T00:00:00+09:00",
    "to": "2026-03-01T00:00:00+09:00",
    "currency": "JPY",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for name, type, day, data in STORY:
            event: dict[str, Any] = {
                "id": f"{name}-{type}-{day}",
                "source": "crm",
                "type": type,
                "time": f"2026-{day}T10:00:00+09:00",
                "data": data,
            }
            if name is not None:
                event["lead"] = {"email": f"{name}@{name}.example"}
            answer = await running.client.post("/v1/events", json=event)
            assert answer.status_code == 201, answer.text
        head = (await running.client.get("/v1/events", params={"limit": 1})).json()["head"]
        path = "/v1/figures/funnel_by_side"
        read = await running.client.get(path, params={"wait_for": head})
        assert read.status_code == 200, read.text
        yield running


async def amounts(service: Service, **asked: Any) -> dict[str, dict[str, str]]:
    """Return the amounts that are not zero, each the sum of those in its list."""
    answer = (await service.client.get(f"/v1/figures/{FIGURE}", params=asked)).json()
    found: dict[str, dict[str, str]] = {}
    for row in answer["rows"]:
        for measure, number in row["counts"].items():
            if number["count"] and "amount" in number:
                listed = (await service.client.get(number["leads"])).json()["leads"]
                assert sum(Decimal(one["amount"]) for one in listed) == Decimal(number["amount"])
                found.setdefault(row["row"], {})[measure] = number["amount"]
    return found


async def test_each_stage_counts_its_leads_by_whose_work_brought_them(service: Service) -> None:
    found = await numbers(service, FIGURE, **{"from": "2026-01-01", "to": "2026-01-31"})
    assert found["ML"] == {"online": 2, "offline": 1, "marketing": 3, "referral": 1, "total": 4}
    assert found["SAL"] == {"direct": 1, "resellers": 1, "sales": 2, "total": 2}
    assert "orders" not in found


async def test_orders_count_with_and_without_a_lead_and_net_of_cancellations(
    service: Service,
) -> None:
    found = await numbers(service, FIGURE, **FEBRUARY)
    assert found["orders"] == {
        "online": 2,
        "offline": 1,
        "marketing": 3,
        "direct": 1,
        "resellers": 1,
        "sales": 2,
        "unknown": 1,
        "no_lead": 1,
        "total": 7,
    }
    assert "unknown" not in found["new_orders"]
    before = await numbers(service, FIGURE, as_of="2026-02-28", **FEBRUARY)
    assert before["orders"]["referral"] == 1


async def test_amounts_are_those_of_the_listed_orders_and_no_currency_is_added(
    service: Service,
) -> None:
    found = await amounts(service, **FEBRUARY)
    assert found["orders_value_JPY"] == {
        "online": "1500",
        "marketing": "1500",
        "direct": "300",
        "sales": "300",
        "unknown": "50",
        "no_lead": "100",
        "total": "1950",
    }
    assert found["orders_value_USD"] == {"resellers": "7.50", "sales": "7.50", "total": "7.50"}
    assert found["new_orders_value_JPY"]["total"] == "1900"
    assert found["orders_gross_profit_JPY"]["total"] == "180"


async def test_a_part_has_the_orders_whose_leads_had_its_value(service: Service) -> None:
    asked = {"by": "side", **FEBRUARY}
    answer = (await service.client.get(f"/v1/figures/{FIGURE}", params=asked)).json()
    totals = {
        part["value"]: row["counts"]["total"]["count"]
        for part in answer["parts"]
        for row in part["rows"]
        if row["row"] == "orders"
    }
    assert totals == {"marketing": 3, "sales": 2, "referral": 0, "unknown": 1, None: 1}


async def test_the_share_of_amounts_is_that_of_the_money(service: Service) -> None:
    answer = (await service.client.get(f"/v1/figures/{FIGURE}", params=FEBRUARY)).json()
    shares = {row["row"]: row["shares"]["marketing_share"] for row in answer["rows"]}
    assert (shares["orders"], shares["orders_value_JPY"]) == ("0.428571", "0.769231")
    assert shares["orders_value_USD"] is None


async def test_contribution_is_shown_by_every_policy_that_is_set(service: Service) -> None:
    found = await numbers(service, "contribution", **FEBRUARY)
    assert found["origin"] == {"orders": 7, "marketing": 3, "others": 4, "disputed": 1}
    assert found["new_origin"] == {"orders": 6, "marketing": 3, "others": 3}
    assert found["first_touch"] == {"orders": 7, "marketing": 4, "others": 3, "disputed": 1}
    assert found["new_opening"] == {"orders": 6, "marketing": 3, "others": 3}
    answer = await service.client.get("/v1/figures/contribution", params={"lang": "ja"})
    labels = {row["row"]: row["row_label"] for row in answer.json()["rows"]}
    assert labels["opening"] == "売上貢献率(全受注): 商談のきっかけ"
    assert labels["new_origin_value_JPY"] == "新規受注貢献率: 獲得元: 金額 (JPY)"


async def test_the_figure_of_contribution_agrees_with_the_page_of_that_name(
    service: Service,
) -> None:
    shown = (await service.client.get("/v1/contribution", params=YEN)).json()
    answer = (await service.client.get("/v1/figures/contribution", params=FEBRUARY)).json()
    rows = {row["row"]: row["counts"] for row in answer["rows"]}
    for share in shown["shares"]:
        if share["is_set"]:
            row = rows[f"new_{share['policy']}_value_JPY"]
            assert row["marketing"]["amount"] == share["value"]
            assert row["orders"]["amount"] == share["value_of"]


async def test_a_table_has_the_amounts_as_numbers(service: Service) -> None:
    answer = await service.client.get(
        f"/v1/figures/{FIGURE}", params={"lang": "ja", **FEBRUARY}, headers={"accept": "text/csv"}
    )
    (row,) = [line for line in answer.text.splitlines() if ",orders_value_USD," in line]
    assert row.startswith("lead,orders_value_USD,受注(全体): 金額 (USD),0,0,0,0,7.50,7.50,")
