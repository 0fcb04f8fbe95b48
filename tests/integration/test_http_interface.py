"""Rules for the whole interface: documents, health, metrics, problems, log lines."""

import dataclasses
import re
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import yaml
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from service.app import create_app
from service.engine import make_engine
from service.http.problem import KINDS
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.reading.readiness import Examination, examine
from tests.support.http_service import Service, reporting_with, running_service, settings_for
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

EVENT = {
    "id": "interface",
    "source": "website",
    "type": "form.submitted",
    "lead": {"email": "secret.person@example.co.jp"},
    "data": {"message": "between us"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def test_the_document_describes_every_route_with_its_problems(service: Service) -> None:
    document = (await service.client.get("/openapi.json")).json()
    app = create_app(lambda: pytest.fail("the application is not started"))
    expected = {
        (route.path_format, method.lower())
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }
    described = {(path, one) for path, methods in document["paths"].items() for one in methods}
    assert described == expected
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
            assert "503" in operation["responses"]
            assert ("security" in operation) == (path not in {"/livez", "/readyz"})


async def test_every_reference_in_the_document_resolves(service: Service) -> None:
    answer = await service.client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    names = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert names <= set(schemas)
    assert {"NativeEvent", "LeadReference", "ProblemDetails"} <= names
    assert "#/$defs" not in answer.text


async def test_every_link_passes_a_member_of_the_answer_to_an_operation(
    service: Service,
) -> None:
    document = (await service.client.get("/openapi.json")).json()
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    takes = {
        one["operationId"]: {parameter["name"] for parameter in one.get("parameters", ())}
        for one in operations
    }
    links = [
        (one["operationId"], answer, link)
        for one in operations
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 50
    for source, answer, link in links:
        assert set(link["parameters"]) <= takes[link["operationId"]], (source, link)
        body = {name: value for name, value in link.items() if name == "requestBody"}
        found = [*link["parameters"].values(), *body.values()]
        for expression in found:
            where, _, what = expression.partition("#" if "#" in expression else "path.")
            if where == "$request.":
                assert what in takes[source], (source, link)
            else:
                # A table has no members to pass on: the first is JSON, or the only one.
                content = next(iter(answer["content"].values()))
                assert where == "$response.body"
                assert stands_in(content["schema"], what.split("/")[1:], document), (source, link)


def stands_in(schema: Any, place: list[str], document: Any) -> bool:
    """Report whether a value of a schema may have a member at a place."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return stands_in(document["components"]["schemas"][name], place, document)
    if not place:
        return True
    first, rest = place[0], place[1:]
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    inner = schema.get("items") if first.isdigit() else schema.get("properties", {}).get(first)
    return any(stands_in(part, place, document) for part in parts) or (
        inner is not None and stands_in(inner, rest, document)
    )


async def test_an_unknown_path_is_a_problem(service: Service) -> None:
    answer = await service.client.get("/v2/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_method_that_is_not_allowed_names_those_that_are(service: Service) -> None:
    answer = await service.client.put("/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


async def test_a_working_service_says_that_it_is_ready(service: Service) -> None:
    assert (await service.client.get("/livez")).json() == {"status": "alive"}
    await service.client.get("/v1/funnel", params={"wait_for": 1})
    ready = (await service.client.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert set(ready["checks"]) == {
        *("database", "appends", "processes", "disk", "schema"),
        *("append_only", "webhooks", "clock", "projections", "leads"),
    }
    assert all(check == {"status": "ok"} for check in ready["checks"].values())


async def test_positions_are_shown_only_to_a_key_that_may_see_them(
    service: Service,
) -> None:
    seen = {}
    for who, headers in {
        "administrator": None,
        "reader": await service.key(Scope.PROJECTIONS_READ),
        "reporter": await service.key(Scope.EVENTS_WRITE),
        "stranger": {"authorization": "Bearer llk_nobody"},
        "nobody": {"authorization": ""},
    }.items():
        answer = await service.client.get("/readyz", headers=headers)
        assert answer.status_code == 200
        seen[who] = set(answer.json()) - {"status", "checks"}
    everything = {"revision", "projections"}
    assert seen == {
        "administrator": everything,
        "reader": everything,
        "reporter": set(),
        "stranger": set(),
        "nobody": set(),
    }


async def test_a_service_with_an_outdated_schema_is_not_ready(service: Service) -> None:
    async with connection_to(service.owner_url) as connection:
        revision = await connection.fetchval("SELECT version_num FROM ledger.schema_version")
        await connection.execute("UPDATE ledger.schema_version SET version_num = '0000'")
        answer = await service.client.get("/readyz")
        await connection.execute("UPDATE ledger.schema_version SET version_num = $1", revision)
    assert answer.status_code == 503
    schema = answer.json()["checks"]["schema"]
    assert schema["status"] == "failed"
    assert "0000" in schema["detail"]


async def test_a_serving_role_that_owns_the_events_is_warned_about(service: Service) -> None:
    owner = make_engine(settings_for(), service.owner_url)
    serving = service.part(Examination).serving
    health = await examine(dataclasses.replace(serving, engine=owner))
    await owner.dispose()
    assert health.failures == []
    assert health.checks["append_only"]["status"] == "warning"
    assert "guard is weaker" in health.checks["append_only"]["detail"]


async def test_outcomes_are_counted(service: Service) -> None:
    await service.client.post("/v1/events", json={**EVENT, "id": "counted"})
    await service.client.post("/v1/events", json={**EVENT, "id": "counted"})
    text = (await service.client.get("/metrics")).text
    values: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    assert values['leadledger_events_total{outcome="recorded"}'] >= 1
    assert values['leadledger_events_total{outcome="duplicate"}'] >= 1
    assert values['leadledger_http_requests_total{route="/v1/events",status="201"}'] >= 1
    assert values["leadledger_append_items_count"] >= 2
    assert "leadledger_queue_items" in values
    assert 'leadledger_projection_lag_events{projection="stage_intervals"}' in values
    assert values["process_resident_memory_bytes"] > 2**20
    (build,) = (name for name in values if name.startswith("leadledger_build_info"))
    assert (f'version="{version("leadledger")}"' in build, values[build]) == (True, 1)
    assert "_created" not in text


async def test_the_document_lists_every_metric_and_how_to_scrape_them(service: Service) -> None:
    document = OPERATIONS.read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (`(?:leadledger|process)_[^|]+) \| ([a-z, ]+) \|", document)
    documented = {
        name: kinds.split(", ")[-1 if index else 0]
        for names, kinds in rows
        for index, name in enumerate(re.findall(r"`(\w+)`", names))
    }
    scraping, _ = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", document, re.DOTALL))
    (job,) = scraping["scrape_configs"]
    assert set(job) == {"job_name", "scrape_interval", "authorization", "static_configs"}
    answer = await service.client.get("/metrics", headers=await service.key(Scope.PROJECTIONS_READ))
    assert answer.status_code == 200
    found = {
        f"{name}_total" if kind == "counter" and not name.endswith("_total") else name: kind
        for name, kind in re.findall(r"(?m)^# TYPE (\w+) (\w+)$", answer.text)
    }
    assert documented == found


async def test_a_request_is_logged_in_one_line_without_its_content(
    service: Service,
) -> None:
    with capture_logs() as lines:
        answer = await service.client.post("/v1/events", json={**EVENT, "id": "logged"})
    (line,) = (one for one in lines if one["event"] == "http.answered")
    assert line == {
        "event": "http.answered",
        "log_level": "info",
        "request": answer.headers["x-request-id"],
        "method": "POST",
        "route": "/v1/events",
        "status": 201,
        "ms": line["ms"],
        "recorded": 1,
        "duplicates": 0,
        "refused": 0,
    }
    assert "secret.person" not in str(lines)
    assert "between us" not in str(lines)


async def failing_with(service: Service, error: Exception) -> tuple[Any, list[Any]]:
    """Report an event to a ledger that fails unexpectedly."""

    class FailingQueue:
        def admit(self) -> None:
            """Admit everything."""

        async def submit(self, _: object) -> None:
            raise error

    with reporting_with(service, queue=FailingQueue()), capture_logs() as lines:
        answer = await service.client.post("/v1/events", json={**EVENT, "id": "failing"})
    return answer, lines


async def test_a_fault_of_ours_repeats_no_input(service: Service) -> None:
    answer, lines = await failing_with(service, ValueError("secret.person@example.co.jp"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "unexpected")
    assert problem["request"] == answer.headers["x-request-id"]
    logged = next(line for line in lines if line["event"] == "http.unexpected_error")
    assert (logged["error"], logged["request"]) == ("ValueError", problem["request"])
    assert "secret.person" not in str(lines) + answer.text


@pytest.mark.parametrize(
    "error",
    [
        OSError("connection refused"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.TooManyConnectionsError("no more"),
        DBAPIError("", {}, Exception(), connection_invalidated=True),
    ],
)
async def test_an_unavailable_database_is_answered_with_503(
    service: Service, error: Exception
) -> None:
    answer, _ = await failing_with(service, error)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger-unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_every_problem_has_a_status_that_is_an_error() -> None:
    assert all(400 <= kind.status < 600 and kind.title for kind in KINDS.values())


async def test_only_what_may_name_a_position_can_be_beyond_the_log(service: Service) -> None:
    paths = (await service.client.get("/openapi.json")).json()["paths"]
    found = {path for path, methods in paths.items() if "409" in _responses(methods)}
    assert {"/v1/events", "/v1/funnel", "/v1/conflicts"} <= found
    assert not {"/v1/keys", "/v1/selections/{selection_id}"} & found


def _responses(methods: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(methods.get("get", {}).get("responses", {}))
