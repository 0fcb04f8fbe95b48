"""The figure about screening: whom contacts reached, what they found, and how long leads waited."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRIED, SCREENED = "screening.attempted", "screening.completed"
PEOPLE: Final = ("now", "later", "again", "silent", "merged", "other")
STORY: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    *((name, "form.submitted", "04-01", {}) for name in PEOPLE),
    *((name, "lead.qualified", "04-02", {}) for name in PEOPLE if name != "other"),
    ("now", "lead.sales_accepted", "04-03", {}),
    ("now", TRIED, "04-04", {"reached": False}),
    ("now", TRIED, "04-05", {"reached": True}),
    ("now", SCREENED, "04-06", {"class": "now"}),
    ("now", "meeting.scheduled", "04-06", {}),
    ("now", "meeting.held", "05-02", {}),
    ("later", SCREENED, "04-12", {"class": "later"}),
    ("later", "meeting.scheduled", "04-12", {}),
    ("later", "meeting.missed", "04-20", {}),
    ("again", SCREENED, "04-07", {"class": "later"}),
    ("again", SCREENED, "05-01", {"class": "not_yet"}),
)
APRIL: Final = {"from": "2026-04-01", "to": "2026-04-30", "base": "MQL"}
POSITIONS: dict[tuple[str, str], str] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        subjects = {}
        for name, type, day, data in STORY:
            answer = await report(running, name, type, day, data)
            POSITIONS[name, day] = str(answer["position"])
            subjects[name] = answer["subject"].partition("/")[2]
        merged = {"other": subjects["other"]}
        await report(running, "merged", "identity.merged", "04-03", merged)
        # The lead that it was merged into has been contacted.
        await report(running, "other", TRIED, "04-20", {"reached": False})
        yield running


async def report(
    service: Service, name: str, type: str, day: str, data: dict[str, Any]
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "id": f"{name}-{type}-{day}",
        "source": "crm",
        "type": type,
        "time": f"2026-{day}T10:00:00+09:00",
        "data": data,
    }
    if not type.startswith("event."):
        event["lead"] = {"email": f"{name}@{name}.example"}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(service: Service, asked: dict[str, Any]) -> dict[str, Any]:
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    answer = await service.client.get("/v1/figures/screening", params={"wait_for": head, **asked})
    found: dict[str, Any] = answer.json()
    return found


async def test_contacts_classes_and_meetings_count_in_the_period_in_which_they_were(
    service: Service,
) -> None:
    assert await numbers(service, "screening", **APRIL, as_of="2026-04-30") == {
        "screened": {"screened": 3},
        "class.now": {"screened": 1},
        "class.later": {"screened": 2},
        "contacts": {"all": 6, "reached": 4, "unreached": 2},
        "meetings": {"scheduled": 2, "missed": 1},
        "first_contact": {"contacted": 4, "waiting": 1},
    }


async def test_a_pass_has_the_class_of_its_last_screening(service: Service) -> None:
    april = await numbers(service, "screening", **APRIL)
    assert april["class.later"] == {"screened": 1}
    may = await numbers(service, "screening", **{"from": "2026-05-01"})
    assert may["class.not_yet"] == may["screened"] == {"screened": 1}
    assert may["meetings"] == {"held": 1}


async def test_a_class_belongs_to_the_stage_that_the_lead_was_in_when_screened(
    service: Service,
) -> None:
    asked = {"by": "department", "as_of": "2026-04-30"}
    answer = await read(service, asked)
    screened = {
        part["value"]: part["rows"][0]["counts"]["screened"]["count"] for part in answer["parts"]
    }
    assert {name: count for name, count in screened.items() if count} == {"inside_sales": 3}


async def test_the_wait_for_the_first_contact_begins_with_the_base_stage(service: Service) -> None:
    answer = await read(service, APRIL)
    rows = {row["row"]: row for row in answer["rows"]}
    days = {name: case["days"] for name, case in rows["first_contact"]["durations"].items() if case}
    assert days["contacted_p50"] == "5.000000"
    assert days["contacted_p90"] == "18.000000"
    assert rows["contacts"]["shares"] == {"connect_rate": "0.666667", "of_screened": None}


async def test_a_corrected_or_voided_contact_counts_as_such_from_then_on(service: Service) -> None:
    asked = {**APRIL, "as_of": "2026-04-30"}
    position = POSITIONS["now", "04-04"]
    corrected = await report(
        service, "now", "event.corrected", "06-01", {"event": position, "fields": {"reached": True}}
    )
    found = await numbers(service, "screening", **asked)
    assert found["contacts"] == {"all": 6, "reached": 5, "unreached": 1}
    at = int(corrected["position"])
    before = await numbers(service, "screening", **asked, known_at=at - 1)
    assert before["contacts"] == {"all": 6, "reached": 4, "unreached": 2}
    await report(service, "now", "event.voided", "06-02", {"event": position})
    found = await numbers(service, "screening", **asked)
    assert found["contacts"] == {"all": 5, "reached": 4, "unreached": 1}
