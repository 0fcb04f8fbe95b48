"""One lead: finding it, its current state, its history, its states through time."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANAKO = "hanako@example.co.jp"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await report(running)
        yield running


async def report(service: Service) -> None:
    """Make a lead visit, ask, be accepted by rule, and win a deal that skips stages."""
    story: list[dict[str, Any]] = [
        {
            "id": "1",
            "type": "visit.recorded",
            "time": "2026-01-01T00:00:00Z",
            "lead": {"anonymous_id": "cookie-1"},
            "data": {"page": "/"},
        },
        {
            "id": "2",
            "type": "form.submitted",
            "time": "2026-01-02T00:00:00Z",
            "actor": "佐藤",
            "lead": {"anonymous_id": "cookie-1", "email": HANAKO, "name": "花子"},
            "data": {"form": "whitepaper", "message": "please call"},
        },
        {
            "id": "3",
            "type": "opportunity.won",
            "time": "2026-01-03T00:00:00Z",
            "lead": {"email": HANAKO},
            "data": {"opportunity": "o-1", "value": "100"},
        },
    ]
    for event in story:
        answer = await service.client.post("/v1/events", json={"source": "website", **event})
        assert answer.status_code == 201, answer.text


async def find(service: Service, **reference: Any) -> dict[str, Any]:
    answer = await service.client.post("/v1/leads/find", json=reference)
    assert answer.status_code == 200, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def history(service: Service, lead: str, **params: Any) -> dict[str, Any]:
    answer = await service.client.get(f"/v1/leads/{lead}/history", params=params)
    content: dict[str, Any] = answer.json()
    return content


async def test_a_lead_is_found_by_each_of_its_identifiers(service: Service) -> None:
    by_mail = await find(service, email="Hanako@EXAMPLE.co.jp")
    by_cookie = await find(service, anonymous_id="cookie-1")
    by_id = await find(service, id=by_mail["id"])
    assert by_mail == by_cookie == by_id
    direct = await service.client.get(f"/v1/leads/{by_mail['id']}")
    assert direct.json() == by_mail


async def test_a_lead_is_shown_in_its_current_state(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    assert lead == {
        "id": lead["id"],
        "subject": f"lead/{lead['id']}",
        "stage": "WON",
        "pass": 1,
        "entered_at": "2026-01-03T00:00:00.000000Z",
        "entered": ["AL", "ML", "MAL", "WON"],
        "known": True,
        "acquired_at": "2026-01-02T00:00:00.000000Z",
        "origin": "marketing-digital",
        "channel": None,
        "owner": None,
        "owners": {},
        "grade": None,
        "market": None,
        "priority": None,
        "team": "customer_success",
        "reseller": None,
        "account": lead["account"],
        "attributes": {"company_domain": ""},
        "opportunities": {"website/o-1": "won"},
        "orders": {},
        "screened_as": None,
        "revisit_on": None,
        "blocks": {},
        "flags": {},
        "deadlines": {},
        "absorbed_by": None,
        "absorbs": [],
        "parted_from": [],
        "version": lead["version"],
        "position": lead["position"],
        "as_of_position": lead["as_of_position"],
    }


@pytest.mark.parametrize(("language", "label"), [("ja", "成約"), ("en", "won")])
async def test_stages_are_labelled_in_the_requested_language(
    service: Service, language: str, label: str
) -> None:
    lead = await find(service, email=HANAKO)
    answer = await service.client.get(f"/v1/leads/{lead['id']}", params={"lang": language})
    assert answer.json()["stage_label"] == label


@pytest.mark.parametrize(
    ("reference", "status", "code"),
    [
        ({"email": "nobody@example.com"}, 404, "lead-unknown"),
        ({"id": "00000000-0000-4000-8000-000000000000"}, 404, "lead-unknown"),
        ({}, 422, "request-invalid"),
        ({"email": "info@example.co.jp"}, 422, "request-invalid"),
        ({"email": "no address"}, 422, "request-invalid"),
        ({"colour": "red"}, 422, "request-invalid"),
        ({"id": "no uuid"}, 422, "request-invalid"),
    ],
)
async def test_a_lead_that_cannot_be_found_is_a_problem(
    service: Service, reference: dict[str, Any], status: int, code: str
) -> None:
    answer = await service.client.post("/v1/leads/find", json=reference)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_account_is_not_a_lead(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    answer = await service.client.get(f"/v1/leads/{lead['account']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "lead-unknown")


async def test_a_history_shows_when_what_who_and_why(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    shown = await history(service, lead["id"])
    moves = [
        (event["type"], event["stage_before"], event["stage_after"], event.get("why", {}))
        for event in shown["events"]
        if "moved" in event
    ]
    form = next(event for event in shown["events"] if event["type"] == "form.submitted")
    assert moves == [
        ("visit.recorded", None, "AL", {"kind": "entered"}),
        ("form.submitted", "AL", "ML", {"kind": "advanced"}),
        (
            "lead.accepted",
            "ML",
            "MAL",
            {
                "kind": "advanced",
                "cause": {"position": form["position"], "type": "form.submitted"},
            },
        ),
        (
            "opportunity.won",
            "MAL",
            "WON",
            {"kind": "advanced", "passed_over": ["MQL", "SAL", "SQL", "OPP"]},
        ),
    ]
    assert form["who"] == {"actor": "佐藤", "key": form["who"]["key"]}
    assert form["effective_time"] == "2026-01-02T00:00:00.000000Z"
    assert form["data"] == {"form": "whitepaper"}
    assert form["personal"] == {
        "lead": {"anonymous_id": "cookie-1", "email": HANAKO, "name": "花子"},
        "data": {"message": "please call"},
    }


async def test_a_history_says_since_when_a_late_report_counts(service: Service) -> None:
    about = {"source": "website", "lead": {"email": "late@example.com"}, "type": "email.opened"}
    for id, time in (("later", "2026-02-03T00:00:00Z"), ("late", "2026-02-02T00:00:00Z")):
        await service.client.post("/v1/events", json={**about, "id": id, "time": time})
    lead = await find(service, email="late@example.com")
    (late,) = (
        event
        for event in (await history(service, lead["id"], lang="ja"))["events"]
        if event["id"] == "late"
    )
    assert late["why"] == {
        "late": True,
        "late_label": "事後報告のため、2026-02-02 09:00 (Asia/Tokyo) にさかのぼって適用",
    }


async def test_pages_of_a_history_neither_overlap_nor_leave_gaps(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    whole = (await history(service, lead["id"]))["events"]
    joined: list[dict[str, Any]] = []
    after = "0"
    while after is not None:
        page = await history(service, lead["id"], after=after, limit=2)
        joined += page["events"]
        after = page["next"]
    assert joined == whole


async def test_without_the_scope_personal_data_is_not_shown(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    reader = await service.key(Scope.LEADS_READ)
    for path in ("", "/history", "/replay"):
        answer = await service.client.get(f"/v1/leads/{lead['id']}{path}", headers=reader)
        assert answer.status_code == 200
        for personal in ("personal", "hanako", "花子", "please call", "cookie-1", "佐藤"):
            assert personal not in answer.text.replace("personal_", "")


async def test_events_of_an_absorbed_lead_belong_to_the_history(service: Service) -> None:
    visit = {"source": "website", "type": "visit.recorded", "lead": {"anonymous_id": "c-2"}}
    await service.client.post("/v1/events", json={**visit, "id": "v1"})
    visitor = await find(service, anonymous_id="c-2")
    both = {"anonymous_id": "c-2", "email": HANAKO}
    form = {"source": "website", "type": "form.submitted", "lead": both}
    await service.client.post("/v1/events", json={**form, "id": "v2"})
    await service.client.post("/v1/events", json={**visit, "id": "v3"})
    lead = await find(service, email=HANAKO)
    shown = (await history(service, lead["id"], limit=1000))["events"]
    absorbed = [event for event in shown if event.get("absorbed")]
    assert [event["id"] for event in absorbed if event["source"] == "website"] == ["v1", "v3"]
    assert {event["subject"] for event in absorbed} == {f"lead/{visitor['id']}"}
    assert absorbed[-1]["forwarded_to"] == f"lead/{lead['id']}"
    assert absorbed[-1]["stage_after"] == "WON"
    now = (await service.client.get(f"/v1/leads/{visitor['id']}")).json()
    assert (now["stage"], now["absorbed_by"]) == (None, lead["id"])
    found = await find(service, anonymous_id="c-2")
    assert (found["id"], found["forwarded_from"]) == (lead["id"], f"lead/{visitor['id']}")


async def replay(service: Service, lead: str, **params: Any) -> dict[str, Any]:
    answer = await service.client.get(f"/v1/leads/{lead}/replay", params=params)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_a_replay_ends_in_the_current_state(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    steps = (await replay(service, lead["id"], limit=1000))["steps"]
    last = (await replay(service, lead["id"], last=True))["last"]
    assert last == steps[-1]
    assert {name: lead[name] for name in last["state"]} == last["state"]


@pytest.mark.parametrize(
    ("as_of", "stage"),
    [
        ("2026-01-01T00:00:00Z", "AL"),
        ("2026-01-02T08:59:59+09:00", "AL"),
        ("2026-01-02T00:00:00Z", "MAL"),
        ("2026-01-02T23:59:59.999999Z", "MAL"),
        ("2026-01-03T00:00:00Z", "WON"),
    ],
)
async def test_a_replay_shows_what_was_true_at_a_moment(
    service: Service, as_of: str, stage: str
) -> None:
    lead = await find(service, email=HANAKO)
    last = (await replay(service, lead["id"], as_of=as_of, last=True))["last"]
    assert last["state"]["stage"] == stage


async def test_before_its_first_event_a_lead_has_no_state(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    shown = await replay(service, lead["id"], as_of="2025-12-31T23:59:59Z", last=True)
    assert shown["last"] is None
    assert (await replay(service, lead["id"], known_at="2026-01-05T00:00:00Z"))["steps"] == []


async def test_a_replay_shows_what_was_known_at_a_position(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    steps = (await replay(service, lead["id"], limit=1000))["steps"]
    for step in steps:
        shown = await replay(service, lead["id"], position=step["position"], last=True)
        assert shown["last"] == step


async def test_pages_of_a_replay_neither_overlap_nor_leave_gaps(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    whole = (await replay(service, lead["id"], limit=1000))["steps"]
    joined: list[dict[str, Any]] = []
    after = "0"
    while after is not None:
        page = await replay(service, lead["id"], after=after, limit=3)
        joined += page["steps"]
        after = page["next"]
    assert joined == whole


async def test_an_invalid_moment_is_named(service: Service) -> None:
    lead = await find(service, email=HANAKO)
    answer = await service.client.get(
        f"/v1/leads/{lead['id']}/replay", params={"as_of": "yesterday"}
    )
    assert (answer.status_code, answer.json()["parameter"]) == (422, "as_of")


async def test_a_lead_is_found_at_the_end_of_any_chain_of_absorptions(service: Service) -> None:
    count = 67
    forms = [
        {"id": f"chain-{number}", "type": "form.submitted", "lead": {"user_id": f"chain-{number}"}}
        for number in range(count)
    ]
    made = await post(service, forms)
    ids = [item["subject"].removeprefix("lead/") for item in made]
    for absorbed, other in itertools.pairwise(ids):
        merge = {"type": "identity.merged", "lead": {"id": other}, "data": {"other": absorbed}}
        assert (await post(service, [{"id": f"merge-{other}", **merge}]))[0]["status"] == "recorded"
    first = await find(service, user_id="chain-0")
    assert (first["id"], first["absorbed_by"]) == (ids[-1], None)
    assert (await find(service, id=ids[0])) == first
    events = (await history(service, ids[-1], limit=1_000))["events"]
    assert sum(entry["type"] == "form.submitted" for entry in events) == count


async def post(service: Service, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = await service.client.post(
        "/v1/events", json=[{"source": "website", **event} for event in events]
    )
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
