"""What an attacker tries against the pages: markup in reports, planted cookies, foreign forms."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.api_routes import page_paths
from tests.support.http_service import Service, running_service
from tests.support.page_visits import OURS, browsing, key_of, log_in, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL: Final = "\"'><script>evil()</script>"
ESCAPED: Final = "script&gt;evil()"
COOKIE: Final = "leadledger-8080"
LEAD: Final = {
    "email": "mallory@evil.example",
    "phone": "03-1234-5678",
    "name": f"Mallory {EVIL}",
    "profile": dict.fromkeys(("company", "フリガナ", "役職", "部署", "industry"), EVIL),
    "external_ids": {"crm": EVIL},
}
DEAL: Final = {"opportunity": EVIL, "product": EVIL, "expected_close": "2026-03-01"}
REPORTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("form.submitted", {"form": EVIL, "campaign": EVIL, "channel": "organic", "page": EVIL}),
    ("lead.accepted", {}),
    ("lead.qualified", {}),
    ("lead.sales_accepted", {"owner": EVIL, "team": EVIL}),
    ("screening.attempted", {"reached": True, "channel": "phone", "memo": EVIL}),
    ("activity.recorded", {"name": EVIL, "note": EVIL}),
    ("opportunity.created", DEAL | {"value": "1000", "currency": "JPY"}),
    ("opportunity.lost", {"opportunity": EVIL, "reason": "no_budget"}),
    # Refused: the bytes are kept, and shown to who may retry them.
    ("lead.sales_rejected", {"reason": EVIL}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        account = {"name": EVIL, "domain": "evil.example"}
        for number, (type, data) in enumerate(REPORTS):
            event = {"id": f"{EVIL}{number}", "type": type, "lead": LEAD, "data": data}
            if not number:
                event["account"] = account
            answer = await running.client.post("/v1/events", json=event)
            is_refused = type == "lead.sales_rejected"
            assert (answer.status_code == 201) is not is_refused, (type, answer.text)
        await settled(running)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service) as client:
        await log_in(client, key_of(service))
        yield client


async def test_what_senders_write_is_text_on_every_page(
    service: Service, browser: httpx.AsyncClient
) -> None:
    found = (await service.client.post("/v1/leads/find", json={"email": LEAD["email"]})).json()
    lead = (await service.client.get(f"/v1/leads/{found['id']}")).json()
    head = int((await service.client.get("/v1/events?limit=1")).json()["head"])
    month = "from=2026-01-01&to=2099-12-31"
    shows = {
        f"/leads/{found['id']}",
        f"/accounts/{lead['account']}",
        "/leads?list=house",
        f"/worklist?{urlencode({'owner': EVIL})}",
        "/figures/flow?by=campaign",
        "/funnel?by=owner,product",
        "/refusals",
    }
    paths = [path for path in page_paths(service.app) if "{" not in path and path != "/login"]
    others = [f"/records/{position}" for position in range(1, head + 1)]
    others += [f"/{name}?{month}" for name in ("contribution", "deals", "campaigns")]
    others += [f"/figures/pipeline?{month}&by=product"]
    showing: set[str] = set()
    for path in (*paths, *shows, *others):
        page = (await browser.get(path)).text
        assert "<script>evil" not in page, path
        assert not re.search(r"<[^>]*<script", page), path
        if ESCAPED in page:
            showing.add(path)
    assert shows <= showing


async def test_a_planted_cookie_never_becomes_a_session(service: Service) -> None:
    planted = "planted" * 6
    async with browsing(service) as victim, browsing(service) as attacker:
        victim.cookies.set(COOKIE, planted, domain="127.0.0.1")
        answer = await log_in(victim, key_of(service))
        given = answer.headers["set-cookie"]
        assert planted not in given
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(given.split("; "))
        assert "Domain" not in given
        attacker.cookies.set(COOKIE, planted, domain="127.0.0.1")
        assert (await attacker.get("/funnel")).status_code == 303


@pytest.mark.parametrize(
    "said",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
)
async def test_no_form_is_accepted_from_elsewhere(
    service: Service, browser: httpx.AsyncClient, said: dict[str, str]
) -> None:
    paths = page_paths(service.app, "POST")
    assert len(paths) > 5
    found = {
        path: (await browser.post(re.sub(r"{[^}]*}", str(UUID(int=1)), path), headers=said))
        for path in paths
    }
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(paths, 403)
    assert (await browser.get("/funnel")).status_code == 200


async def test_no_answer_of_a_page_is_kept_or_framed_by_others(
    service: Service, browser: httpx.AsyncClient
) -> None:
    answers = [
        await browser.get("/figures/flow?format=csv"),
        await browser.get("/leads/unknown"),
        await browser.post("/leads/search", data={"term": "Mallory"}, headers=OURS),
        await browser.post("/logout", headers=OURS),
        await browser.get("/leads?list=house"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 303, 303, 303]
    for answer in answers:
        assert answer.headers["cache-control"] == "private, no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "Mallory" not in str(answer.headers)
