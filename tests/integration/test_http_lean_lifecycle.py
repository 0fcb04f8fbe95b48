"""A company without accounts, origins or departments, with its own codes and in its language."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.small_lifecycle import LEAN

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        published = await running.client.post("/v1/lifecycle", content=LEAN.encode())
        assert published.status_code == 201, published.text
        for id, type in enumerate(("A_SUBMITTED", "W_Call.v2", "A_APPROVED")):
            event = {
                "id": str(id),
                "source": "bank",
                "type": type,
                "time": f"2026-11-0{id + 1}T10:00:00Z",
                "lead": {"external_ids": {"application": "173688"}, "email": "a@bank.example"},
                "account": {"domain": f"bank{id}.example", "name": "Bank"},
            }
            answer = await running.client.post("/v1/events", json=event)
            assert answer.status_code == 201, answer.text
        position = answer.json()["position"]
        seen = await running.client.get("/v1/leads", params={"wait_for": position})
        assert seen.status_code == 200, seen.text
        yield running


async def read(service: Service, path: str, **params: Any) -> Any:
    answer = await service.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_its_events_move_leads_and_every_question_has_an_answer(service: Service) -> None:
    (row,) = (await read(service, "/v1/leads"))["leads"]
    lead = await read(service, f"/v1/leads/{row['id']}")
    assert {name: (row[name], lead[name]) for name in ("stage", "origin", "acquired_at")} == {
        "stage": ("APPROVED", "APPROVED"),
        "origin": (None, None),
        "acquired_at": ("2026-11-01T10:00:00.000000Z", "2026-11-01T10:00:00.000000Z"),
    }
    companies = (await read(service, "/v1/accounts"))["accounts"]
    assert {company["stage"] for company in companies} == {None}
    assert (await read(service, "/v1/conflicts"))["conflicts"] == []
    by_origin = await read(service, "/v1/funnel", by="origin", wait_for=row["position"])
    assert [part["value"] for part in by_origin["parts"]] == [None]
    assert by_origin["accounts"]["stages"] == []
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    flow = await read(service, "/v1/funnel/flow", **period)
    assert [one["stage"] for one in flow["leads"]] == ["unplaced", "SUBMITTED", "APPROVED"]
    assert (await read(service, "/v1/lists"))["lists"] == []
    assert (await read(service, "/v1/deadlines"))["deadlines"] == []
    lifecycle = await read(service, "/v1/lifecycle")
    assert (lifecycle["origins"], lifecycle["account"]["path"]) == ([], [])
    assert "ingediend" in lifecycle["lead"]["diagram"]


@pytest.mark.parametrize("lang", ["nl", "fr,nl", "en,*"])
async def test_labels_are_in_a_language_that_the_lifecycle_has(service: Service, lang: str) -> None:
    funnel = await read(service, "/v1/funnel", lang=lang)
    assert [stage["stage_label"] for stage in funnel["leads"]["stages"]] == [
        "aangevraagd",
        "verleend",
    ]
    (row,) = (await read(service, "/v1/leads", lang=lang))["leads"]
    history = await read(service, f"/v1/leads/{row['id']}/history", lang=lang)
    assert history["events"][0]["type_label"] == "ingediend"


@pytest.mark.parametrize("lang", ["en", "ja,en"])
async def test_a_language_that_the_lifecycle_lacks_is_refused_with_those_it_has(
    service: Service, lang: str
) -> None:
    answer = await service.client.get("/v1/funnel", params={"lang": lang})
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["parameter"], problem["expected"]) == ("lang", ["nl"])
    assert problem["detail"] == (
        f"The lifecycle in force has no words in {lang}; it has them in nl."
    )
