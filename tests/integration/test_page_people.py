"""Names on pages: only for those who may see them, and every look is recorded in a chain."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from service.keys.scopes import Scope
from service.metrics import Metrics
from service.people.reads import Reads
from service.people.sealing import Sealing
from service.people.searching import NameIndex
from service.private_postgres import PrivatePostgres
from service.settings import DRIVER
from tests.support.http_service import SCHEMA, SEALS, Service, running_service
from tests.support.page_visits import OURS, browsing, counted, key_of, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANAKO = {
    "email": "hanako@example.co.jp",
    "phone": "090-1234-5678",
    "name": "山田 花子",
    "profile": {"フリガナ": "ヤマダ ハナコ", "役職": "購買部長"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for event in (
            {"id": "1", "lead": HANAKO, "account": {"name": "株式会社東西精工"}},
            {"id": "2", "lead": {"email": "taro@example.jp", "name": "Taro Suzuki"}},
            # A later report without a name takes none away.
            {"id": "3", "lead": {"email": HANAKO["email"]}},
        ):
            report = {"type": "form.submitted", **event}
            assert (await running.client.post("/v1/events", json=report)).status_code == 201
        await counted(running)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service) as client:
        await log_in(client, key_of(service))
        yield client


def sealing_of(service: Service) -> Sealing:
    """Return what seals every hour in the background."""
    return Sealing(service.engine, SCHEMA, SEALS, on_fault=service.part(Metrics).fault)


async def lead_id(service: Service, email: str) -> str:
    found = await service.client.post("/v1/leads/find", json={"email": email})
    return str(found.json()["id"])


async def search(client: httpx.AsyncClient, term: str) -> httpx.Response:
    answer = await client.post("/leads/search", data={"term": term}, headers=OURS)
    assert answer.status_code == 303
    return await client.get(answer.headers["location"])


async def test_a_lead_is_called_by_the_latest_name_and_company(
    service: Service, browser: httpx.AsyncClient
) -> None:
    hanako = await lead_id(service, "hanako@example.co.jp")
    page = (await browser.get(f"/leads/{hanako}")).text
    for part in ("山田 花子", "ヤマダ ハナコ", "株式会社東西精工", "購買部長", "090-1234-5678"):
        assert part in page
    listed = (await browser.get("/leads?list=house")).text
    assert "山田 花子" in listed
    assert "Taro Suzuki" in listed


async def test_without_the_scope_no_page_shows_or_finds_a_name(service: Service) -> None:
    reading = (Scope.PROJECTIONS_READ, Scope.LEADS_READ)
    key = (await service.key(*reading, person="E1"))["authorization"].removeprefix("Bearer ")
    hanako = await lead_id(service, "hanako@example.co.jp")
    before = await service.part(Reads).page(before=10**9, limit=1)
    async with browsing(service) as client:
        await log_in(client, key)
        pages = [
            (await client.get(path)).text
            for path in (f"/leads/{hanako}", "/leads?list=house", "/leads?row=MAL")
        ]
        pages.append((await search(client, "花子")).text)
        by_address = (await search(client, "hanako@example.co.jp")).text
    for page in pages:
        assert not re.search("山田|090-1234|hanako@|東西精工", page)
    assert f"/leads/{hanako}" in by_address
    assert await service.part(Reads).page(before=10**9, limit=1) == before


async def test_a_call_that_was_forbidden_hides_the_number(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = {"email": "quiet@example.jp", "phone": "090-9999-0001", "name": "Quiet"}
    for type in ("form.submitted", "do_not_call.set"):
        event = {"id": f"quiet-{type}", "type": type, "lead": lead}
        assert (await service.client.post("/v1/events", json=event)).status_code == 201
    page = (await browser.get(f"/leads/{await lead_id(service, 'quiet@example.jp')}")).text
    assert "Quiet" in page
    assert "090-9999-0001" not in page


@pytest.mark.parametrize("term", ["花子", "山田　花", "やまだはな", "東西", "hanako@example.co.jp"])
async def test_a_person_is_found_by_part_of_a_name_a_company_or_an_address(
    service: Service, browser: httpx.AsyncClient, term: str
) -> None:
    found = await search(browser, term)
    assert re.findall(r'<th scope="row"><a href="/leads/([^"]+)"', found.text) == [
        await lead_id(service, "hanako@example.co.jp")
    ]
    assert quote(term) not in str(found.url)


async def test_what_is_no_longer_there_is_not_found(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = {"email": "jiro@example.jp", "name": "Jiro Tanaka"}
    event = {"id": "jiro", "type": "form.submitted", "lead": lead}
    position = (await service.client.post("/v1/events", json=event)).json()["position"]
    assert "Jiro Tanaka" in (await search(browser, "tanaka")).text
    owner = create_async_engine(service.owner_url.set(drivername=DRIVER))
    async with owner.begin() as connection:
        erase = text("DELETE FROM ledger.event_personal WHERE position = :position")
        await connection.execute(erase, {"position": int(position)})
    await owner.dispose()
    assert "Jiro" not in (await search(browser, "tanaka")).text


async def test_a_search_belongs_to_its_session_and_ends(
    service: Service, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = str((await search(browser, "花子")).url)
    async with browsing(service) as other:
        await log_in(other, key_of(service))
        assert (await other.get(found)).status_code == 404
    assert (await browser.get(found)).status_code == 200
    monkeypatch.setattr("service.people.searches.SEARCH_S", 0)
    assert (await browser.get(found)).status_code == 404


async def test_the_index_is_forgotten_when_it_is_idle(
    service: Service, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await search(browser, "花子")
    index = service.part(NameIndex)
    index._forget()
    assert index._text == "\n"
    assert "山田 花子" in (await search(browser, "花子")).text


async def test_every_look_is_recorded_and_the_log_holds_the_end_of_the_chain(
    service: Service, browser: httpx.AsyncClient
) -> None:
    hanako = await lead_id(service, "hanako@example.co.jp")
    await browser.get(f"/leads/{hanako}")
    reads = service.part(Reads)
    last, *earlier = await reads.page(before=10**9, limit=100)
    assert (last.page, last.leads) == ("/leads/{lead_id}", (hanako,))
    assert last.key_id == key_of(service).split("_")[1]
    assert last.number == len(earlier) + 1
    sealing = sealing_of(service)
    await sealing.seal()
    await sealing.seal()
    feed = (await service.client.get("/v1/events?type=personal.reads_sealed")).json()["events"]
    assert [event["data"]["reads"] for event in feed] == [last.number]
    assert hanako not in str(feed)


async def test_the_serving_role_cannot_change_a_read(service: Service) -> None:
    table = "ledger.personal_reads"
    for change in (f"UPDATE {table} SET page = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        async with service.engine.connect() as connection:
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(change))
