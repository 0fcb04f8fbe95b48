"""Work done on pages: the same events, decided as the API's are, each recorded once."""

import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from projections.deadlines.projection import DeadlineQueries
from service.keys.scopes import Scope
from service.limits import UNOWNED_ROWS, WORK_ROWS
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from tests.support.http_service import Service, running_service
from tests.support.page_visits import OURS, browsing, counted, key_of, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

ME = "E1042"
PAGE_BYTES_MAX = 100_000
SALES = (Scope.LEADS_READ, Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, Scope.PERSONAL_READ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    headers = await service.key(*SALES, person=ME, department="inside_sales", sources=("pages",))
    async with browsing(service, **{"accept-language": "ja"}) as client:
        await log_in(client, headers["authorization"].removeprefix("Bearer "))
        yield client


async def qualified(
    service: Service, name: str, *, at: datetime | None = None, **handed: str
) -> str:
    """Report a lead that waits for sales, and return its id."""
    time = {"time": at.isoformat()} if at is not None else {}
    lead = {"email": f"{name}@{name}.example", "name": name}
    for type, data in (
        ("form.submitted", {}),
        ("lead.accepted", {}),
        ("lead.qualified", {}),
        ("lead.handed_over", {"owner": ME, **handed}),
    ):
        event = {"id": f"{name}-{type}", "type": type, "lead": lead, "data": data, **time}
        answer = await service.client.post("/v1/events", json=event)
        assert answer.status_code == 201, answer.text
    found = await service.client.post("/v1/leads/find", json={"email": lead["email"]})
    await counted(service)
    return str(found.json()["id"])


async def form_of(browser: httpx.AsyncClient, path: str, type: str, lead: str) -> dict[str, str]:
    """Return the hidden fields of the form that reports a type about a lead."""
    page = (await browser.get(path)).text
    forms = re.findall(
        rf'<form method="post" action="/leads/{lead}/report.*?</form>', page, re.DOTALL
    )
    found = (
        dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        for form in forms
    )
    return next(fields for fields in found if fields["type"] == type)


async def send(
    browser: httpx.AsyncClient, lead: str, fields: dict[str, str], **entered: str
) -> httpx.Response:
    form = {**fields, **entered}
    return await browser.post(f"/leads/{lead}/report", data=form, headers=OURS)


async def last_event(service: Service, lead: str, type: str) -> dict[str, Any]:
    history = await service.client.get(f"/v1/leads/{lead}/history?limit=1000")
    events = [event for event in history.json()["events"] if event["type"] == type]
    return dict(events[-1])


async def test_a_second_click_on_accept_is_a_duplicate(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = await qualified(service, "ichiro")
    page = (await browser.get("/worklist")).text
    assert "ichiro" in page
    assert "受入期限" in page
    fields = await form_of(browser, "/worklist", "lead.sales_accepted", lead)
    first, second = [await send(browser, lead, fields) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert re.fullmatch(r"/worklist\?recorded=\d+", first.headers["location"])
    assert "記録しました" in (await browser.get(first.headers["location"])).text
    accepted = await last_event(service, lead, "lead.sales_accepted")
    assert accepted["moved"]["to"] == "SAL"
    assert (accepted["source"], accepted["who"]["department"]) == ("pages", "inside_sales")
    assert accepted["who"]["actor"] == ME


async def test_a_call_is_recorded_in_two_steps_with_a_memo_and_a_return_date(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = await qualified(service, "jiro")
    accept = await form_of(browser, "/worklist", "lead.sales_accepted", lead)
    await send(browser, lead, accept)
    contact = await form_of(browser, f"/leads/{lead}", "screening.attempted", lead)
    missed = await send(browser, lead, contact, outcome="no_answer", channel="phone")
    assert "open=" not in missed.headers["location"]
    assert (await last_event(service, lead, "screening.attempted"))["data"]["reached"] is False
    again = await form_of(browser, f"/leads/{lead}", "screening.attempted", lead)
    spoken = await send(browser, lead, again, outcome="spoken", channel="phone", memo="火曜の午後")
    onward = spoken.headers["location"]
    assert "open=screening.completed" in onward
    page = (await browser.get(onward)).text
    assert 'id="do-screening-completed" open' in page
    assert "火曜の午後" in page
    attempted = await last_event(service, lead, "screening.attempted")
    assert attempted["data"] == {"channel": "phone", "outcome": "spoken", "reached": True}
    completed = await form_of(browser, onward, "screening.completed", lead)
    given = {"class": "later", "revisit_date": "2027-03-01"}
    await send(browser, lead, completed, **given)
    assert (await last_event(service, lead, "screening.completed"))["data"] == given
    state = (await service.client.get(f"/v1/leads/{lead}")).json()
    assert state["revisit_on"] == "2027-03-01"
    # A day that has come is the reason for calling, and not repeated below it.
    due = {
        "id": "jiro-due",
        "type": "screening.completed",
        "lead": {"email": "jiro@jiro.example"},
        "data": {"class": "later", "revisit_date": "2026-01-05"},
    }
    for day, event in (("2027-03-01", None), ("2026-01-05", due)):
        if event is not None:
            assert (await service.client.post("/v1/events", json=event)).status_code == 201
        await counted(service)
        assert (await browser.get("/worklist")).text.count(f"次回日 {day}") == 1


async def test_a_refused_form_is_shown_again_with_the_reason_and_what_was_entered(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = await qualified(service, "saburo")
    reject = await form_of(browser, f"/leads/{lead}", "lead.sales_rejected", lead)
    # Somebody else was faster.
    faster = {"id": "faster", "type": "lead.sales_accepted", "lead": {"id": lead}}
    assert (await service.client.post("/v1/events", json=faster)).status_code == 201
    answer = await send(browser, lead, reject, reason="out_of_focus", memo="予算は来期")
    assert answer.status_code == 409
    assert "現在のステージでは行えません" in answer.text
    assert "「営業差戻し」は「SAL」からは行えません" in answer.text
    incomplete = await form_of(browser, f"/leads/{lead}", "lead.recycled", lead)
    answer = await send(browser, lead, incomplete, memo="理由を忘れた")
    assert answer.status_code == 422
    assert "理由を忘れた" in answer.text
    assert 'id="do-lead-recycled" open' in answer.text
    assert incomplete["event_id"] in answer.text


async def test_only_what_the_key_and_the_stage_allow_is_offered(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = await qualified(service, "shiro")
    page = (await browser.get(f"/leads/{lead}")).text
    offered = set(re.findall(r'id="do-([\w-]+)"', page))
    assert {"lead-sales_accepted", "lead-sales_rejected", "screening-attempted"} <= offered
    # Of marketing, of administrators, of another stage, of systems.
    assert not offered & {"lead-qualified", "stage-corrected", "lead-requalified", "form-submitted"}
    headers = await service.key(Scope.LEADS_READ, person="E7")
    async with browsing(service) as reading:
        await log_in(reading, headers["authorization"].removeprefix("Bearer "))
        assert 'id="do-' not in (await reading.get(f"/leads/{lead}")).text
        form = {"type": "lead.sales_accepted", "event_id": "x-1"}
        answer = await reading.post(f"/leads/{lead}/report", data=form, headers=OURS)
        assert answer.status_code == 403


async def test_a_form_of_another_site_reports_nothing(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = await qualified(service, "goro")
    fields = await form_of(browser, "/worklist", "lead.sales_accepted", lead)
    foreign = {"sec-fetch-site": "cross-site"}
    answer = await browser.post(f"/leads/{lead}/report", data=fields, headers=foreign)
    assert answer.status_code == 403
    assert (await service.client.get(f"/v1/leads/{lead}")).json()["stage"] == "MQL"


async def test_a_lead_without_an_owner_is_taken_and_the_list_of_others_is_open(
    service: Service, browser: httpx.AsyncClient
) -> None:
    event = {
        "id": "free",
        "type": "inquiry.received",
        "lead": {"email": "free@free.example", "name": "free"},
        "data": {"channel": "sales_direct"},
    }
    assert (await service.client.post("/v1/events", json=event)).status_code == 201
    await counted(service)
    found = await service.client.post("/v1/leads/find", json={"email": "free@free.example"})
    lead = found.json()["id"]
    take = await form_of(browser, "/worklist?owner=nobody", "owner.assigned", lead)
    taken = await send(browser, lead, take, owner=ME)
    assert taken.headers["location"].startswith("/worklist?owner=nobody&recorded=")
    recorded = taken.headers["location"].rpartition("=")[2]
    mine = (await browser.get(f"/worklist?recorded={recorded}")).text
    assert ">free<" in mine
    assert f'owner={ME}"' in mine


@pytest_asyncio.fixture(loop_scope="module")
async def administrator(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service, **{"accept-language": "ja"}) as client:
        await log_in(client, key_of(service))
        yield client


def hidden_fields(page: str, action: str) -> list[dict[str, str]]:
    """Return the hidden fields of every form that is sent to an address."""
    forms = re.findall(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    return [
        dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        for form in forms
    ]


async def test_everyones_deadlines_are_counted_by_when_they_are_due(
    service: Service, browser: httpx.AsyncClient
) -> None:
    for number, owner in enumerate((ME, "E2", ME, "E2", "E2")):
        begun = datetime.now(UTC) - timedelta(days=7 * number)
        await qualified(service, f"due-{number}", at=begun, owner=owner)
    listed = (await service.client.get("/v1/deadlines?limit=1000")).json()["deadlines"]
    dues = sorted({datetime.fromisoformat(one["due_at"]) for one in listed})
    # Moments of deadlines themselves, so that every bound is met exactly.
    now, tonight, weekend = dues[:3]
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for one in listed:
        at = datetime.fromisoformat(one["due_at"])
        bounds = {"overdue": now, "today": tonight, "this_week": weekend}
        expected[one["owner"]][
            next((name for name, bound in bounds.items() if at <= bound), "later")
        ] += 1
    async with service.part(ProjectedTables).reached(None, "deadlines") as driver:
        found = await service.part(DeadlineQueries).count_by_owner(
            driver, now=now, tonight=tonight, weekend=weekend
        )
    assert {
        one.owner: +Counter(dict(zip(one._fields[1:], one[1:], strict=True))) for one in found
    } == expected
    page = (await browser.get("/worklist?owner=E2")).text
    late = sum(
        one["owner"] == "E2" and datetime.fromisoformat(one["due_at"]) <= datetime.now(UTC)
        for one in listed
    )
    assert late > 0
    assert re.search(rf'owner=E2" aria-current="true">E2</a>.*? late">{late}</td>', page)


async def test_a_conflict_is_judged_on_its_page_and_is_gone(
    service: Service, browser: httpx.AsyncClient, administrator: httpx.AsyncClient
) -> None:
    for name, lead in (
        ("mai", {"email": "mai@mai.example", "name": "mai"}),
        ("mei", {"phone": "090-5555-0001", "name": "mei"}),
        ("both", {"email": "mai@mai.example", "phone": "090-5555-0001"}),
    ):
        event = {"id": f"conflict-{name}", "type": "form.submitted", "lead": lead}
        assert (await service.client.post("/v1/events", json=event)).status_code == 201
    page = (await browser.get("/conflicts")).text
    assert "一つの報告にある識別子が、別々の人を指しています" in page
    assert hidden_fields(page, "/conflicts") == []
    page = (await administrator.get("/conflicts")).text
    (apart,) = [
        one for one in hidden_fields(page, "/conflicts") if one["type"] == "identity.kept_apart"
    ]
    settled = await administrator.post("/conflicts", data=apart, headers=OURS)
    assert "記録しました" in (await administrator.get(settled.headers["location"])).text
    again = await administrator.post("/conflicts", data=apart, headers=OURS)
    assert again.headers["location"] == settled.headers["location"]
    assert (await service.client.get("/v1/conflicts")).json()["conflicts"] == []
    assert "判断を待っているものはありません" in (await administrator.get("/conflicts")).text


async def test_a_refusal_is_retried_once_its_cause_is_gone_or_dismissed_with_a_reason(
    service: Service, administrator: httpx.AsyncClient
) -> None:
    for id in ("early", "wrong"):
        lead = {"email": f"{id}@refused.example"}
        event = {"id": id, "type": "lead.qualified", "lead": lead}
        assert (await service.client.post("/v1/events", json=event)).status_code == 404
    # Retried as it first came: what happened before it has to be known in the meantime.
    known: dict[str, Any] = {
        "lead": {"email": "early@refused.example"},
        "time": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    }
    for type in ("form.submitted", "lead.accepted"):
        event = {"id": f"early-{type}", "type": type, **known}
        await service.client.post("/v1/events", json=event)
    refusals = (await service.client.get("/v1/refusals?status=open")).json()["refusals"]
    ids = {one["id"]: one["refusal"] for one in refusals}
    assert "lead-unknown" in (await administrator.get("/refusals")).text
    retried = await administrator.post(f"/refusals/{ids['early']}/retry", headers=OURS)
    assert retried.headers["location"].startswith("/refusals?recorded=")
    refused = await administrator.post(f"/refusals/{ids['wrong']}/retry", headers=OURS)
    assert (refused.status_code, "リードが見つかりません" in refused.text) == (404, True)
    without = await administrator.post(f"/refusals/{ids['wrong']}/dismiss", headers=OURS)
    assert without.status_code == 422
    why = {"reason": "送信元の誤り"}
    await administrator.post(f"/refusals/{ids['wrong']}/dismiss", data=why, headers=OURS)
    after = (await service.client.get(f"/v1/refusals/{ids['wrong']}")).json()
    assert (after["status"], after["dismissal"]) == ("dismissed", "送信元の誤り")


async def test_a_selection_is_tried_out_without_a_record_and_then_run_once(
    service: Service, administrator: httpx.AsyncClient
) -> None:
    form = {
        "id": "week-1",
        "team": "inside_sales",
        "starts_on": "2026-12-07",
        "ends_on": "2026-12-11",
        "capacity": "3",
    }
    head = (await service.client.get("/v1/events")).json()["head"]
    dry = await administrator.post("/selections", data={**form, "dry": "yes"}, headers=OURS)
    assert "試算の結果" in dry.text
    assert (await service.client.get("/v1/events")).json()["head"] == head
    first, second = [
        await administrator.post("/selections", data=form, headers=OURS) for _ in range(2)
    ]
    assert first.headers["location"] == second.headers["location"] == "/selections?run=week-1"
    page = (await administrator.get("/selections?run=week-1")).text
    assert "inside_sales の選定" in page
    runs = (await service.client.get("/v1/selections")).json()["selections"]
    assert [run["id"] for run in runs] == ["week-1"]
    wrong = await administrator.post("/selections", data={**form, "capacity": "x"}, headers=OURS)
    assert (wrong.status_code, "/capacity" in wrong.text) == (422, True)


async def test_who_may_see_figures_gets_from_the_worklist_to_those_by_owner(
    browser: httpx.AsyncClient, administrator: httpx.AsyncClient
) -> None:
    link = '<a href="/figures/screening?by=owner">'
    found = [link in (await one.get("/worklist")).text for one in (administrator, browser)]
    assert found == [True, False]
    assert (await administrator.get("/figures/screening?by=owner")).status_code == 200


async def test_a_worklist_with_every_list_full_is_as_small_as_any_page(
    service: Service, browser: httpx.AsyncClient
) -> None:
    for number in range(WORK_ROWS + 1):
        for name, types in (
            ("own", ("inquiry.received", "owner.assigned")),
            ("unowned", ("inquiry.received",)),
            ("unjudged", ("form.submitted",)),
        ):
            person = f"{name}-{number:02}-of-a-department-with-a-long-name"
            for type in types:
                event = {
                    "id": f"{person}-{type}",
                    "type": type,
                    "lead": {"email": f"{person}@gmail.com", "name": person},
                    "data": {"inquiry.received": {"channel": "sales_direct"}}.get(
                        type, {"owner": "E7"} if type == "owner.assigned" else {}
                    ),
                }
                answer = await service.client.post("/v1/events", json=event)
                assert answer.status_code == 201, answer.text
    await counted(service)
    page = (await browser.get("/worklist?owner=E7")).text
    tables = page.split('<table class="list work">')[1:]
    shown = [table.count("#forms") for table in tables]
    assert shown == [WORK_ROWS, UNOWNED_ROWS, UNOWNED_ROWS]
    assert len(page.encode()) <= PAGE_BYTES_MAX
