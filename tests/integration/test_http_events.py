"""One id, one event: every row of the table of answers (POST /v1/events)."""

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def an_event(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "id": f"event-{number}",
        "source": "website",
        "type": "form.submitted",
        "time": "2026-11-22T10:15:00+09:00",
        "lead": {"email": f"person{number}@example.co.jp"},
        "data": {"form": "whitepaper"},
        **changes,
    }


async def post(service: Service, content: Any, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return await service.client.post("/v1/events", content=body, headers=headers)


async def refusals(service: Service) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/refusals", params={"limit": 1000})
    return list(answer.json()["refusals"])


async def test_an_event_is_recorded_with_its_consequences(service: Service) -> None:
    event = an_event()
    answer = await post(service, event)
    content = answer.json()
    position = int(content["position"])
    assert answer.status_code == 201
    subject = content["subject"]
    account = content["derived"][1]["subject"]
    assert content == {
        "status": "recorded",
        "position": str(position),
        "leaf": content["leaf"],
        "subject": subject,
        "stage": "MAL",
        "moved": {"from": None, "to": "ML"},
        "derived": [
            {"type": "identity.linked", "position": str(position + 1), "subject": subject},
            *content["derived"][1:-1],
            {
                "type": "lead.accepted",
                "position": content["derived"][-1]["position"],
                "subject": subject,
                "moved": {"from": "ML", "to": "MAL"},
            },
        ],
    }
    assert subject.startswith("lead/")
    assert account.startswith("account/")
    assert len(bytes.fromhex(content["leaf"])) == 32


async def test_the_same_again_is_a_duplicate_with_the_first_position(service: Service) -> None:
    event = an_event()
    first = (await post(service, event)).json()
    answer = await post(service, {**event, "sent_at": "2026-11-22T10:15:01+09:00"})
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "duplicate",
        "position": first["position"],
        "leaf": first["leaf"],
    }


async def test_the_same_id_with_other_content_is_a_conflict(service: Service) -> None:
    event = an_event()
    first = (await post(service, event)).json()
    answer = await post(service, {**event, "data": {"form": "other"}})
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["position"]) == ("event-id-reused", first["position"])
    assert problem["refusal"] in {refusal["refusal"] for refusal in await refusals(service)}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body-unreadable"),
        (b"{", 400, "body-unreadable"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, 400, "body-unreadable"),
        (b"[" * 300, 400, "body-unreadable"),
        (b'{"id":"' + b"x" * 70_000 + b'"}', 413, "event-too-large"),
        (b"[" + b" " * 5_300_000 + b"]", 413, "body-too-large"),
    ],
)
async def test_an_unreadable_body_is_not_kept(
    service: Service, body: bytes, status: int, code: str
) -> None:
    before = len(await refusals(service))
    answer = await post(service, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(await refusals(service)) == before


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"lead": {"email": "a@example.co.jp", "colour": "red"}}, "/lead/colour"),
        ({"time": "2026-11-22"}, "/time"),
        ({"lead": {}}, "/lead"),
        ({"lead": {"email": "nobody"}}, "/lead/email"),
        ({"lead": {"id": "no-uuid"}}, "/lead/id"),
        ({"id": ""}, "/id"),
        ({"type": 7}, "/type"),
    ],
)
async def test_a_readable_but_invalid_event_is_kept_with_a_pointer(
    service: Service, changes: dict[str, Any], pointer: str
) -> None:
    answer = await post(service, an_event(**changes))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "event-invalid")
    assert problem["pointer"] == pointer
    kept = await service.client.get(f"/v1/refusals/{problem['refusal']}")
    assert kept.json()["problem"]["pointer"] == pointer


async def test_a_decision_about_an_unknown_lead_is_not_found_and_kept(service: Service) -> None:
    answer = await post(service, an_event(type="lead.qualified", data={}))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (404, "lead-unknown")
    assert "refusal" in problem


async def test_an_unknown_type_names_the_nearest(service: Service) -> None:
    answer = await post(service, an_event(type="form.submited"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "event-type-unknown")
    assert problem["nearest"][0] == "form.submitted"
    assert "refusal" in problem


async def test_a_decision_that_is_not_allowed_says_where_it_is(service: Service) -> None:
    event = an_event()
    await post(service, event)
    answer = await post(service, an_event(type="lead.sales_accepted", lead=event["lead"], data={}))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "move-not-allowed")
    assert problem["stage"] == "MAL"
    assert {"type": "lead.qualified", "to": "MQL"} in [
        {"type": one["type"], "to": one["to"]} for one in problem["allowed"]
    ]
    assert "refusal" in problem


async def test_a_decision_that_changes_nothing_says_so(service: Service) -> None:
    event = an_event()
    await post(service, event)
    answer = await post(service, an_event(type="lead.accepted", lead=event["lead"], data={}))
    content = answer.json()
    assert (answer.status_code, content["already"], content["stage"]) == (201, True, "MAL")
    assert "moved" not in content


async def test_an_unknown_key_is_unauthorised(service: Service) -> None:
    answer = await post(service, an_event(), authorization="Bearer llk_nonsense")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-unknown")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_request_without_the_scope_is_forbidden_and_not_kept(service: Service) -> None:
    before = len(await refusals(service))
    reader = await service.key(Scope.EVENTS_READ)
    facts_only = await service.key(Scope.EVENTS_WRITE)
    decision = an_event(type="lead.accepted", data={})
    for event, headers in ((an_event(), reader), (decision, facts_only)):
        answer = await post(service, event, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert len(await refusals(service)) == before


async def test_a_source_that_is_not_the_keys_is_forbidden(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE, sources=("website",))
    answer = await post(service, an_event(source="crm"), **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "source-not-allowed")


async def test_no_key_sends_for_the_service_itself(service: Service) -> None:
    answer = await post(service, an_event(source="leadledger"))
    assert (answer.status_code, answer.json()["code"]) == (403, "source-not-allowed")


async def test_a_decision_of_another_department_is_forbidden_and_kept(service: Service) -> None:
    event = an_event()
    await post(service, event)
    headers = await service.key(Scope.DECISIONS_WRITE, department="field_sales")
    decision = an_event(type="lead.qualified", lead=event["lead"], data={})
    answer = await post(service, decision, **headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "department-not-allowed")
    assert problem["expected"] == ["marketing"]
    assert "refusal" in problem
    marketing = await service.key(Scope.DECISIONS_WRITE, department="marketing")
    assert (await post(service, decision, **marketing)).json()["stage"] == "MQL"


async def test_the_services_own_types_are_forbidden_and_kept(service: Service) -> None:
    answer = await post(service, an_event(type="identity.linked", data={}))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "event-type-reserved")
    assert "refusal" in problem


async def test_a_key_over_its_rate_is_answered_with_retry_after(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE, events_per_second=1)
    answers = [await post(service, an_event(), **headers) for _ in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [201] * 5
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json()["code"] == "rate-exceeded"


async def test_a_batch_is_answered_item_by_item(service: Service) -> None:
    good, bad = an_event(), an_event(type="nonsense")
    answer = await post(service, [good, bad, good])
    items = answer.json()["items"]
    assert answer.status_code == 207
    assert [item["status"] for item in items] == ["recorded", "refused", "duplicate"]
    assert items[1]["problem"]["code"] == "event-type-unknown"
    assert items[1]["refusal"] in {refusal["refusal"] for refusal in await refusals(service)}
    assert items[2]["position"] == items[0]["position"]


async def test_a_batch_without_refusals_gets_200(service: Service) -> None:
    answer = await post(service, [an_event(), an_event()])
    assert answer.status_code == 200
    assert [item["status"] for item in answer.json()["items"]] == ["recorded", "recorded"]
    assert (await post(service, [])).json() == {"items": []}


async def test_a_batch_longer_than_a_submission_is_answered_in_order(service: Service) -> None:
    events = [an_event() for _ in range(1_203)]
    answer = await post(service, events)
    positions = [int(item["position"]) for item in answer.json()["items"]]
    assert answer.status_code == 200
    assert positions == sorted(positions)
    assert len(positions) == 1_203


async def test_an_unreadable_item_does_not_delay_others(service: Service) -> None:
    deep = b'{"id":"deep","data":' + b'{"a":' * 40 + b"1" + b"}" * 41
    nul = b'{"id":"nul","data":{"a":"\\u0000"}}'
    large = b'{"id":"' + b"x" * 70_000 + b'"}'
    body = b"[" + b",".join([deep, nul, large, orjson.dumps(an_event())]) + b"]"
    answer = await post(service, body)
    items = answer.json()["items"]
    assert answer.status_code == 207
    assert [item.get("problem", {}).get("code") for item in items] == [
        "event-unreadable",
        "event-invalid",
        "event-too-large",
        None,
    ]
    assert ["refusal" in item for item in items] == [False, True, False, False]
    assert items[1]["problem"]["pointer"] == "/data/a"


async def test_a_strict_batch_is_recorded_as_a_whole(service: Service) -> None:
    answer = await post(service, [an_event(), an_event()], prefer="handling=strict")
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "handling=strict"


async def test_a_strict_batch_with_one_bad_item_records_nothing(service: Service) -> None:
    good, bad = an_event(), an_event(type="nonsense")
    answer = await post(service, [good, bad], prefer="handling=strict")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "batch-refused")
    assert answer.headers["preference-applied"] == "handling=strict"
    assert [item["problem"]["code"] for item in problem["items"]] == [
        "batch-refused",
        "event-type-unknown",
    ]
    kept = {refusal["refusal"] for refusal in await refusals(service)}
    assert problem["items"][1]["refusal"] in kept
    assert "refusal" not in problem["items"][0]
    assert (await post(service, good)).status_code == 201


async def test_a_strict_batch_longer_than_one_submission_is_too_large(service: Service) -> None:
    answer = await post(service, [an_event() for _ in range(1_001)], prefer="handling=strict")
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_gzip_is_accepted_and_other_encodings_are_not(service: Service) -> None:
    packed = gzip.compress(orjson.dumps(an_event()))
    assert (await post(service, packed, **{"content-encoding": "gzip"})).status_code == 201
    answer = await post(service, packed, **{"content-encoding": "br"})
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding-unsupported")


async def test_a_gzip_bomb_is_too_large(service: Service) -> None:
    bomb = gzip.compress(b"[" + b" " * 15_000_000 + b"]")
    answer = await post(service, bomb, **{"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_body_declared_too_large_is_not_read(service: Service) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body should not be read")
        yield b""

    answer = await service.client.post(
        "/v1/events", content=never(), headers={"content-length": "5300000"}
    )
    assert answer.status_code == 413
    assert "connection" not in answer.headers


async def test_the_content_type_does_not_decide_whether_a_body_is_json(service: Service) -> None:
    event = orjson.dumps(an_event())
    assert (await post(service, event, **{"content-type": "text/plain"})).status_code == 201


async def test_two_senders_of_one_event_get_one_position(service: Service) -> None:
    event = an_event()
    answers = await asyncio.gather(*(post(service, event) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["position"] for answer in answers}) == 1


async def test_a_key_works_as_the_user_name_of_basic(service: Service) -> None:
    bearer = (await service.key(Scope.EVENTS_WRITE))["authorization"].removeprefix("Bearer ")
    answer = await service.client.post(
        "/v1/events", json=an_event(), auth=httpx.BasicAuth(bearer, "")
    )
    assert answer.status_code == 201
