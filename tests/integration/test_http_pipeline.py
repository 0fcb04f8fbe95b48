"""The figure about open deals: when they are expected, and which have stalled or were postponed."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATED, UPDATED = "opportunity.created", "opportunity.updated"
STORY: Final[tuple[tuple[str, str, str, str | None], ...]] = (
    # Reported in this order, with the day on which the deal is expected to be decided.
    ("soon", CREATED, "03-01", "2026-04-28"),
    ("soon", UPDATED, "04-10", "2026-04-30"),
    ("moved", CREATED, "03-01", "2026-04-05"),
    ("moved", UPDATED, "04-20", "2026-06-02"),
    ("moved", UPDATED, "03-05", "2026-05-25"),
    ("twice", CREATED, "02-01", "2026-02-15"),
    ("twice", UPDATED, "02-15", "2026-03-15"),
    ("twice", UPDATED, "03-15", "2026-04-15"),
    ("far", CREATED, "04-01", "2027-04-01"),
    ("last", CREATED, "04-01", "2027-03-31"),
    ("vague", CREATED, "04-01", None),
    ("won", CREATED, "03-01", "2026-05-01"),
    ("won", "opportunity.won", "04-01", None),
    ("reopened", CREATED, "03-01", "2026-05-01"),
    ("reopened", "opportunity.lost", "04-01", None),
    ("reopened", "opportunity.reopened", "04-02", None),
)
POSITIONS: dict[tuple[str, str], str] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for name in dict.fromkeys(one[0] for one in STORY):
            await report(running, name, "form.submitted", "01-10")
        for name, type, day, expected in STORY:
            data = {"opportunity": name} | ({"expected_close": expected} if expected else {})
            POSITIONS[name, day] = await report(running, name, type, day, data)
        yield running


async def report(
    service: Service, name: str, type: str, day: str, data: dict[str, Any] | None = None
) -> str:
    event: dict[str, Any] = {
        "id": f"{name}-{type}-{day}",
        "source": "crm",
        "type": type,
        "time": f"2026-{day}T10:00:00+09:00",
        "data": data or {},
    }
    if type != "event.corrected":
        event["lead"] = {"email": f"{name}@{name}.example"}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["position"])


async def test_open_deals_are_in_the_months_in_which_they_are_expected(service: Service) -> None:
    assert await numbers(service, "pipeline", as_of="2026-04-30") == {
        "all": {"open": 7, "active": 6, "stalled": 1, "postponed": 2, "again": 2},
        "overdue": {"open": 1, "stalled": 1, "postponed": 1, "again": 1},
        "2026-04": {"open": 1, "active": 1},
        "2026-05": {"open": 1, "active": 1},
        "2026-06": {"open": 1, "active": 1, "postponed": 1, "again": 1},
        "2027-03": {"open": 1, "active": 1},
        "later": {"open": 1, "active": 1},
        "none": {"open": 1, "active": 1},
    }


async def test_the_pipeline_of_the_past_is_what_was_expected_then(service: Service) -> None:
    assert await numbers(service, "pipeline", as_of="2026-03-31") == {
        "all": {"open": 5, "active": 2, "stalled": 3, "postponed": 2, "again": 1},
        "2026-04": {"open": 2, "active": 1, "stalled": 1, "postponed": 1, "again": 1},
        "2026-05": {"open": 3, "active": 1, "stalled": 2, "postponed": 1},
    }
    known_at = POSITIONS["moved", "04-20"]
    before = await numbers(service, "pipeline", as_of="2026-04-30", known_at=known_at)
    assert before["all"] == {"open": 2, "active": 2, "postponed": 1}


async def test_a_corrected_day_is_the_expected_one_from_then_on(service: Service) -> None:
    event, fields = POSITIONS["soon", "04-10"], {"expected_close": "2026-07-01"}
    at = await report(
        service, "soon", "event.corrected", "05-01", {"event": event, "fields": fields}
    )
    asked = {"as_of": "2026-04-30"}
    found = await numbers(service, "pipeline", **asked)
    assert found["2026-07"] == {"open": 1, "active": 1, "postponed": 1}
    before = await numbers(service, "pipeline", known_at=str(int(at) - 1), **asked)
    assert "2026-07" not in before


async def test_deals_are_counted_by_the_values_of_their_leads_at_the_moment(
    service: Service,
) -> None:
    await report(service, "reopened", "owner.assigned", "04-15", {"owner": "sato"})
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    params = {"as_of": "2026-04-30", "by": "owner", "wait_for": head}
    answer = (await service.client.get("/v1/figures/pipeline", params=params)).json()
    counts = {part["value"]: part["rows"][0]["counts"]["open"]["count"] for part in answer["parts"]}
    assert counts == {"sato": 1, None: 6}
