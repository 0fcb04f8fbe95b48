"""`/v1/conflicts` where leads are set aside: listed in pages, none missing, and retried."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.postgres import connection_to

PATH = "/v1/conflicts"


@pytest.fixture
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def set_aside(service: Service, *positions: int) -> list[str]:
    """Set unreported leads aside at some positions; return them in that order."""
    leads = [str(UUID(int=number + 1)) for number in range(len(positions))]
    async with connection_to(service.owner_url) as connection:
        await connection.executemany(
            "INSERT INTO ledger.leads_set_aside VALUES "
            "($1, $2, now(), 1, now() + interval '1 hour', 'KeyError', 'events/plan.py:1 take')",
            list(zip(leads, positions, strict=True)),
        )
    return leads


async def test_a_page_never_separates_leads_that_were_set_aside_at_one_position(
    service: Service,
) -> None:
    leads = await set_aside(service, 1, 2, 2, 2, 3)
    found, after, pages = list[str](), "0", 0
    while after is not None:
        page = (await service.client.get(PATH, params={"after": after, "limit": 2})).json()
        found += [conflict["lead"] for conflict in page["conflicts"]]
        after, pages = page["next"], pages + 1
    assert (sorted(found), pages) == (leads, 2)


async def test_a_lead_that_is_no_longer_broken_is_restored(service: Service) -> None:
    (lead,) = await set_aside(service, 1)
    (listed,) = (await service.client.get(PATH)).json()["conflicts"]
    assert (listed["kind"], listed["error"], listed["tries"]) == ("lead-set-aside", "KeyError", 1)
    answer = await service.client.post(f"{PATH}/{lead}", json={"decision": "retry"})
    assert (answer.status_code, answer.json()) == (200, {"lead": lead, "status": "restored"})
    assert (await service.client.get(PATH)).json()["conflicts"] == []
    again = await service.client.post(f"{PATH}/{lead}", json={"decision": "retry"})
    assert (again.status_code, again.json()["code"]) == (404, "not-found")


async def test_a_retry_is_the_only_decision_here(service: Service) -> None:
    (lead,) = await set_aside(service, 1)
    answer = await service.client.post(f"{PATH}/{lead}", json={"decision": "dismiss"})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/decision")
