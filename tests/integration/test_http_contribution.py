"""Marketing's contribution over HTTP, explained down to the single event."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUMMER = {"from": "2026-06-01T00:00:00+09:00", "to": "2026-09-01T00:00:00+09:00"}
MARKETINGS, SALES = {"email": "hanako@acme.example"}, {"email": "taro@other.example"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running, "form.submitted", 1, MARKETINGS)
        await report(running, "opportunity.created", 2, MARKETINGS, opportunity="a", value="900")
        await report(running, "opportunity.won", 3, MARKETINGS, opportunity="a", value="900")
        await report(
            running, "order.recorded", 4, MARKETINGS, order="o", opportunity="a", value="700"
        )
        await report(running, "inquiry.received", 5, SALES, channel="sales_direct")
        await report(running, "opportunity.created", 6, SALES, opportunity="b", value="300")
        await report(running, "opportunity.won", 7, SALES, opportunity="b", value="300")
        await report(
            running, "order.recorded", 8, None, order="nobody", value="100", currency="JPY"
        )
        yield running


async def report(
    service: Service, type: str, day: int, lead: dict[str, str] | None, **data: Any
) -> int:
    event: dict[str, Any] = {"id": f"{type} {day}", "source": "test", "type": type, "data": data}
    event |= {"time": f"2026-07-{day:02}T00:00:00Z"} | ({"lead": lead} if lead else {})
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


async def ask(service: Service, **asked: Any) -> Any:
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    for projection in ("stage_intervals", "directory"):
        await service.part(ProjectedTables).checkpoints.wait_for(
            int(head), name=projection, timeout_s=10
        )
    answer = await service.client.get("/v1/contribution", params={"wait_for": head, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_enquiries_to_sales_and_business_without_a_lead_count_in_the_total(
    service: Service,
) -> None:
    found = await ask(service, **SUMMER, lang="ja")
    share = next(one for one in found["shares"] if one["policy"] == "origin")
    assert (share["number"], share["number_of"], share["by_number"]) == (1, 3, "0.333333")
    assert (share["value"], share["value_of"]) == ("700", "1100")
    assert [(origin["origin"], origin["number"]) for origin in found["origins"]] == [
        ("marketing-digital", 1),
        ("sales-direct", 1),
        (None, 1),
    ]
    assert found["origins"][0]["origin_label"] == "マーケティング(デジタル)"


async def test_business_in_another_currency_can_be_requested(service: Service) -> None:
    found = await ask(service, **SUMMER, currency="usd")
    assert found["currency"] == "USD"
    assert [share["number_of"] for share in found["shares"]] == [0] * 4
    assert found["other_currencies"] == [{"currency": "JPY", "number": 3, "value": "1100"}]
    answer = await service.client.get("/v1/contribution", params={"currency": "dollars"})
    assert answer.status_code == 422


async def test_every_item_names_the_events_it_is_based_on(service: Service) -> None:
    found = await ask(service)
    deal = next(one for one in found["business"] if one["business"] == "deal/test/a")
    types = [await type_at(service, int(position)) for position in deal["positions"]]
    assert types == ["opportunity.created", "opportunity.won", "order.recorded"]


async def type_at(service: Service, position: int) -> str:
    answer = await service.client.get(f"/v1/events?after={position - 1}&limit=1")
    return str(answer.json()["events"][0]["type"])


async def test_business_counts_by_order_date_within_the_period(service: Service) -> None:
    before = await ask(service, to="2026-07-04T00:00:01Z")
    assert [(one["business"], one["value"]) for one in before["business"]] == [
        ("deal/test/a", "700")
    ]
    after = await ask(service, **{"from": "2026-07-08T00:00:00Z"})
    assert [one["business"] for one in after["business"]] == ["order/test/nobody"]


async def test_business_not_yet_known_does_not_count(service: Service) -> None:
    won = next(one for one in (await ask(service))["business"] if one["business"] == "deal/test/b")
    before = await ask(service, known_at=str(int(won["positions"][-1]) - 1))
    assert [one["business"] for one in before["business"]] == ["deal/test/a"]


async def test_only_disputed_business_can_be_listed(service: Service) -> None:
    found = await ask(service, disputed=True)
    assert found["disputed"] == len(found["business"])
    assert all(len(set(one["marketing"].values())) == 2 for one in found["business"])


async def test_an_origin_corrected_after_the_last_move_counts_until_it_is_taken_back(
    service: Service,
) -> None:
    async def origin(**asked: Any) -> str:
        found = (await ask(service, **asked))["business"]
        current: str = next(row["origin"] for row in found if row["business"] == "deal/test/b")
        return current

    corrected = await report(service, "origin.corrected", 24, SALES, origin="marketing-digital")
    assert await origin() == "marketing-digital"
    assert await origin(known_at=str(corrected - 1)) == "sales-direct"
    await report(service, "event.voided", 25, None, event=str(corrected))
    assert await origin() == "sales-direct"
    assert await origin(known_at=str(corrected)) == "marketing-digital"


async def test_a_deal_whose_order_is_cancelled_brings_nothing(service: Service) -> None:
    await report(service, "order.cancelled", 20, SALES, order="never")
    assert len((await ask(service))["business"]) == 3
    await report(service, "order.cancelled", 21, MARKETINGS, order="o")
    found = await ask(service)
    worth = {one["business"]: one["value"] for one in found["business"]}
    assert (len(worth), worth["deal/test/a"]) == (3, "0")


async def test_a_corrected_value_counts_from_its_correction(service: Service) -> None:
    won = next(one for one in (await ask(service))["business"] if one["business"] == "deal/test/b")
    assert won["value"] == "300"
    corrected = {"event": won["positions"][-1], "fields": {"value": "350"}}
    position = await report(service, "event.corrected", 22, None, **corrected)
    found = next(
        one for one in (await ask(service))["business"] if one["business"] == "deal/test/b"
    )
    assert found["value"] == "350"
    before = (await ask(service, known_at=str(position - 1)))["business"]
    assert next(one["value"] for one in before if one["business"] == "deal/test/b") == "300"


async def test_business_whose_time_is_corrected_counts_at_that_time(service: Service) -> None:
    async def won_at(**asked: Any) -> str:
        found = (await ask(service, **asked))["business"]
        return next(str(row["won_at"]) for row in found if row["business"] == "deal/test/b")

    before = await won_at()
    won = next(one for one in (await ask(service))["business"] if one["business"] == "deal/test/b")
    corrected = {"event": won["positions"][-1], "fields": {"time": "2026-07-20T00:00:00Z"}}
    position = await report(service, "event.corrected", 26, None, **corrected)
    assert (await won_at())[:10] == "2026-07-20"
    assert await won_at(known_at=str(position - 1)) == before


async def test_voided_business_never_was(service: Service) -> None:
    business = (await ask(service))["business"]
    won = next(one for one in business if one["business"] == "deal/test/b")
    await report(service, "event.voided", 23, None, event=won["positions"][-1])
    found = {one["business"] for one in (await ask(service))["business"]}
    assert found == {one["business"] for one in business} - {"deal/test/b"}


async def test_orders_of_two_systems_with_one_number_are_two(service: Service) -> None:
    """Later events about one of them refer to the order of the same system."""
    asked = {"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}

    async def order(source: str, type: str, day: int, value: str, **data: str) -> int:
        event = {
            "id": f"{type} {day}",
            "source": source,
            "type": type,
            "time": f"2026-10-{day:02}T00:00:00Z",
            "lead": {"email": f"hanako@{source}.example"},
            "data": {**({"value": value} if value else {}), **(data or {"order": "0001"})},
        }
        answer = await service.client.post("/v1/events", json=event)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["position"])

    async def values() -> dict[str, str]:
        return {one["business"]: one["value"] for one in (await ask(service, **asked))["business"]}

    await order("berlin", "order.recorded", 1, "100")
    placed = await order("osaka", "order.recorded", 2, "7")
    assert await values() == {"order/berlin/0001": "100", "order/osaka/0001": "7"}
    await order("osaka", "order.amended", 3, "9")
    assert await values() == {"order/berlin/0001": "100", "order/osaka/0001": "9"}
    corrected = {"event": str(placed), "fields": {"order": "0002"}}
    await report(service, "event.corrected", 27, None, **corrected)
    assert await values() == {"order/berlin/0001": "100", "order/osaka/0002": "7"}
    await order("berlin", "order.cancelled", 4, "")
    assert await values() == {"order/osaka/0002": "7"}
    await order("osaka", "opportunity.won", 5, "20", opportunity="z", business="new")
    parts = {"order/osaka/0002": "7", "deal/osaka/z": "20"}
    assert await values() == parts
    of_the_deal = {"event": str(placed), "fields": {"opportunity": "z"}}
    await report(service, "event.corrected", 28, None, **of_the_deal)
    assert await values() == {"deal/osaka/z": "7"}
    of_none = {"event": str(placed), "fields": {"opportunity": None}}
    await report(service, "event.corrected", 29, None, **of_none)
    assert await values() == parts


async def test_a_further_order_is_separate_until_the_first_is_taken_back(
    service: Service,
) -> None:
    """Whether a person or only the company is named, and also after two companies were merged."""
    asked = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}

    async def order(day: int, **named: Any) -> dict[str, Any]:
        event = {
            "id": f"next {day}",
            "source": "test",
            "type": "order.recorded",
            "time": f"2026-11-{day:02}T00:00:00Z",
            "data": {"order": f"next-{day}", "value": f"{day}00"},
            **named,
        }
        answer = await service.client.post("/v1/events", json=event)
        assert answer.status_code == 201, answer.text
        recorded: dict[str, Any] = answer.json()
        return recorded

    async def kinds() -> dict[str, str]:
        found = await ask(service, **asked)
        new = {one["business"]: one["kind"] for one in found["business"]}
        return new | {one["business"]: one["value"] for one in found["apart"]}

    first = await order(1, lead={"email": "ken@loyal.example"})
    await order(3, lead={"email": "ken@loyal.example"})
    await order(2, account={"domain": "loyal.example"})
    assert await kinds() == {"order/test/next-1": "new", "cross_sell": "500"}
    await report(service, "event.voided", 30, None, event=first["position"])
    assert await kinds() == {"order/test/next-2": "new", "cross_sell": "300"}
    old = await order(4, account={"domain": "bought.example"})
    assert (await kinds())["order/test/next-4"] == "new"
    merged = {
        "id": "merged",
        "source": "test",
        "type": "account.merged",
        "account": {"domain": "loyal.example"},
        "data": {"other": old["subject"].removeprefix("account/")},
    }
    answer = await service.client.post("/v1/events", json=merged)
    assert answer.status_code == 201, answer.text
    assert await kinds() == {"order/test/next-2": "new", "cross_sell": "700"}


async def test_an_anonymous_visit_is_the_first_touch_but_not_the_origin(service: Service) -> None:
    """A reseller's enquiry is not marketing's just because the person had visited the site."""
    cookie, person = {"anonymous_id": "c"}, {"anonymous_id": "c", "email": "mika@example.net"}
    await report(service, "visit.recorded", 26, cookie)
    await report(service, "inquiry.received", 27, person, channel="reseller")
    await report(service, "order.recorded", 28, person, order="r", value="5")
    found = next(
        one for one in (await ask(service))["business"] if one["business"] == "order/test/r"
    )
    assert (found["origin"], found["marketing"]["origin"]) == ("reseller", False)
    assert found["marketing"]["first_touch"] is True


async def test_a_card_recorded_late_changes_who_gets_the_business(service: Service) -> None:
    lead = {"email": "late@later.example"}
    await report(service, "inquiry.received", 29, lead, channel="reseller")
    await report(service, "order.recorded", 30, lead, order="l", value="5")
    won = next(one for one in (await ask(service))["business"] if one["business"] == "order/test/l")
    assert won["origin"] == "reseller"
    await report(service, "card.captured", 1, lead, channel="exhibition")
    now = next(one for one in (await ask(service))["business"] if one["business"] == "order/test/l")
    assert now["origin"] == "marketing-offline"


async def test_business_of_marketings_lead_that_asked_a_reseller_is_among_the_disagreements(
    service: Service,
) -> None:
    """Marketing was first, but the person turned to a reseller before the order."""
    lead = {"email": "jun@turned.example"}
    await report(service, "form.submitted", 14, lead)
    await report(service, "inquiry.received", 15, lead, channel="reseller", reseller="r-1")
    await report(service, "order.recorded", 16, lead, order="d", value="5", reseller="r-1")
    disputed = (await ask(service, disputed=True))["business"]
    won = next(one for one in disputed if one["business"] == "order/test/d")
    assert (won["origin"], won["marketing"]["origin"]) == ("marketing-digital", True)
    assert won["marketing"]["opening"] is False
