"""No record, and no table that an erasure does not reach, holds anything personal."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from domain.lifecycle.text.load import load
from events.lifecycles.shipped import read_lifecycle_text
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.planted_everywhere import ADDRESS, VALUES, found_in, reports

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERSONAL_TABLES = {"event_personal", "event_actors", "refusals"}
"""What erasure removes or expires."""
SETTINGS_TABLES = {"webhooks", "api_keys"}
"""What administrators name for themselves: keys, receivers."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(service: Service) -> dict[str, list[str]]:
    """Report personal values in every place and format, and read every table as text."""
    form = {"id": "corrected", "type": "form.submitted", "lead": {"user_id": "corrected"}}
    corrected = (await service.client.post("/v1/events", json=form)).json()["position"]
    lifecycle = load(read_lifecycle_text("demand_funnel"))
    for name, sent in reports(lifecycle, corrected=corrected):
        sources = ("website", "*") if name.startswith(("native", "cloud")) else (name,)
        headers = await service.key(*Scope, sources=sources)
        headers["content-type"] = sent.content_type
        answer = await service.client.post(sent.path, content=sent.body, headers=headers)
        assert answer.status_code in {200, 201, 207}, f"{name}: {answer.text[:500]}"
    for value in VALUES.values():
        key = {"name": value, "sources": ["website", value]}
        selection = {"starts_on": "2026-11-02", "ends_on": "2026-11-06", "capacity": 9}
        for path, body in (
            ("/v1/keys", key),
            ("/v1/keys", {**key, "sources": ["website"]}),
            ("/v1/selections", {**selection, "id": value}),
            ("/v1/selections", {**selection, "id": f"run-{len(value)}", "team": value}),
        ):
            answer = await service.client.post(path, json=body)
            assert answer.status_code < 500, f"{path}: {answer.text}"
        published = await service.client.post(
            "/v1/lifecycle", content=b"never read", params={"id": value}
        )
        assert published.json()["code"] == "parameter-invalid"
    head = (await service.client.get("/v1/events", params={"limit": 1})).json()["head"]
    await service.client.get("/v1/lists", params={"wait_for": head})
    return await _read(service)


async def _read(service: Service) -> dict[str, list[str]]:
    url = service.owner_url.render_as_string(hide_password=False)
    driver = await asyncpg.connect(re.sub(r"^postgresql\+\w+", "postgresql", url))
    try:
        names = await driver.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", SCHEMA
        )
        found = {}
        for (name,) in names:
            rows = await driver.fetch(f'SELECT CAST(t AS text) FROM "{SCHEMA}"."{name}" AS t')
            found[name] = [row[0] for row in rows]
        contents = await driver.fetch(
            f"SELECT convert_from(content, 'UTF8') FROM {SCHEMA}.event_personal"
        )
        found["event_personal"] = [row[0] for row in contents]
    finally:
        await driver.close()
    return found


async def test_what_is_planted_is_kept_apart(tables: dict[str, list[str]]) -> None:
    """The negative twin: the values do arrive, so that not finding them means something."""
    kept = "\n".join(tables["event_personal"])
    assert all(value in kept or value.replace("\\", "\\\\") in kept for value in VALUES.values())
    assert sum(ADDRESS in content for content in tables["event_personal"]) > 100
    assert len(tables["events"]) > 200
    assert any('"event.corrected"' in row.replace('""', '"') for row in tables["events"])


async def test_no_record_holds_anything_personal(tables: dict[str, list[str]]) -> None:
    found = [(planted, row) for row in tables["events"] if (planted := found_in(row))]
    assert found == []


async def test_no_other_table_holds_anything_personal(tables: dict[str, list[str]]) -> None:
    searched = tables.keys() - PERSONAL_TABLES - SETTINGS_TABLES
    found = {name: set.union(set(), *map(found_in, tables[name])) for name in searched}
    assert {name: planted for name, planted in found.items() if planted} == {}
    assert {"subjects", "identifiers", "directory_leads", "business_reports"} <= searched


async def test_a_client_whose_ids_are_addresses_loses_nothing_and_repeats_nothing(
    service: Service,
) -> None:
    headers = await service.key(*Scope, sources=("sdk",))
    message = {"event": "Form Submitted", "messageId": ADDRESS, "userId": "u-sdk"}
    for _ in range(2):
        answer = await service.client.post("/v1/track", json=message, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    lead = (await service.client.post("/v1/leads/find", json={"user_id": "u-sdk"})).json()["id"]
    history = (await service.client.get(f"/v1/leads/{lead}/history")).json()["events"]
    reported = [event["id"] for event in history if event["type"] == "form.submitted"]
    assert len(reported) == 1
    assert re.fullmatch("hmac-[0-9a-f]{64}", reported[0])


async def test_the_feed_shows_nothing_personal(service: Service, tables: object) -> None:
    after, shown = "0", ""
    while True:
        page = (await service.client.get("/v1/events", params={"after": after, "limit": 1000})).text
        shown += page
        next_after = re.search(r'"next":\s*"?(\d+)', page)
        if next_after is None or next_after[1] == after:
            break
        after = next_after[1]
    assert found_in(shown) == set()
