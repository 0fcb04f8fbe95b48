"""The figure about customers: companies gained, lost, regained and merged, over a period."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORY: Final = (
    *((name, "form.submitted", "01-05") for name in ("stays", "lost", "back", "twin", "same")),
    ("prospect", "form.submitted", "01-05"),
    *((name, "order.recorded", "01-10") for name in ("stays", "lost", "back", "twin")),
    ("same", "order.recorded", "03-02"),
    ("lost", "customer.churned", "02-10"),
    ("back", "customer.churned", "02-10"),
    ("back", "customer.reactivated", "03-10"),
    ("stays", "account.key_set", "03-15"),
    ("twin", "account.merged", "03-20"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    accounts: dict[str, str] = {}
    async with running_service(postgres_server) as running:
        for name, type, day in STORY:
            answer = await report(running, name, type, day, accounts.get("same"))
            for one in answer["derived"]:
                kind, id = one["subject"].split("/")
                if kind == "account":
                    accounts[name] = id
        yield running


async def report(
    service: Service, name: str, type: str, day: str, other: str | None
) -> dict[str, Any]:
    domain = f"{name}.co.jp"
    event: dict[str, Any] = {
        "id": f"{name}-{type}",
        "source": "crm",
        "type": type,
        "time": f"2026-{day}T10:00:00+09:00",
        "data": {},
    }
    if type.startswith(("customer", "account")):
        event["account"] = {"domain": domain}
    else:
        event["lead"] = {"email": f"buyer@{domain}"}
    if type == "order.recorded":
        event["data"] = {"order": name}
    if type == "account.merged":
        event["data"] = {"other": other}
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def customers(service: Service, since: str, until: str) -> dict[str, int]:
    period = {"from": f"2026-{since}", "to": f"2026-{until}"}
    return (await numbers(service, "customers", **period))["customers"]


async def test_customers_are_those_before_with_the_gained_and_without_the_lost(
    service: Service,
) -> None:
    assert await customers(service, "01-01", "01-31") == {"new": 4, "after": 4, "companies": 6}
    february = {"before": 4, "ended": 2, "after": 2, "companies": 6}
    assert await customers(service, "02-01", "02-28") == february


async def test_a_customer_may_come_back_or_become_part_of_another_one(service: Service) -> None:
    march = {"before": 2, "new": 1, "regained": 1, "merged": 1, "after": 3, "companies": 5}
    assert await customers(service, "03-01", "03-31") == march
