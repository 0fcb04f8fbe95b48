"""The figure about capacity: how much of it selections filled, and what became of the leads."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.capacity_by_hand import capacity_by_hand
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEEK: Final = {"team": "inside-1", "starts_on": "2026-11-02", "ends_on": "2026-11-06"}
PROFILE: Final = {"industry": "steel", "position": "director"}
PEOPLE: Final = 12
FIRST: dict[str, Any] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    """Select six of twelve, screen two of these, disqualify a deferred one, and select again."""
    async with running_service(postgres_server) as running:
        for number in range(PEOPLE):
            await report(running, f"form-{number}", "form.submitted", person(number))
        FIRST.update(await select(running, "first", 6))
        leads = [lead["lead"] for lead in FIRST["leads"]]
        for lead in leads[:2]:
            data = {"class": "later"}
            await report(running, f"screened-{lead}", "screening.completed", {"id": lead}, data)
        data = {"reason": "competitor"}
        await report(running, "out", "lead.disqualified", {"id": leads[6]}, data)
        # Four of the first are still to be screened, and two count for the period: two places.
        await select(running, "second", 8)
        yield running


def person(number: int) -> dict[str, Any]:
    return {"email": f"lead-{number}@company-{number}.example", "profile": PROFILE}


async def report(
    service: Service, id: str, type: str, lead: dict[str, Any], data: dict[str, Any] | None = None
) -> None:
    event = {"id": id, "source": "website", "type": type, "lead": lead, "data": data or {}}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text


async def select(service: Service, id: str, capacity: int) -> dict[str, Any]:
    asked = {**WEEK, "id": id, "capacity": capacity}
    answer = await service.client.post("/v1/selections", json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def every_event(service: Service) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/events", params={"limit": 1_000})
    return list(answer.json()["events"])


async def answer(service: Service, **asked: Any) -> dict[str, Any]:
    found = await service.client.get("/v1/figures/capacity", params=asked)
    assert found.status_code == 200, found.text
    return dict(found.json())


async def test_each_run_shows_what_was_selected_screened_and_deferred(service: Service) -> None:
    assert await numbers(service, "capacity") == {
        "run.first": {
            "capacity": 6,
            "candidates": 12,
            "selected": 6,
            "cut_line": 1,
            "screened": 2,
            "deferred": 6,
            "waiting": 3,
            "moved_on": 3,
        },
        "run.second": {
            "capacity": 8,
            "candidates": 5,
            "selected": 2,
            "cut_line": 1,
            "deferred": 3,
            "waiting": 3,
        },
    }


async def test_shares_are_of_the_capacity_and_durations_of_the_deferred(service: Service) -> None:
    first, second = (await answer(service))["rows"]
    assert first["shares"] == {"filled": "1.000000", "used": "0.333333"}
    assert second["shares"] == {"filled": "0.250000", "used": "0.000000"}
    assert set(first["durations"]) == {"waiting_p50", "waiting_p90", "moved_on_p50"}
    assert all(first["durations"].values())
    assert second["durations"]["moved_on_p50"] is None


async def test_the_lead_at_the_cut_line_is_the_last_selected(service: Service) -> None:
    path = (await answer(service))["rows"][0]["counts"]["cut_line"]["leads"]
    [lead] = (await service.client.get(path)).json()["leads"]
    assert lead["subject"] == f"lead/{FIRST['leads'][5]['lead']}"
    assert lead["position"] == FIRST["position"]


async def test_the_numbers_are_those_of_a_count_by_hand_at_every_position(service: Service) -> None:
    events, now = await every_event(service), datetime.now(UTC) + timedelta(days=1)
    for event in events:
        position = int(event["position"])
        found = await numbers(service, "capacity", known_at=position)
        assert found == capacity_by_hand(events, now, position), position


async def test_what_happened_later_does_not_count_yet(service: Service) -> None:
    events = await every_event(service)
    last = int(events[-1]["position"])
    for moment in sorted({event["time"] for event in events}):
        found = await numbers(service, "capacity", as_of=moment)
        assert found == capacity_by_hand(events, datetime.fromisoformat(moment), last), moment


async def test_a_capacity_has_no_list_and_the_figure_no_breakdown(service: Service) -> None:
    path = "/v1/figures/capacity/leads?row=run.first&measure=capacity"
    refused = await service.client.get(path)
    assert (refused.status_code, refused.json()["code"]) == (422, "parameter-invalid")
    assert "no leads are behind it" in refused.json()["detail"]
    by_owner = await service.client.get("/v1/figures/capacity?by=owner")
    assert by_owner.status_code == 422


async def test_runs_outside_the_period_are_left_out(service: Service) -> None:
    assert await numbers(service, "capacity", to="2026-01-01") == {}
