"""Logging in: a key is shown once, a session ends in time, and a cookie opens pages alone."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.private_postgres import PrivatePostgres
from service.sessions.arrival import TrustedProxies
from service.sessions.store import SessionStore
from tests.support.api_routes import page_paths
from tests.support.http_service import Service, running_service, serving_with
from tests.support.page_visits import OURS, browsing, key_of, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

READING = (Scope.PROJECTIONS_READ, Scope.LEADS_READ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service) as one:
        yield one


async def reading_key(service: Service) -> str:
    return (await service.key(*READING, person="E1"))["authorization"].removeprefix("Bearer ")


async def test_without_a_session_every_page_leads_to_the_log_in(client: httpx.AsyncClient) -> None:
    found = {
        path: (await client.get(path)).headers["location"]
        for path in ("/", "/funnel?as_of=2026-01-01&lang=ja", "/leads", "/sessions", "/records/1")
    }
    assert found == {
        "/": "/login",
        "/funnel?as_of=2026-01-01&lang=ja": (
            "/login?lang=ja&next=%2Ffunnel%3Fas_of%3D2026-01-01%26lang%3Dja"
        ),
        "/leads": "/login?next=%2Fleads",
        "/sessions": "/login?next=%2Fsessions",
        "/records/1": "/login?next=%2Frecords%2F1",
    }


async def test_no_page_but_the_log_in_is_open(service: Service, client: httpx.AsyncClient) -> None:
    paths = [path for path in page_paths(service.app) if path != "/login"]
    assert len(paths) >= 5
    for path in paths:
        answer = await client.get(re.sub(r"{[^}]*}", str(UUID(int=1)), path))
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login"), path


async def test_a_key_is_shown_once_and_leads_back_to_what_was_wanted(
    service: Service, client: httpx.AsyncClient
) -> None:
    answer = await log_in(client, key_of(service), "/funnel?lang=ja")
    assert (answer.status_code, answer.headers["location"]) == (303, "/funnel?lang=ja")
    assert answer.headers["set-cookie"].startswith("leadledger-8080=")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await client.get("/funnel?lang=ja")).status_code == 200
    assert (await client.get("/")).status_code == 200
    assert (await client.get("/login?next=/leads")).headers["location"] == "/leads"


async def test_the_database_holds_the_digest_of_the_token_alone(
    service: Service, client: httpx.AsyncClient
) -> None:
    await log_in(client, key_of(service))
    token = client.cookies["leadledger-8080"]
    async with service.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM ledger.page_sessions"))).all()
    assert sha256(token.encode()).digest() in {row.token_digest for row in rows}
    assert token not in repr(rows)


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "funnel", ""],
)
async def test_the_log_in_never_leads_to_another_site(
    service: Service, client: httpx.AsyncClient, elsewhere: str
) -> None:
    assert (await log_in(client, key_of(service), elsewhere)).headers["location"] == "/"


async def test_a_wrong_key_gets_the_form_again_and_is_logged_without_the_key(
    service: Service, client: httpx.AsyncClient
) -> None:
    key = key_of(service)
    no_pages, of_a_system = [
        (await service.key(*terms, person=person))["authorization"].removeprefix("Bearer ")
        for terms, person in (((Scope.EVENTS_WRITE,), "E3"), (READING, None))
    ]
    with capture_logs() as logged:
        mistyped = f"{key[:-1]}{'0' if key[-1] != '0' else '1'}"
        for wrong in ("", "llk_nonsense", mistyped, no_pages, of_a_system):
            answer = await log_in(client, wrong)
            assert (answer.status_code, 'role="alert"' in answer.text) == (401, True)
            assert "set-cookie" not in answer.headers
    failed = [entry for entry in logged if entry["event"] == "page.log_in_failed"]
    reasons = ["key-unknown"] * 3 + ["no-pages", "not-a-person"]
    assert [entry["reason"] for entry in failed] == reasons
    assert "llk_" not in repr(logged)
    kept = await service.part(SessionStore).list_failures()
    found = [(one.reason, one.key_id) for one in kept[: len(reasons)]]
    ids = [None, None, None, no_pages.split("_")[1], of_a_system.split("_")[1]]
    assert found == list(zip(reasons, ids, strict=True))[::-1]
    await log_in(client, key)
    assert of_a_system.split("_")[1] in (await client.get("/sessions")).text


async def test_failed_log_ins_are_bounded_and_a_right_key_is_still_admitted(
    service: Service, client: httpx.AsyncClient
) -> None:
    fresh = SessionStore(service.engine, "ledger")
    with serving_with(service, SessionStore, fresh), capture_logs() as logged:
        statuses = [(await log_in(client, "llk_wrong")).status_code for _ in range(12)]
        assert statuses[:5] == [401] * 5
        assert statuses[-1] == 429
        assert (await log_in(client, key_of(service))).status_code == 303
    failed = [entry for entry in logged if entry["event"] == "page.log_in_failed"]
    assert len(failed) == statuses.count(401)


async def test_a_page_accepts_no_key_and_the_api_no_cookie(
    service: Service, client: httpx.AsyncClient
) -> None:
    key = key_of(service)
    bearer = {"authorization": f"Bearer {key}"}
    assert (await client.get("/funnel", headers=bearer)).status_code == 303
    for path in (f"/funnel?key={key}", f"/login?key={key}"):
        answer = await client.get(path)
        assert answer.status_code in (303, 422)
        assert "set-cookie" not in answer.headers
    await log_in(client, key)
    assert (await client.get("/funnel")).status_code == 200
    for path in ("/v1/funnel", "/v1/leads", "/v1/keys", "/metrics"):
        assert (await client.get(path)).status_code == 401


async def test_a_form_of_another_site_does_nothing(
    service: Service, client: httpx.AsyncClient
) -> None:
    await log_in(client, key_of(service))
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path, form in (("/logout", {}), ("/login", {"key": key_of(service)})):
        answer = await client.post(path, data=form, headers=foreign)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert (await client.get("/funnel")).status_code == 200


async def test_over_http_pages_are_refused_unless_a_trusted_proxy_received_https(
    service: Service,
) -> None:
    said = {"x-forwarded-proto": "https"}
    async with browsing(service, base_url="http://leads.example.jp", **said) as client:
        refused = await client.get("/login")
        assert (refused.status_code, "Open this page over https" in refused.text) == (403, True)
        proxies = TrustedProxies.from_text("127.0.0.1")
        with serving_with(service, TrustedProxies, proxies):
            answer = await log_in(client, key_of(service))
            assert answer.headers["set-cookie"].startswith("__Host-leadledger=")
            assert answer.headers["set-cookie"].endswith("; Secure")


async def test_logging_out_ends_the_session_and_not_only_the_cookie(
    service: Service, client: httpx.AsyncClient
) -> None:
    await log_in(client, key_of(service))
    cookie = {"cookie": f"leadledger-8080={client.cookies['leadledger-8080']}"}
    answer = await client.post("/logout", headers=OURS)
    assert answer.headers["location"] == "/login"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    async with browsing(service) as other:
        assert (await other.get("/funnel", headers=cookie)).status_code == 303


async def test_a_session_ends_when_it_is_idle_or_old(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log_in(client, key_of(service))
    for bound in ("SESSION_IDLE_S", "SESSION_S"):
        with monkeypatch.context() as patched:
            patched.setattr(f"service.sessions.store.{bound}", 0)
            assert (await client.get("/funnel")).status_code == 303
        assert (await client.get("/funnel")).status_code == 200


async def test_using_a_session_keeps_it_from_being_idle(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.sessions.store.SESSION_SEEN_EVERY_S", 0)
    await log_in(client, key_of(service))
    sessions = service.part(SessionStore)
    before = await sessions.find(client.cookies["leadledger-8080"])
    await client.get("/funnel")
    after = await sessions.find(client.cookies["leadledger-8080"])
    assert before is not None
    assert after is not None
    assert after.last_seen_at > before.last_seen_at


async def test_revoking_the_key_ends_its_sessions(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await reading_key(service)
    await log_in(client, key)
    assert (await client.get("/funnel")).status_code == 200
    await service.part(KeyStore).revoke(key.split("_")[1], by=None)
    # The directory of keys is read again at once instead of a second later.
    monkeypatch.setattr("service.keys.directory.KEYS_TRUST_S", -1)
    assert (await client.get("/funnel")).status_code == 303


async def test_sessions_are_listed_and_can_be_ended_by_their_key_or_an_administrator(
    service: Service,
) -> None:
    key, other = await reading_key(service), await reading_key(service)
    async with browsing(service) as mine, browsing(service) as theirs, browsing(service) as admin:
        await log_in(mine, key)
        await log_in(theirs, other)
        await log_in(admin, key_of(service))
        ids = {
            one.session.key_id: one.session.session_id
            for one in await service.part(SessionStore).list(None)
        }
        my_id, their_id = ids[key.split("_")[1]], ids[other.split("_")[1]]
        page = (await mine.get("/sessions")).text
        assert my_id in page
        assert their_id not in page
        assert (await admin.get("/sessions")).text.count(their_id) == 1
        await mine.post(f"/sessions/{their_id}/end", headers=OURS)
        assert (await theirs.get("/funnel")).status_code == 200
        assert (await admin.post(f"/sessions/{my_id}/end")).status_code == 403
        assert (await admin.post(f"/sessions/{my_id}/end", headers=OURS)).status_code == 303
        again = await mine.post(f"/sessions/{my_id}/end", headers=OURS)
        assert again.headers["location"] == "/login"
        assert (await admin.post("/sessions/nothing/end", headers=OURS)).status_code == 404


async def test_the_name_of_a_key_is_shown_only_to_those_who_may_see_personal_data(
    service: Service,
) -> None:
    found = {}
    for scopes in (READING, (*READING, Scope.PERSONAL_READ)):
        key = (await service.key(*scopes, person="E2"))["authorization"].removeprefix("Bearer ")
        async with browsing(service) as client:
            await log_in(client, key)
            page = (await client.get("/sessions")).text
            found[len(scopes)] = (key.split("_")[1] in page, ">test<" in page)
    assert found == {2: (True, False), 3: (True, True)}


async def test_a_key_has_a_bounded_number_of_sessions(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.sessions.store.SESSIONS_PER_KEY_MAX", 2)
    key_id = (await reading_key(service)).split("_")[1]
    sessions = service.part(SessionStore)
    first, *others = [await sessions.open(key_id) for _ in range(3)]
    assert await sessions.find(first) is None
    assert all([await sessions.find(token) is not None for token in others])
    assert len(await sessions.list(key_id)) == 2


async def test_a_form_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/login", data={"key": "x" * 5_000}, headers=OURS)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
