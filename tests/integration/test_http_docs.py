"""`/docs`: complete without the internet, open to read, and able to send a key's requests."""

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
ELSEWHERE = re.compile(r"(?:https?:)?//[a-z0-9]", re.IGNORECASE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def read(service: Service, path: str, **headers: str) -> httpx.Response:
    """Read what is open, as a browser that holds no key."""
    return await service.client.get(path, headers={"authorization": "", **headers})


def named(page: str) -> list[str]:
    """List what the page loads, each relative to the page's own address."""
    return re.findall(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"', page)


async def test_the_page_allows_its_own_files_and_nothing_else(service: Service) -> None:
    page = await read(service, "/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"].split("; ")
    assert dict(rule.split(" ", 1) for rule in policy) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    # What the policy would block, and what would leave this host.
    assert not re.search(r"<script(?! src=)|<style|\s(?:style|on\w+)=", page.text)
    assert not ELSEWHERE.search(page.text)


async def test_every_file_that_the_page_names_is_served(service: Service) -> None:
    paths = named((await read(service, "/docs")).text)
    types = {
        path.rpartition("/")[2]: CSS if path.endswith(".css") else JAVASCRIPT for path in paths
    }
    assert list(types) == ["swagger-ui.css", "swagger-ui-bundle.js", "start.js"]
    for path in paths:
        plain = await read(service, f"/{path}", **{"accept-encoding": "identity"})
        packed = await read(service, f"/{path}", **{"accept-encoding": "gzip, br"})
        for answer in (plain, packed):
            assert answer.status_code == 200
            assert answer.headers["content-type"] == types[path.rpartition("/")[2]]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "accept-encoding"
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.content == packed.content != b""
        assert int(packed.headers["content-length"]) < len(plain.content)


async def test_the_page_shows_the_document_of_its_own_service(service: Service) -> None:
    page = (await read(service, "/docs")).text
    *_, bundle, start = [(await read(service, f"/{path}")).text for path in named(page)]
    assert "SwaggerUIBundle" in bundle
    assert not ELSEWHERE.search(re.sub(r"(?m)^\s*// .*$", "", start))
    assert 'url: "openapi.json"' in start
    assert "validatorUrl: null" in start
    (place,) = re.findall(r'dom_id: "#(\w+)"', start)
    assert f'<div id="{place}">' in page
    assert (await read(service, "/openapi.json")).json()["info"]["title"] == "leadledger"


@pytest.mark.parametrize("name", ["start.js.map", "LICENSE", "%2e%2e%2fstart.js"])
async def test_only_the_files_of_the_page_are_served(service: Service, name: str) -> None:
    folder = named((await read(service, "/docs")).text)[0].rpartition("/")[0]
    answer = await read(service, f"/{folder}/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_file_of_another_version_is_not_served(service: Service) -> None:
    answer = await read(service, "/docs/0123456789abcdef/start.js")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "immutable" not in answer.headers.get("cache-control", "")


async def test_the_page_can_send_a_key_in_each_way_that_the_document_declares(
    service: Service,
) -> None:
    document = (await read(service, "/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    assert {name: (one["type"], one["scheme"]) for name, one in schemes.items()} == {
        "bearer": ("http", "bearer"),
        "basic": ("http", "basic"),
    }
    assert all("key" in one["description"] for one in schemes.values())
    used = {
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        for way in operation.get("security", ())
        for name in way
    }
    assert used == set(schemes)
    key = service.client.headers["authorization"].removeprefix("Bearer ")
    basic = base64.b64encode(f"{key}:".encode()).decode()
    for authorization, status in ((f"Bearer {key}", 200), (f"Basic {basic}", 200), ("", 401)):
        answer = await read(service, "/v1/funnel?by=none", authorization=authorization)
        assert answer.status_code == status


async def test_every_body_that_the_page_starts_with_is_accepted(service: Service) -> None:
    document = (await read(service, "/openapi.json")).json()
    examples = {
        operation["operationId"]: (method, path, content["example"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
        if media_type == "application/json" and not is_of_other_services(operation)
    }
    assert len(examples) > 10
    # Refused, so that there is something to retry and to dismiss.
    stray = {**examples["post_events"][2], "id": "stray", "type": "unheard.of"}
    refusal = (await service.client.post("/v1/events", json=stray)).json()["refusal"]
    ids = {"refusal_id": refusal, "lead_id": refusal}
    for name, (method, path, body) in examples.items():
        answer = await service.client.request(method, path.format_map(ids), json=body)
        # The body is fine, but in a ledger that is well no lead is set aside.
        expected = {404} if name == "post_conflict" else {200, 201}
        assert answer.status_code in expected, (name, answer.text)
        if name in {"post_keys", "post_webhooks"}:
            ids[f"{name.removeprefix('post_').removesuffix('s')}_id"] = answer.json()["id"]


def is_of_other_services(operation: dict[str, Any]) -> bool:
    return "clients of other services" in operation["tags"]
