"""The figure about silence: leads dormant when a period began that came back within it."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from events.background.timekeeper import Timekeeper
from service.private_postgres import PrivatePostgres
from tests.support.busy_ledger import until_recorded
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEADS = ("returns", "asks sales", "is chosen", "stays silent", "is sent mail")
AFTER: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    # A form of January makes a lead dormant in July, and again in 2027.
    ("returns", "form.submitted", "2025-08-20", {}),
    ("asks sales", "inquiry.received", "2025-08-10", {"channel": "sales_direct"}),
    ("is chosen", "lead.qualified", "2025-08-05", {}),
    ("is sent mail", "email.sent", "2025-08-05", {}),
    ("stays silent", "visit.recorded", "2025-09-02", {}),
)
AUGUST = {"from": "2025-08-01", "to": "2025-08-31"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for name in LEADS:
            await report(running, name, "form.submitted", "2025-01-10", {})
        await report(running, "stays silent", "owner.assigned", "2025-01-12", {"owner": "sato"})
        await running.part(Timekeeper).stop_waiting()
        await until_recorded(running.client, "lead.dormant")
        for one in AFTER:
            await report(running, *one)
        yield running


async def report(service: Service, name: str, type: str, date: str, data: dict[str, Any]) -> None:
    event = {
        "id": f"{name}-{type}-{date}",
        "source": "website",
        "type": type,
        "time": f"{date}T10:00:00+09:00",
        "lead": {"email": f"{name.replace(' ', '.')}@company.example"},
        "data": data,
    }
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text


async def test_a_dormant_lead_is_back_once_it_has_done_something_itself(service: Service) -> None:
    found = {"dormant": 5, "revived": 2, "moved": 1, "silent": 2}
    assert await numbers(service, "revival", **AUGUST) == {"all": found, "MAL": found}


async def test_who_came_back_later_was_silent_at_that_time(service: Service) -> None:
    asked = {**AUGUST, "as_of": "2025-08-15"}
    found = {"dormant": 5, "revived": 1, "moved": 1, "silent": 3}
    assert (await numbers(service, "revival", **asked))["all"] == found


async def test_the_next_period_begins_with_those_that_are_still_silent(service: Service) -> None:
    september = {"from": "2025-09-01", "to": "2025-09-30"}
    found = {"dormant": 2, "revived": 1, "silent": 1}
    assert (await numbers(service, "revival", **september))["all"] == found


async def test_nobody_is_dormant_before_the_silence_has_lasted(service: Service) -> None:
    july = {"from": "2025-07-01", "to": "2025-07-31"}
    assert await numbers(service, "revival", **july) == {}
