"""The page of targets: plans with their actuals, and periods closed by a form."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.page_visits import OURS, browsing, counted, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

APRIL = {"starts_on": "2026-04-01", "ends_on": "2026-04-30"}
PAGE = "/targets?from=2026-04-01&to=2026-04-30"
MARKETING = {"for_department": "marketing", "figure": "new_visitors"}


async def send(service: Service, id: str, type: str, day: str, **event: Any) -> None:
    body = {"id": id, "type": type, "time": f"{day}T10:00:00+09:00", **event}
    answer = await service.client.post("/v1/events", json=body)
    assert answer.status_code == 201, answer.text


async def visit(service: Service, name: str, day: str) -> None:
    data = {"page": "https://a.example/x"}
    await send(service, name, "content.viewed", day, lead={"anonymous_id": name}, data=data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for day, plan in (("2026-03-20", "8"), ("2026-04-10", "4")):
            data = {**MARKETING, **APRIL, "plan": plan}
            await send(running, f"plan-{plan}", "target.set", day, data=data)
        for number in range(3):
            await visit(running, f"visitor-{number}", f"2026-04-0{number + 2}")
        await counted(running)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(service, Scope.DECISIONS_WRITE) as client:
        yield client


@asynccontextmanager
async def visiting(service: Service, *scopes: Scope) -> AsyncIterator[httpx.AsyncClient]:
    """Log a person with some rights in."""
    reads = (Scope.PROJECTIONS_READ, Scope.LEADS_READ)
    headers = await service.key(*reads, *scopes, person="E1042", sources=("pages",))
    async with browsing(service, **{"accept-language": "ja"}) as client:
        await log_in(client, headers["authorization"].removeprefix("Bearer "))
        yield client


def cells(page: str, section: str) -> list[list[str]]:
    """Return the texts of the rows of the tables in a section."""
    (body,) = re.findall(rf'<section id="{section}">.*?</section>', page, re.DOTALL)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", body, re.DOTALL)
    return [
        [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.split(r"</t[hd]>", row)[:-1]
        ]
        for row in rows
    ]


def form_in(page: str) -> dict[str, str]:
    (form,) = re.findall(r'<form method="post" action="/targets".*?</form>', page, re.DOTALL)
    return dict(re.findall(r'<input type="(?:hidden|date)" name="(\w+)" value="([^"]*)"', form))


async def test_a_target_is_shown_with_what_has_come_of_it(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(PAGE)).text
    row = ["マーケティング", "新規匿名訪問", "4 (当初 8)", "3", "75.0 %", "100.0 %", "3"]
    assert cells(page, "planned") == [row]
    (link,) = re.findall(r'href="(/leads\?figure=flow[^"]+)">3</a>', page)
    listed = (await browser.get(link.replace("&amp;", "&"))).text
    assert re.findall(r'<b class="total">([\d,]+)', listed) == ["3"]
    early = (await browser.get(f"{PAGE}&as_of=2026-04-07")).text
    # The first plan still counts, and five of April's 21 working days have begun.
    row = ["マーケティング", "新規匿名訪問", "8", "3", "37.5 %", "23.8 %", "13"]
    assert cells(early, "planned") == [row]


async def test_a_month_is_closed_once_and_its_numbers_stay(
    service: Service, browser: httpx.AsyncClient
) -> None:
    form = form_in((await browser.get(PAGE)).text)
    assert {name: form[name] for name in APRIL} == APRIL
    first = await browser.post("/targets", data=form, headers=OURS)
    again = await browser.post("/targets", data=form, headers=OURS)
    assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
    await visit(service, "late", "2026-04-30")
    await counted(service)
    page = (await browser.get(first.headers["location"])).text
    (visitors, *others) = cells(page, "closed")
    assert visitors == ["新規匿名訪問", "3", "4", "1"]
    assert {tuple(row[1:]) for row in others} == {("0", "0", "0")}
    (compare,) = re.findall(r'href="(/compare\?[^"]+)"', page)
    compared = await browser.get(compare.replace("&amp;", "&"))
    assert compared.status_code == 200
    assert "報告日より後に判明" in compared.text
    events = (await service.client.get("/v1/events?type=period.closed")).json()["events"]
    assert [event["data"]["read_at"] for event in events] == [form["read_at"]]


async def test_a_month_that_is_not_over_is_not_closed(browser: httpx.AsyncClient) -> None:
    form = form_in((await browser.get("/targets")).text)
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    answer = await browser.post("/targets", data={**form, "ends_on": tomorrow}, headers=OURS)
    assert answer.status_code == 422
    assert "is not over" in answer.text
    assert form_in(answer.text)["event_id"] == form["event_id"]
    answer = await browser.post("/targets", data={"event_id": "x"}, headers=OURS)
    assert answer.status_code == 422


async def test_only_those_who_may_decide_close_a_month(
    service: Service, browser: httpx.AsyncClient
) -> None:
    form = form_in((await browser.get(PAGE)).text)
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await browser.post("/targets", data=form, headers=foreign)).status_code == 403
    async with visiting(service) as reading:
        assert '<form method="post" action="/targets"' not in (await reading.get(PAGE)).text
        assert (await reading.post("/targets", data=form, headers=OURS)).status_code == 403


async def test_today_shows_the_plan_of_the_month_next_to_its_actual(
    service: Service, browser: httpx.AsyncClient
) -> None:
    first = (datetime.now(UTC) + timedelta(hours=9)).date().replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    month = {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
    data = {"for_department": "marketing", "figure": "MQL", "plan": "1234", **month}
    await send(service, "month", "target.set", "2026-03-20", data=data)
    orders = {"for_department": "field_sales", "figure": "orders", "plan": "4321", **month}
    await send(service, "orders", "target.set", "2026-03-20", data=orders)
    await counted(service)
    page = (await browser.get("/")).text
    (other,) = re.findall(r"<tr><th scope=\"row\">フィールドセールス.*?</tr>", page, re.DOTALL)
    assert "4,321" in other
    assert page.count("1,234") == 1
    (row,) = re.findall(r"<tr><th scope=\"row\">MQL.*?</tr>", page, re.DOTALL)
    assert "1,234" in row
    assert "0.0 %" in row
