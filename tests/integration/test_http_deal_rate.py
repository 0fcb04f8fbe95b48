"""The figure that says how many leads bring a deal, and which deals come another way."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORY: Final[tuple[tuple[str, str, str], ...]] = (
    *((name, "form.submitted", "04-01") for name in ("fast", "slow", "never", "late", "direct")),
    *((name, "form.submitted", "04-01") for name in ("merged", "other")),
    *((name, "lead.qualified", "04-02") for name in ("fast", "slow", "never", "merged")),
    ("fast", "opportunity.created", "04-12"),
    ("fast", "opportunity.created", "04-24"),
    ("slow", "opportunity.created", "04-29"),
    ("direct", "opportunity.created", "04-10"),
    ("late", "lead.qualified", "04-28"),
)
ASKED: Final[dict[str, Any]] = {
    "from": "2026-04-01",
    "to": "2026-04-30",
    "as_of": "2026-05-10",
    "within": 20,
}
COHORT = {"base": 5, "mature": 4, "hits": 2, "immature": 1, "so_far": 2, "possible": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        subjects = {name: await report(running, name, *one) for name, *one in STORY}
        await report(running, "merged", "identity.merged", "04-03", other=subjects["other"])
        # The one who received it is the one who absorbed the other.
        await report(running, "other", "opportunity.created", "04-06")
        yield running


async def report(service: Service, name: str, type: str, day: str, **more: Any) -> str:
    event: dict[str, Any] = {
        "id": f"{name}-{type}-{day}",
        "source": "crm",
        "type": type,
        "time": f"2026-{day}T10:00:00+09:00",
        "lead": {"email": f"{name}@{name}.example"},
    }
    if type.startswith("opportunity"):
        event["data"] = {"opportunity": f"{name}-{day}"}
    if "other" in more:
        event["data"] = {"other": more["other"]}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subject"].partition("/")[2])


async def test_a_lead_brings_a_deal_if_its_first_one_follows_in_time(service: Service) -> None:
    found = await numbers(service, "deals", **ASKED)
    assert found["cohort"] == COHORT
    longer = await numbers(service, "deals", **{**ASKED, "within": 30})
    assert longer["cohort"] == {**COHORT, "mature": 4, "hits": 3, "so_far": 3}


async def test_a_deal_that_passed_over_the_base_stage_is_direct(service: Service) -> None:
    found = await numbers(service, "deals", **ASKED)
    assert found["created"] == {"created": 5, "direct": 1}
    sold = await numbers(service, "deals", base="SQL", **ASKED)
    assert sold == {"created": {"created": 5, "direct": 5}}


async def test_a_cohort_is_immature_until_its_time_is_up(service: Service) -> None:
    assert await numbers(service, "deals", **{**ASKED, "as_of": "2026-04-11"}) == {
        "cohort": {"base": 4, "immature": 4, "so_far": 1, "possible": 3},
        "created": {"created": 2, "direct": 1},
    }


async def test_only_a_stage_of_leads_can_be_the_base(service: Service) -> None:
    answer = await service.client.get("/v1/figures/deals?base=KA")
    assert (answer.status_code, "deals follows leads" in answer.text) == (422, True)
