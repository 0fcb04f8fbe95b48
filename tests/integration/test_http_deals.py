"""The figures about deals: what happened last counts, in whatever order it is reported."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORY = (
    # Reported in this order; the days are those of April, and 31 is the first of May.
    ("quick", "form.submitted", 1),
    ("quick", "opportunity.created", 1),
    ("quick", "opportunity.won", 11),
    ("reopened", "form.submitted", 1),
    ("reopened", "opportunity.created", 1),
    ("reopened", "opportunity.lost", 20),
    ("reopened", "opportunity.won", 31),
    ("reopened", "opportunity.reopened", 25),
    ("lost", "form.submitted", 1),
    ("lost", "opportunity.lost", 15),
    ("lost", "opportunity.created", 10),
    ("open", "form.submitted", 1),
    ("open", "opportunity.created", 10),
)
MAY = {"as_of": "2026-05-31", "within": 20}
AS_OF = {"as_of": "2026-05-31"}
APRIL = {"from": "2026-04-01", "to": "2026-04-30"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for name, type, day in STORY:
            await report(running, name, type, day)
        yield running


async def report(service: Service, name: str, type: str, day: int) -> None:
    date = f"2026-04-{day:02}" if day <= 30 else f"2026-05-{day - 30:02}"
    event: dict[str, Any] = {
        "id": f"{name}-{type}",
        "source": "crm",
        "type": type,
        "time": f"{date}T10:00:00+09:00",
        "lead": {"email": f"{name}@{name}.example"},
    }
    if type.startswith("opportunity"):
        event["data"] = {"opportunity": name}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text


async def win_rate(service: Service, **asked: Any) -> dict[str, dict[str, int]]:
    return await numbers(service, "win_rate", **asked)


async def test_a_deal_counts_by_what_happened_last(service: Service) -> None:
    assert await win_rate(service, **MAY) == {
        "decided": {"base": 3, "mature": 3, "won": 2, "lost": 1},
        "created": {"base": 4, "mature": 4, "won": 1, "lost": 2, "open": 1},
    }


async def test_deals_decided_and_created_in_a_period_are_two_figures(service: Service) -> None:
    assert await win_rate(service, **APRIL, **MAY) == {
        "decided": {"base": 2, "mature": 2, "won": 1, "lost": 1},
        "created": {"base": 4, "mature": 4, "won": 1, "lost": 2, "open": 1},
    }
    later = await win_rate(service, **{"from": "2026-05-01"}, **MAY)
    assert later == {"decided": {"base": 1, "mature": 1, "won": 1}}


async def test_a_deal_is_not_mature_before_its_time_is_up(service: Service) -> None:
    # On the 25th, two deals are older than twenty days, one of which has just been reopened.
    assert await win_rate(service, as_of="2026-04-25", within=20) == {
        "decided": {"base": 2, "mature": 2, "won": 1, "lost": 1},
        "created": {"base": 4, "mature": 2, "won": 1, "lost": 1, "immature": 2},
    }


async def test_deals_are_shown_as_they_were_known(service: Service) -> None:
    events = (await service.client.get("/v1/events?type=opportunity.reopened")).json()["events"]
    reopened = next(one for one in events if one["type"] == "opportunity.reopened")
    before = int(reopened["position"]) - 1

    assert await win_rate(service, known_at=before, **MAY) == {
        "decided": {"base": 2, "mature": 2, "won": 2},
        "created": {"base": 2, "mature": 2, "won": 1, "lost": 1},
    }


async def test_a_deal_has_the_values_of_its_lead(service: Service) -> None:
    asked: dict[str, Any] = {"by": "acquired_by,business", "lang": "ja", **MAY}
    answer = (await service.client.get("/v1/figures/win_rate", params=asked)).json()
    values = {(part["value"], part["second_value"]) for part in answer["parts"]}
    assert values == {("form.submitted", None)}
    counts = [row["counts"]["base"]["count"] for row in answer["parts"][0]["rows"]]
    assert counts == [3, 4]
    assert [row["row_label"] for row in answer["rows"]] == [
        "受注率(決着ベース)",
        "受注率(発生ベース)",
    ]


async def test_lost_deals_are_counted_by_the_reason_of_the_latest_loss(service: Service) -> None:
    story = (("why", 1, None), ("why", 12, "no_budget"), ("late", 14, "no_budget"))
    for name, day, reason in story:
        data = {"opportunity": name} | ({"reason": reason} if reason else {})
        type = "opportunity.lost" if reason else "opportunity.created"
        event = {
            "id": f"{name}-{day}",
            "source": "crm",
            "type": type,
            "time": f"2026-04-{day:02}T10:00:00+09:00",
            "lead": {"email": f"{name}@{name}.example"},
            "data": data,
        }
        answer = await service.client.post("/v1/events", json=event)
        assert answer.status_code == 201, answer.text
    lost = answer.json()["position"]
    expected = {"all": {"lost": 3}, "reason.no_budget": {"lost": 2}, "reason.": {"lost": 1}}
    assert await numbers(service, "losses", **APRIL, **AS_OF) == expected
    fields = {"event": lost, "fields": {"reason": "too_early"}}
    await service.client.post(
        "/v1/events", json={"id": "sorry", "type": "event.corrected", "data": fields}
    )
    after = await numbers(service, "losses", **APRIL, **AS_OF)
    assert (after["reason.no_budget"], after["reason.too_early"]) == ({"lost": 1}, {"lost": 1})
    assert await numbers(service, "losses", known_at=lost, **APRIL, **AS_OF) == expected
