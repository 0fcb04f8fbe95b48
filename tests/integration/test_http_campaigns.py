"""The figure about campaigns: whom they touched, how far those got, and what that cost."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXPO, WEB = {"campaign": "expo", "channel": "event"}, {"campaign": "web", "channel": "paid"}
PLAIN: Final[dict[str, str]] = {}
STORY: Final[tuple[tuple[str, str, str, dict[str, str]], ...]] = (
    ("known", "form.submitted", "03-01", PLAIN),
    ("excluded", "form.submitted", "03-01", PLAIN),
    ("excluded", "lead.disqualified", "03-02", {"reason": "student"}),
    ("buyer", "form.submitted", "03-01", PLAIN),
    ("buyer", "opportunity.created", "03-02", {"opportunity": "old"}),
    ("buyer", "opportunity.won", "03-03", {"opportunity": "old", "value": "5", "currency": "JPY"}),
    ("first", "form.submitted", "03-02", PLAIN),
    *((name, "form.submitted", "04-01", EXPO) for name in ("fast", "slow", "twice", "young")),
    *((name, "form.submitted", "04-02", EXPO) for name in ("known", "excluded", "buyer")),
    ("second", "form.submitted", "04-03", EXPO),
    ("fast", "form.submitted", "04-04", EXPO),
    ("fast", "lead.qualified", "04-05", PLAIN),
    ("known", "lead.qualified", "04-06", PLAIN),
    ("fast", "form.submitted", "04-07", WEB),
    ("late", "form.submitted", "04-28", EXPO),
    ("late", "lead.qualified", "04-29", PLAIN),
    ("fast", "opportunity.created", "04-12", {"opportunity": "a"}),
    (
        "fast",
        "opportunity.won",
        "04-14",
        {"opportunity": "a", "value": "900", "gross_profit": "300", "currency": "JPY"},
    ),
    ("slow", "lead.qualified", "04-29", PLAIN),
)
ASKED: Final[dict[str, Any]] = {
    "from": "2026-04-01",
    "to": "2026-04-30",
    "as_of": "2026-05-09",
    "within": 20,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        subjects = {}
        for name, type, day, data in STORY:
            subjects[name] = await report(running, name, type, day, **data)
        # The one who was known before is the one whom the card of the expo was of.
        await report(running, "first", "identity.merged", "04-10", other=subjects["second"])
        await cost(running, "expo", "300000", "04-01", "04-30")
        await cost(running, "expo", "10", "05-01", "05-10", currency="USD")
        yield running


async def report(service: Service, name: str, type: str, day: str, **data: str) -> str:
    event: dict[str, Any] = {
        "id": f"{name}-{type}-{day}",
        "source": "crm",
        "type": type,
        "time": f"2026-{day}T10:00:00+09:00",
        "lead": {"email": f"{name}@{name}.example"},
        "data": data,
    }
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subject"].partition("/")[2])


async def cost(
    service: Service, campaign: str, amount: str, first: str, last: str, *, currency: str = "JPY"
) -> int:
    event = {
        "id": f"{campaign}-{amount}-{first}",
        "source": "crm",
        "type": "campaign.cost_recorded",
        "time": f"2026-{first}T09:00:00+09:00",
        "data": {
            "campaign": campaign,
            "cost": amount,
            "currency": currency,
            "starts_on": f"2026-{first}",
            "ends_on": f"2026-{last}",
        },
    }
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


async def parts(service: Service, **asked: Any) -> dict[str, dict[str, Any]]:
    """Return the rows of each campaign: numbers that are not zero, each with a list as long."""
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    answer = await service.client.get(
        "/v1/figures/campaigns", params={"wait_for": head, **ASKED, **asked}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[str, Any]] = {}
    for part in answer.json()["parts"]:
        rows = found.setdefault(part["value"], {})
        for row in part["rows"]:
            counts = {name: one for name, one in row["counts"].items() if one["count"]}
            for number in counts.values():
                listed = (await service.client.get(number["leads"])).json()["leads"]
                assert len(listed) == number["count"]
            rows[row["row"]] = {name: one["count"] for name, one in counts.items()}
    return found


async def costs(service: Service, campaign: str, **asked: Any) -> dict[str, Any]:
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    answer = await service.client.get(
        "/v1/figures/campaigns", params={"wait_for": head, **ASKED, **asked}
    )
    assert answer.status_code == 200, answer.text
    [part] = [part for part in answer.json()["parts"] if part["value"] == campaign]
    return {row["row"]: row["costs"] for row in part["rows"] if "costs" in row}


async def test_each_person_counts_once_by_what_they_were_to_us(service: Service) -> None:
    found = await parts(service)
    assert found["expo"]["contacts"] == {
        "contacts": 9,
        "newly": 5,
        "held": 2,
        "customers": 1,
        "disqualified": 1,
        "duplicates": 1,
        "mature": 4,
    }
    assert found["web"]["contacts"] == {"contacts": 1, "held": 1}


async def test_results_count_within_the_time_from_the_touch_and_from_the_acquisition(
    service: Service,
) -> None:
    found = await parts(service)
    # slow took 28 days. late is still immature, known had been a lead before.
    assert found["expo"]["MQL"] == {"touched": 3, "acquired": 2, "mature": 1}
    assert found["expo"]["WON"] == {"touched": 1, "acquired": 1, "mature": 1}
    longer = await parts(service, within=30)
    assert longer["expo"]["MQL"] == {"touched": 4, "acquired": 3, "mature": 2}


async def test_business_counts_for_every_campaign_that_touched_the_buyer(service: Service) -> None:
    found = await parts(service)
    won = {"touched": 1, "acquired": 1, "mature": 1}
    assert found["expo"]["orders"] == found["expo"]["orders_value_JPY"] == won
    assert found["web"]["orders"] == {"touched": 1}
    total = await numbers(service, "campaigns", **ASKED)
    assert total["orders"] == {"touched": 2, "acquired": 1, "mature": 1}


async def test_the_cost_of_a_result_is_that_of_the_mature_days_by_mature_results(
    service: Service,
) -> None:
    found = await costs(service, "expo")
    assert found["contacts"] == {"JPY": {"amount": "300000.00", "each": "60000.00"}}
    # The days up to 19 April are over by more than twenty days at the end of 9 May.
    [mql] = found["MQL"].values()
    assert Decimal(mql["amount"]) == Decimal(190_000)
    assert mql["each"] == "190000.00"
    assert found["SAL"]["JPY"] == {"amount": "190000.00", "each": "190000.00"}
    assert (await costs(service, "web"))["contacts"] == {}


async def test_a_cost_counts_for_its_days_in_the_period_and_currencies_are_apart(
    service: Service,
) -> None:
    found = await costs(service, "expo", **{"from": "2026-04-21", "to": "2026-05-05"})
    assert found["contacts"] == {
        "JPY": {"amount": "100000.00", "each": "100000.00"},
        "USD": {"amount": "5.00", "each": "5.00"},
    }


async def test_a_later_cost_of_the_same_days_replaces_the_earlier_one_from_then_on(
    service: Service,
) -> None:
    before = await cost(service, "fair", "100", "04-01", "04-10")
    await cost(service, "fair", "70", "04-01", "04-10")
    assert (await costs(service, "fair"))["contacts"] == {"JPY": {"amount": "70.00", "each": None}}
    known = await costs(service, "fair", known_at=before)
    assert known["contacts"] == {"JPY": {"amount": "100.00", "each": None}}


async def test_the_past_is_what_was_known_of_it(service: Service) -> None:
    found = await parts(service, as_of="2026-04-05")
    people = {"contacts": 8, "customers": 1, "disqualified": 1}
    assert found["expo"]["contacts"] == {**people, "newly": 4, "held": 2, "duplicates": 1}
    assert found["expo"]["MQL"] == {"touched": 1, "acquired": 1}
    assert "web" not in found


async def test_leads_are_one_person_once_the_merge_is_known(service: Service) -> None:
    events = (await service.client.get("/v1/events?type=identity.merged")).json()["events"]
    before = int(events[0]["position"]) - 1
    found = await parts(service, known_at=before)
    people = {"contacts": 9, "customers": 1, "disqualified": 1}
    assert found["expo"]["contacts"] == {**people, "newly": 6, "held": 1, "mature": 5}


async def test_a_touch_that_was_taken_back_or_corrected_counts_as_it_is_known(
    service: Service,
) -> None:
    fair, show = {"campaign": "bazaar", "channel": "event"}, {"campaign": "show"}
    await report(service, "gone", "form.submitted", "04-08", **fair)
    await report(service, "moved", "form.submitted", "04-08", **fair)
    head = int((await service.client.get("/v1/events?limit=1")).json()["head"])
    events = (await service.client.get("/v1/events?type=form.submitted&limit=1000")).json()
    by_id = {event["id"]: event["position"] for event in events["events"]}
    gone, moved = (by_id[f"{name}-form.submitted-04-08"] for name in ("gone", "moved"))
    for type, data in (
        ("event.voided", {"event": gone, "reason": "recorded_by_mistake"}),
        ("event.corrected", {"event": moved, "fields": show}),
    ):
        event = {"id": f"{type}-{gone}", "source": "crm", "type": type, "data": data}
        answer = await service.client.post("/v1/events", json=event)
        assert answer.status_code == 201, answer.text
    found = await parts(service)
    assert "bazaar" not in found
    assert found["show"]["contacts"]["newly"] == 1
    before = await parts(service, known_at=head)
    assert before["bazaar"]["contacts"]["newly"] == 2
    assert "show" not in before
