"""After an upgrade the service rebuilds what an earlier version built, and says how far it is."""

import asyncio

import pytest

from projections.engine import rebuild
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.ledger_on_postgres import form
from tests.support.postgres import connection_to

LOOK_S = 0.05
TRIES_MAX = 200


async def set_back(service: Service) -> None:
    """Make the rows of the directory those of an earlier version."""
    async with connection_to(service.owner_url) as owner:
        await owner.execute(
            "UPDATE ledger.projections SET version = version - 1 WHERE name = 'directory'"
        )


async def test_the_service_renews_rows_of_an_earlier_version(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "REBUILD_LOOK_S", LOOK_S)
    async with running_service(postgres_server) as service:
        answer = await service.client.post("/v1/events", json=form("first", "a@a.example"))
        first = answer.json()["position"]
        await service.client.get("/v1/leads", params={"wait_for": first})
        await set_back(service)
        answer = await service.client.post("/v1/events", json=form("second", "b@b.example"))
        second = answer.json()["position"]
        for _ in range(TRIES_MAX):
            listed = await service.client.get("/v1/leads")
            assert listed.status_code == 200
            assert len(listed.json()["leads"]) in {1, 2}
            if len(listed.json()["leads"]) == 2:
                break
            await asyncio.sleep(LOOK_S)
        listed = await service.client.get("/v1/leads", params={"wait_for": second})
        assert len(listed.json()["leads"]) == 2


async def test_progress_is_a_metric_and_a_warning(postgres_server: PrivatePostgres) -> None:
    async with running_service(postgres_server) as service:
        await service.client.post("/v1/events", json=form("first"))
        last = (await service.client.get("/v1/events?limit=1")).json()["head"]
        await service.client.get("/v1/leads", params={"wait_for": last})
        async with connection_to(service.owner_url) as owner:
            await owner.execute(
                "INSERT INTO ledger.projections (name, generation, version, status, position) "
                "VALUES ('directory', 2, 99, 'building', 3)"
            )
            await owner.execute(
                "UPDATE ledger.projections SET position = 2, version = 0 "
                "WHERE name = 'directory' AND status = 'live'"
            )
        metrics = (await service.client.get("/metrics")).text
        left = f'leadledger_projection_rebuild_events{{projection="directory"}} {int(last) - 3}.0'
        assert left in metrics
        ready = (await service.client.get("/readyz")).json()
        assert ready["projections"]["directory"]["rebuilt_position"] == "3"
        assert ready["projections"]["business"]["rebuilt_position"] is None
