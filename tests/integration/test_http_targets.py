"""Targets: what was planned, what has come of it, and where it will land."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

FROM, TO = "2026-04-01", "2026-04-30"
APRIL = {"from": FROM, "to": TO}
MARKETING = {"for_department": "marketing", "starts_on": FROM, "ends_on": TO}
PLANS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # The revision is reported before the plan that it revises.
    ("revised", "2026-04-10", {**MARKETING, "figure": "new_visitors", "plan": "4"}),
    ("first", "2026-03-20", {**MARKETING, "figure": "new_visitors", "plan": "8"}),
    ("spring", "2026-03-20", {**MARKETING, "figure": "new_visitors", "plan": "2", "campaign": "s"}),
    ("aware", "2026-03-20", {**MARKETING, "figure": "aware_targets", "plan": "3"}),
    (
        "orders",
        "2026-03-20",
        {**MARKETING, "for_department": "field_sales", "figure": "orders", "plan": "10"},
    ),
    (
        "yen",
        "2026-03-20",
        {
            **MARKETING,
            "for_department": "field_sales",
            "figure": "order_value",
            "plan": "1000",
            "currency": "JPY",
        },
    ),
    ("may", "2026-03-20", {**MARKETING, "figure": "MQL", "plan": "1", "starts_on": "2026-05-01",
                           "ends_on": "2026-05-31"}),
)  # fmt: skip


async def send(service: Service, id: str, type: str, day: str, **event: Any) -> int:
    body = {"id": id, "source": "test", "type": type, "time": f"{day}T10:00:00+09:00", **event}
    answer = await service.client.post("/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for id, day, data in PLANS:
            await send(running, id, "target.set", day, data=data)
        for number, (day, campaign) in enumerate(
            [("2026-04-02", "s"), ("2026-04-20", "t"), ("2026-04-28", ""), ("2026-05-02", "s")]
        ):
            data = {"page": "https://a.example/x"} | ({"campaign": campaign} if campaign else {})
            lead = {"anonymous_id": f"visitor-{number}"}
            await send(running, f"visit-{number}", "content.viewed", day, lead=lead, data=data)
        for number, (day, value) in enumerate([("2026-04-07", "300"), ("2026-04-21", "400")]):
            lead = {"email": f"buyer@buyer-{number}.example"}
            await send(running, f"form-{number}", "form.submitted", "2026-04-01", lead=lead)
            deal = {"opportunity": f"deal-{number}"}
            await send(
                running, f"made-{number}", "opportunity.created", "2026-04-06", lead=lead, data=deal
            )
            won = {**deal, "value": value}
            last = await send(running, f"won-{number}", "opportunity.won", day, lead=lead, data=won)
        await running.client.get("/v1/figures/targets", params={"wait_for": last})
        yield running


async def targets(service: Service, **asked: Any) -> dict[tuple[str, str | None], dict[str, Any]]:
    answer = await service.client.get("/v1/figures/targets", params={**APRIL, **asked})
    assert answer.status_code == 200, answer.text
    return {(one["figure"], one["campaign"]): one for one in answer.json()["targets"]}


def actual(target: dict[str, Any]) -> str:
    return actual_of(target["actual"])


def actual_of(number: dict[str, Any]) -> str:
    return str(number.get("amount", number["count"]))


async def test_every_target_of_the_days_has_its_plan_and_actual(service: Service) -> None:
    found = await targets(service, as_of="2026-05-31")
    assert {
        key: (target["plan"], target["original_plan"], target["revision"])
        for key, target in found.items()
    } == {
        ("new_visitors", None): ("4", "8", 2),
        ("new_visitors", "s"): ("2", "2", 1),
        ("aware_targets", None): ("3", "3", 1),
        ("orders", None): ("10", "10", 1),
        ("order_value", None): ("1000", "1000", 1),
    }
    assert found["aware_targets", None]["actual"] is None
    reached = {key: actual(target) for key, target in found.items() if target["actual"]}
    assert reached == {
        ("new_visitors", None): "3",
        ("new_visitors", "s"): "1",
        ("orders", None): "2",
        ("order_value", None): "700",
    }


async def test_the_landing_is_the_actual_by_the_share_of_business_days_passed(
    service: Service,
) -> None:
    # April 2026 has 22 working days less Showa Day, the 29th; ten of them are over on the 14th.
    found = (await targets(service, as_of="2026-04-14"))["order_value", None]
    assert found["business_days"] == {"passed": 10, "all": 21, "share": "0.476190"}
    assert (actual(found), found["achieved"], found["landing"]) == ("300", "0.300000", "630.000000")


async def test_an_actual_is_the_number_of_its_figure_and_opens_into_its_leads(
    service: Service,
) -> None:
    for target in (await targets(service, as_of="2026-05-31")).values():
        number = target["actual"]
        if number is None:
            continue
        listed = (await service.client.get(number["leads"])).json()
        assert (len(listed["leads"]), listed["figure"]) == (number["count"], number["of"])
        amounts = [int(lead["amount"]) for lead in listed["leads"] if "amount" in lead]
        assert str(sum(amounts)) == number.get("amount", "0")
        answer = await service.client.get(
            f"/v1/figures/{number['of']}",
            params={**APRIL, "as_of": "2026-05-31"}
            | ({"by": "campaign"} if target["campaign"] else {}),
        )
        assert number["count"] in {
            count["count"]
            for rows in [answer.json()["rows"], *(part["rows"] for part in answer.json()["parts"])]
            for row in rows
            if row["row"] == listed["row"]
            for count in row["counts"].values()
        }


async def test_plans_are_as_they_were_at_a_moment_and_as_they_were_known(
    service: Service,
) -> None:
    before = (await targets(service, as_of="2026-04-09"))["new_visitors", None]
    assert (before["plan"], before["original_plan"], before["revision"]) == ("8", "8", 1)
    known = await targets(service, known_at=before["position"], as_of="2026-05-31")
    assert set(known) == {("new_visitors", None)}
    revised = (await targets(service, as_of="2026-05-31"))["new_visitors", None]
    first = int(revised["position"])
    alone = (await targets(service, known_at=str(first), as_of="2026-05-31"))["new_visitors", None]
    assert (alone["plan"], alone["original_plan"], actual(alone)) == ("4", "4", "0")


async def test_without_a_period_it_is_this_month(service: Service) -> None:
    answer = (await service.client.get("/v1/figures/targets")).json()
    now = datetime.now(UTC)
    assert answer["targets"] == []
    assert answer["from"] < now.isoformat() < answer["to"]


async def test_targets_are_a_table_as_well(service: Service) -> None:
    answer = await service.client.get(
        "/v1/figures/targets",
        params={**APRIL, "as_of": "2026-05-31", "lang": "ja"},
        headers={"accept": "text/csv"},
    )
    heading, *rows = answer.text.splitlines()
    assert heading.startswith("部門,部門 名称,指標,指標 名称,通貨,")
    assert len(rows) == 5
    assert any("受注金額" in row and ",1000,1000,700,0.700000," in row for row in rows), rows


async def planned(service: Service, figure: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await service.client.get(
        f"/v1/figures/{figure}", params={"against": "plan", "as_of": "2026-06-30", **asked}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["against"] is None
    found: list[dict[str, Any]] = answer.json()["plans"]
    return found


async def test_a_figure_is_compared_with_the_plan_for_exactly_its_days(service: Service) -> None:
    visitors = {"department": "marketing", "figure": "new_visitors", "currency": None}
    cell = {"track": "lead", "row": "AL", "measure": "first"}
    whole = {**visitors, **cell, "values": None, "plan": "4", "achieved": "0.750000"}
    assert await planned(service, "flow", **APRIL) == [whole]
    by_campaign = await planned(service, "flow", **APRIL, by="campaign")
    assert by_campaign == [whole, {**whole, "values": ["s"], "plan": "2", "achieved": "0.500000"}]
    assert await planned(service, "flow", **{**APRIL, "to": "2026-04-29"}) == []
    assert [one["plan"] for one in await planned(service, "funnel_by_side", **APRIL)] == [
        "10",
        "1000",
    ]


async def test_plans_of_months_add_up_to_that_of_all_of_them(service: Service) -> None:
    june = {"for_department": "marketing", "figure": "MQL", "plan": "2"}
    days = {"starts_on": "2026-06-01", "ends_on": "2026-06-30"}
    position = await send(service, "june", "target.set", "2026-03-20", data={**june, **days})
    both = {"from": "2026-05-01", "to": "2026-06-30", "wait_for": position}
    assert [one["plan"] for one in await planned(service, "flow", **both)] == ["3"]
    assert await planned(service, "flow", **{**both, "from": FROM}) == []


async def test_a_plan_is_for_a_period_with_both_ends(service: Service) -> None:
    asked = {"against": "plan", "from": FROM}
    answer = await service.client.get("/v1/figures/flow", params=asked)
    assert (answer.status_code, answer.json()["parameter"]) == (422, "against")


async def test_a_closed_period_keeps_its_numbers_next_to_the_current_ones(
    service: Service,
) -> None:
    days = {"starts_on": FROM, "ends_on": TO}
    position = await send(service, "closed", "period.closed", "2026-05-08", data=days)
    late = {"lead": {"anonymous_id": "late"}, "data": {"page": "https://a.example/x"}}
    last = await send(service, "late", "content.viewed", "2026-04-30", **late)
    asked: dict[str, Any] = {**APRIL, "wait_for": last, "lang": "ja"}
    answer = (await service.client.get("/v1/figures/targets", params=asked)).json()
    (closed,) = answer["closed"]
    assert (closed["position"], closed["read_at"], closed["figure"]) == (
        str(position),
        str(position),
        None,
    )
    numbers = {number["figure"]: number for number in closed["numbers"]}
    visitors = numbers.pop("new_visitors")
    assert (actual_of(visitors["confirmed"]), actual_of(visitors["current"])) == ("3", "4")
    assert (visitors["changed"], visitors["figure_label"]) == (1, "新規匿名訪問")
    assert actual_of(numbers["order_value"]["confirmed"]) == "700"
    for number in numbers.values():
        assert (number["changed"], number["compare"]) == (0, None)
        assert actual_of(number["confirmed"]) == actual_of(number["current"])
    for reading, count in (("confirmed", 3), ("current", 4)):
        listed = await service.client.get(visitors[reading]["leads"])
        assert len(listed.json()["leads"]) == count
    compared = (await service.client.get(visitors["compare"])).json()
    (difference,) = compared["differences"]
    assert (difference["first"], difference["because"]) == (None, "reported")


async def test_a_period_is_closed_as_it_was_read_and_closed_again(service: Service) -> None:
    days = {"starts_on": FROM, "ends_on": TO, "figure": "orders"}
    early = await send(
        service, "early", "period.closed", "2026-05-09", data={**days, "read_at": "8"}
    )
    asked: dict[str, Any] = {**APRIL, "wait_for": early}
    closed = (await service.client.get("/v1/figures/targets", params=asked)).json()["closed"]
    (orders,) = next(one["numbers"] for one in closed if one["figure"] == "orders")
    assert (actual_of(orders["confirmed"]), actual_of(orders["current"])) == ("0", "2")
    assert orders["changed"] == 2
    again = await send(service, "again", "period.closed", "2026-05-10", data=days)
    asked = {**APRIL, "wait_for": again}
    closed = (await service.client.get("/v1/figures/targets", params=asked)).json()["closed"]
    assert [one["position"] for one in closed if one["figure"] == "orders"] == [str(again)]
    asked = {**APRIL, "known_at": str(again - 1), "as_of": "2026-06-01"}
    before = (await service.client.get("/v1/figures/targets", params=asked)).json()["closed"]
    assert [one["position"] for one in before if one["figure"] == "orders"] == [str(early)]
    asked = {**APRIL, "as_of": "2026-05-01"}
    assert (await service.client.get("/v1/figures/targets", params=asked)).json()["closed"] == []
