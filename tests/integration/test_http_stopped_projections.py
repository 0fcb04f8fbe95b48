"""Routes of a stopped projection answer 503 with its position; all other routes keep working."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from projections.engine.limits import POLL_S
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.ledger_on_postgres import form
from tests.support.postgres import connection_to

ROUTES = {
    "/v1/funnel": {"stage_intervals"},
    "/v1/funnel/flow?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z": {"stage_intervals"},
    "/v1/contribution": {"business"},
    "/v1/figures/targets": {"stage_intervals", "directory", "business", "plans"},
    "/v1/deadlines": {"deadlines"},
    "/v1/leads": {"directory"},
    "/v1/lists": {"directory"},
    "/v1/lists/house": {"directory"},
    "/v1/worklist?owner=suzuki": {"directory", "stage_intervals"},
    "/v1/accounts": {"directory"},
    "/v1/events": set(),
    "/v1/conflicts": set(),
    "/v1/refusals": set(),
    "/readyz": set(),
}
PROJECTIONS = set[str]().union(*ROUTES.values())
LOOKED_S = 3 * POLL_S


@pytest.fixture
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def note(service: Service, projection: str, failure: str | None) -> None:
    """Note, as another process would, that a projection has stopped or resumed, and wait for it."""
    async with connection_to(service.owner_url) as connection:
        await connection.execute(
            "UPDATE ledger.projections SET failure = $2 WHERE name = $1", projection, failure
        )
    await asyncio.sleep(LOOKED_S)


async def test_only_the_routes_of_a_stopped_projection_answer_503(service: Service) -> None:
    await service.client.post("/v1/events", json=form("first"))
    for projection in sorted(PROJECTIONS):
        await note(service, projection, "KeyError at position 5")
        for route, needed in ROUTES.items():
            answer = await service.client.get(route)
            if projection not in needed:
                assert answer.status_code == 200, (route, answer.text)
                continue
            assert (answer.status_code, answer.json()["code"]) == (503, "projection-stopped")
            assert (answer.json()["projection"], answer.headers["retry-after"]) == (
                projection,
                "60",
            )
            assert answer.json()["position"].isdecimal()
        ready = (await service.client.get("/readyz")).json()
        assert ready["checks"]["projections"]["status"] == "warning"
        assert projection in ready["checks"]["projections"]["detail"]
        assert "position 5" in ready["projections"][projection]["failure"]
        recorded = await service.client.post("/v1/events", json=form(f"during {projection}"))
        assert recorded.status_code == 201
        await note(service, projection, None)
    for route in ROUTES:
        assert (await service.client.get(route)).status_code == 200, route
