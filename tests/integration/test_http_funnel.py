"""The funnel over HTTP: now, at any moment, broken down, and with one's own latest event."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, Service, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running, "visit.recorded", 1, lead={"anonymous_id": "c"})
        await report(running, "form.submitted", 2, lead={"email": "a@example.co.jp"})
        await report(running, "card.captured", 3, lead={"email": "b@example.com"})
        yield running


async def report(service: Service, type: str, day: int, **event: Any) -> int:
    content = {
        "id": f"{type}-{day}",
        "source": "website",
        "type": type,
        "time": f"2026-01-{day:02}T00:00:00Z",
        **event,
    }
    answer = (await service.client.post("/v1/events", json=content)).json()
    positions = [answer["position"], *(one["position"] for one in answer["derived"])]
    return max(int(position) for position in positions)


async def head(service: Service) -> str:
    return str((await service.client.get("/v1/events?limit=1")).json()["head"])


async def read(service: Service, path: str = "", **params: Any) -> dict[str, Any]:
    params = {"wait_for": await head(service), **params}
    answer = await service.client.get(f"/v1/funnel{path}", params=params)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def standing(funnel: dict[str, Any]) -> dict[str, int]:
    return {
        stage["stage"]: stage["standing"]
        for stage in funnel["leads"]["stages"]
        if stage["standing"]
    }


async def test_the_funnel_counts_leads_per_stage(service: Service) -> None:
    funnel = await read(service, lang="ja")
    assert funnel["as_of_position"] == await head(service)
    assert (funnel["lifecycle"], funnel["as_of"], funnel["by"]) == (1, None, None)
    assert standing(funnel) == {"AL": 1, "MAL": 2}
    assert funnel["leads"]["unplaced"] == 0
    assert funnel["leads"]["stages"][2] == {
        "stage": "MAL",
        "stage_label": "マーケ受入リード",
        "standing": 2,
        "entered": 2,
        "reached": 2,
    }


async def test_the_funnel_is_shown_as_of_a_moment(service: Service) -> None:
    assert standing(await read(service, as_of="2026-01-02T12:00:00Z")) == {"AL": 1, "MAL": 1}
    assert standing(await read(service, as_of="2025-12-31T00:00:00Z")) == {}


async def test_the_funnel_is_shown_as_known_at_a_position(service: Service) -> None:
    first = str(LIFECYCLE_AT + 2)
    known = await read(service, known_at=first)
    assert (known["as_of_position"], standing(known)) == (first, {"AL": 1})
    assert standing(await read(service, known_at="2026-01-01T00:00:00Z")) == {}


async def test_parts_sum_to_the_whole(service: Service) -> None:
    funnel = await read(service, by="origin", lang="en")
    parts = {part["value"]: standing(part) for part in funnel["parts"]}
    assert parts == {
        "marketing-digital": {"MAL": 1},
        "marketing-offline": {"MAL": 1},
        None: {"AL": 1},
    }
    for track in ("leads", "accounts"):
        for number, stage in enumerate(funnel[track]["stages"]):
            of_parts = [part[track]["stages"][number] for part in funnel["parts"]]
            for figure in ("standing", "entered", "reached"):
                assert stage[figure] == sum(part[figure] for part in of_parts)
    labels = {part["value"]: part["value_label"] for part in funnel["parts"]}
    assert (labels["marketing-digital"], labels[None]) == ("marketing (digital)", "undetermined")


async def test_the_flow_balances(service: Service) -> None:
    flow = await read(service, "/flow", **JANUARY, by="channel")
    stages = {stage["stage"]: stage for stage in flow["leads"]}
    assert stages["ML"] == {
        "stage": "ML",
        "before": 0,
        "entries": 2,
        "reentries": 0,
        "exits": {"advanced": 2},
        "after": 0,
    }
    for one in flow["leads"]:
        come = one["before"] + one["entries"] + one["reentries"]
        assert one["after"] == come - sum(one["exits"].values())


async def test_a_writer_reads_its_own_event_at_once(service: Service) -> None:
    before = standing(await read(service)).get("MAL", 0)
    position = await report(service, "form.submitted", 9, lead={"email": "own@example.org"})
    funnel = await read(service, wait_for=position)
    assert standing(funnel)["MAL"] == before + 1


async def test_a_projection_that_is_behind_answers_503(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.projected.PROJECTION_WAIT_S", 0.05)
    async with connection_to(service.owner_url) as connection, connection.transaction():
        # As a projector does, which keeps all others out.
        await connection.execute("SELECT 1 FROM ledger.projections FOR UPDATE")
        position = await report(service, "visit.recorded", 11, lead={"anonymous_id": "behind"})
        answer = await service.client.get("/v1/funnel", params={"wait_for": position})
    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("", {"as_of": "yesterday"}, "as_of"),
        ("", {"known_at": "-1"}, "known_at"),
        ("", {"known_at": "9" * 19}, "known_at"),
        ("", {"by": "colour"}, "by"),
        ("", {"lang": "fr"}, "lang"),
        ("/flow", {}, "from"),
        ("/flow", {"from": JANUARY["to"], "to": JANUARY["from"]}, "to"),
    ],
)
async def test_an_invalid_query_names_the_parameter(
    service: Service, path: str, params: dict[str, str], parameter: str
) -> None:
    answer = await service.client.get(f"/v1/funnel{path}", params=params)
    assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)
