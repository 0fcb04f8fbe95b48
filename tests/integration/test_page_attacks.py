"""What others could try on those who are logged in: each attack, and that it leads nowhere."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from service.pages.frame.answering import PageRoute
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.page_visits import browsing, counted, key_of, links, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

COOKIE = "leadledger-8080"
SHORT = "\"'><img src=x onerror=alert(1)>"
"""As long as a code may be."""
HOSTILE = "\"'><img src=x onerror=alert(1)></td><script>alert(2)</script>"
MARKS = ("<img src=x", "<script>alert", "</script>")
"""What would be in a page in which any of it was taken for markup."""
PAGES_MAX = 60
FOLLOWED = ("/leads/", "/accounts/", "/records/", "/refusals", "/leads?")
LEAD = {
    "email": "attack@attack.example",
    "name": f"name {HOSTILE}",
    "profile": {"会社名": f"company {HOSTILE}", "役職": f"title {HOSTILE}"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service) as client:
        await log_in(client, key_of(service))
        yield client


def routes(service: Service, method: str) -> list[str]:
    """Return the addresses of all pages that are asked for with a method."""
    return [
        re.sub(r"{[^}]*}", str(UUID(int=1)), route.path_format)
        for route in service.app.routes
        if isinstance(route, APIRoute)
        and isinstance(route, PageRoute)
        and method in (route.methods or ())
    ]


async def test_a_token_that_someone_else_chose_never_becomes_a_session(service: Service) -> None:
    planted = "A" * 43
    async with browsing(service, cookie=f"{COOKIE}={planted}") as victim:
        answer = await log_in(victim, key_of(service))
        assert answer.status_code == 303
        assert planted not in answer.headers["set-cookie"]
    async with browsing(service, cookie=f"{COOKIE}={planted}") as attacker:
        assert (await attacker.get("/funnel")).status_code == 303


async def test_every_log_in_has_a_token_of_its_own(service: Service) -> None:
    tokens = set()
    async with browsing(service) as client:
        for _ in range(2):
            await log_in(client, key_of(service))
            tokens.add(client.cookies[COOKIE])
    assert len(tokens) == 2
    assert all(len(token) >= 43 for token in tokens), "32 random bytes"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
    ids=lambda headers: "-".join(headers.values()) or "neither",
)
async def test_no_form_of_another_site_is_accepted_anywhere(
    service: Service, visitor: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    paths = routes(service, "POST")
    assert len(paths) >= 8
    statuses = {
        path: (await visitor.post(path, data={"file": "x"}, headers=headers)).status_code
        for path in paths
    }
    assert statuses == dict.fromkeys(paths, 403)
    assert (await visitor.get("/funnel")).status_code == 200


async def test_no_answer_is_framed_or_kept_by_a_cache(
    service: Service, visitor: httpx.AsyncClient
) -> None:
    """Whatever the answer is: a page, an error, a way to another page or a file."""
    paths = [*routes(service, "GET"), "/figures/flow?format=csv", "/figures/flow?format=xlsx"]
    answers = [await visitor.get(path) for path in paths]
    answers += [await visitor.post(path) for path in routes(service, "POST")]
    async with browsing(service) as stranger:
        answers += [await stranger.get(path) for path in paths]
    assert {answer.status_code for answer in answers} >= {200, 303, 403, 404}
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], answer.url
        assert answer.headers["cache-control"] == "private, no-store", answer.url
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url


async def test_what_a_sender_wrote_is_never_markup(
    service: Service, visitor: httpx.AsyncClient
) -> None:
    reports = [
        {
            "id": f"id {HOSTILE}",
            "type": "form.submitted",
            "lead": LEAD,
            "account": {"name": f"account {HOSTILE}"},
            "data": {"form": f"form {SHORT}", "campaign": f"campaign {SHORT}"},
        },
        {"id": f"refused {HOSTILE}", "type": "lead.qualified", "lead": {"email": "a@b.example"}},
        {"id": f"type {HOSTILE}", "type": HOSTILE, "lead": LEAD},
        {"id": f"field {HOSTILE}", "type": "form.submitted", "lead": LEAD, HOSTILE: HOSTILE},
    ]
    answers = [await service.client.post("/v1/events", json=one) for one in reports]
    assert answers[0].status_code == 201, answers[0].text
    assert all(400 <= answer.status_code < 500 for answer in answers[1:])
    await counted(service)
    # Every page that can be reached, and an error that repeats what was asked.
    todo = ["/", "/refusals", "/worklist", "/conflicts", "/accounts", "/leads?list=house"]
    todo += ["/funnel?by=campaign", "/records/1", f"/funnel?as_of={HOSTILE}", f"/nowhere{HOSTILE}"]
    pages: dict[str, str] = {}
    while todo and len(pages) < PAGES_MAX:
        path = todo.pop(0)
        if path not in pages and not path.startswith("/static"):
            pages[path] = (await visitor.get(path)).text
            todo += [one for one in links(pages[path]) if one.startswith(FOLLOWED)]
    shown = "".join(pages.values())
    for part in ("name ", "account ", "campaign "):
        assert f"{part}&#34;&#39;&gt;&lt;img" in shown, part
    found = [(path, mark) for path, page in pages.items() for mark in MARKS if mark in page]
    assert found == []
