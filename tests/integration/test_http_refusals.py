"""Refusals are kept, found, retried unchanged, or dismissed."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from events.lifecycles.shipped import shipped_text
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.lifecycle_edits import TRIALS, edited
from tests.support.postgres import connection_to
from tests.support.triggers import ending_connections

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def form(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    lead = {"email": f"person{number}@example.co.jp"}
    return {"id": f"r-{number}", "type": "form.submitted", "lead": lead, **changes}


def early(**changes: Any) -> dict[str, Any]:
    """A decision about a lead that has not been reported yet."""
    return form(type="lead.qualified", **changes)


async def send(service: Service, event: Any, key: dict[str, str] | None = None) -> httpx.Response:
    source = {} if key else {"source": "website"}
    content = [one | source for one in event] if isinstance(event, list) else event | source
    return await service.client.post("/v1/events", json=content, headers=key)


async def refuse(service: Service, event: dict[str, Any], key: dict[str, str] | None = None) -> str:
    answer = await send(service, event, key)
    assert answer.is_client_error, answer.text
    return str(answer.json()["refusal"])


async def make_known(service: Service, event: dict[str, Any]) -> None:
    """Report the form that the decision followed, which had not arrived before."""
    before = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    assert (await send(service, form(lead=event["lead"], time=before))).status_code == 201


async def read(service: Service, refusal: str) -> dict[str, Any]:
    return dict((await service.client.get(f"/v1/refusals/{refusal}")).json())


async def listed(service: Service, **params: Any) -> list[str]:
    """Read a whole list, page by page."""
    found: list[str] = []
    before: dict[str, str] = {}
    while True:
        answer = await service.client.get("/v1/refusals", params=params | before)
        assert answer.status_code == 200, answer.text
        found += [refusal["refusal"] for refusal in answer.json()["refusals"]]
        if answer.json()["next"] is None:
            return found
        before = {"before": answer.json()["next"]}


async def retry(service: Service, refusal: str) -> httpx.Response:
    return await service.client.post(f"/v1/refusals/{refusal}/retry")


async def retry_all(service: Service, **wanted: Any) -> list[dict[str, Any]]:
    """Continue until the answer says that nothing is left."""
    items: list[dict[str, Any]] = []
    while True:
        answer = await service.client.post("/v1/refusals/retry", json=wanted)
        assert answer.status_code in {200, 207}, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        wanted["after"] = answer.json()["next"]


async def record_of(service: Service, position: str) -> dict[str, Any]:
    params = {"after": int(position) - 1, "limit": 1}
    return dict((await service.client.get("/v1/events", params=params)).json()["events"][0])


async def test_a_retry_is_answered_as_the_event_itself_would_have_been(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    await make_known(service, event)
    answer = await retry(service, refusal)
    recorded = answer.json()
    assert (answer.status_code, recorded["status"], recorded["stage"]) == (201, "recorded", "MQL")
    again = await retry(service, refusal)
    assert (again.status_code, again.json()) == (
        200,
        {
            "status": "duplicate",
            "position": recorded["position"],
            "leaf": recorded["leaf"],
        },
    )
    assert (await send(service, event)).json() == again.json()


async def test_a_refusal_that_became_an_event_names_it(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    open_one = await read(service, refusal)
    assert (open_one["status"], open_one["times"], open_one["retries"]) == ("open", 1, 0)
    await make_known(service, event)
    position = (await retry(service, refusal)).json()["position"]
    settled = await read(service, refusal)
    assert (settled["status"], settled["position"]) == ("retried", position)
    assert settled["retries"] == 1
    assert settled["settled_by"] == (await record_of(service, position))["key"]
    assert refusal in await listed(service, status="retried")
    assert refusal not in await listed(service, status="open")


async def test_a_retry_keeps_the_time_of_the_first_receipt(service: Service) -> None:
    """It had no time: the receipt is used, not the moment of the retry."""
    event = early()
    refusal = await refuse(service, event)
    received = (await read(service, refusal))["received_time"]
    await make_known(service, event)
    record = await record_of(service, (await retry(service, refusal)).json()["position"])
    assert record["time"] == received
    assert datetime.fromisoformat(record["recordedtime"]) > datetime.fromisoformat(received)


async def test_a_retry_corrects_the_skew_of_the_first_receipt(service: Service) -> None:
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=100)
    sent = ahead + timedelta(hours=1)
    event = early(time=ahead.isoformat(), sent_at=sent.isoformat())
    refusal = await refuse(service, event)
    received = datetime.fromisoformat((await read(service, refusal))["received_time"])
    await make_known(service, event)
    record = await record_of(service, (await retry(service, refusal)).json()["position"])
    assert datetime.fromisoformat(record["time"]) == received - timedelta(hours=1)
    assert datetime.fromisoformat(record["claimedtime"]) == ahead


async def test_a_retry_is_in_the_name_of_the_original_sender(service: Service) -> None:
    key = await service.key(
        Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, sources=("crm", "erp"), department="marketing"
    )
    event = early()
    refusal = await refuse(service, event, key)
    await make_known(service, event)
    key_id = key["authorization"].split("_")[1]
    # The key's default source has changed since.
    path = f"/v1/keys/{key_id}"
    assert (await service.client.patch(path, json={"sources": ["erp", "crm"]})).is_success
    await service.client.delete(path)
    record = await record_of(service, (await retry(service, refusal)).json()["position"])
    assert (record["source"], record["id"]) == ("crm", event["id"])
    assert record["key"] == key_id
    assert record["department"] == "marketing"


async def test_fixing_a_key_fixes_what_it_sent(service: Service) -> None:
    key = await service.key(Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="field_sales")
    event = early()
    await make_known(service, event)
    refusal = await refuse(service, event, key)
    assert (await retry(service, refusal)).json()["code"] == "department-not-allowed"
    path = f"/v1/keys/{key['authorization'].split('_')[1]}"
    await service.client.patch(path, json={"department": "marketing"})
    assert (await retry(service, refusal)).status_code == 201


async def test_a_retry_gives_a_sender_no_right_that_it_has_lost(service: Service) -> None:
    key = await service.key(Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="marketing")
    event = early()
    refusal = await refuse(service, event, key)
    await make_known(service, event)
    path = f"/v1/keys/{key['authorization'].split('_')[1]}"
    await service.client.patch(path, json={"scopes": ["events:write"]})
    answer = await retry(service, refusal)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    kept = await read(service, refusal)
    assert (kept["status"], kept["reason"], kept["retries"]) == ("open", "scope-missing", 1)


async def test_a_retry_that_is_refused_again_adds_nothing(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    before = await listed(service)
    for _ in range(3):
        answer = await retry(service, refusal)
        assert (answer.status_code, answer.json()["refusal"]) == (404, refusal)
    kept = await read(service, refusal)
    assert (kept["status"], kept["times"], kept["retries"]) == ("open", 1, 3)
    assert await listed(service) == before


async def test_a_retry_that_is_refused_for_another_reason_says_so(service: Service) -> None:
    event = form(type="lead.sales_accepted")
    refusal = await refuse(service, event)
    assert (await read(service, refusal))["reason"] == "lead-unknown"
    await make_known(service, event)
    assert (await retry(service, refusal)).status_code == 409
    kept = await read(service, refusal)
    assert (kept["reason"], kept["problem"]["stage"]) == ("move-not-allowed", "MAL")
    # A repetition by the sender is still the same refusal.
    assert await refuse(service, event) == refusal
    assert (await read(service, refusal))["times"] == 2


async def test_many_refusals_are_retried_in_order_of_arrival(service: Service) -> None:
    key = await service.key(
        Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="marketing", sources=("batch",)
    )
    events = [early() for _ in range(5)]
    refusals = [await refuse(service, event, key) for event in events]
    await make_known(service, events[0])
    await make_known(service, events[3])
    items = await retry_all(service, source="batch", limit=2)
    assert [item["refusal"] for item in items] == refusals
    assert [item["status"] for item in items] == [
        "recorded",
        *["refused"] * 2,
        "recorded",
        "refused",
    ]
    assert items[1]["problem"]["code"] == "lead-unknown"
    # Those that are now events are not retried, and the others stay open.
    again = await retry_all(service, source="batch")
    assert [item["refusal"] for item in again] == [refusals[1], refusals[2], refusals[4]]


async def test_a_retried_fact_makes_later_retries_succeed(service: Service) -> None:
    """A fact refused at first (its type was unknown), and a decision that depends on it."""
    fact, decision = form(type="trial.requested"), early()
    decision["lead"] = fact["lead"]
    key = await service.key(*Scope, sources=("late",))
    first, second = [await refuse(service, one, key) for one in (fact, decision)]
    with_trials = edited(shipped_text("demand_funnel"), TRIALS)
    assert (await service.client.post("/v1/lifecycle", content=with_trials)).is_success
    items = await retry_all(service, source="late")
    assert [(item["refusal"], item["status"]) for item in items] == [
        (first, "recorded"),
        (second, "recorded"),
    ]


async def test_an_interrupted_retry_is_resumed_without_recording_twice(service: Service) -> None:
    key = await service.key(
        Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="marketing", sources=("crash",)
    )
    event = early()
    refusal = await refuse(service, event, key)
    await make_known(service, event)

    async with ending_connections(service.owner_url, "UPDATE ON ledger.refusals"):
        assert (await retry(service, refusal)).status_code == 503
    assert (await read(service, refusal))["status"] == "open"
    (item,) = await retry_all(service, source="crash")
    assert (item["status"], item["refusal"]) == ("duplicate", refusal)
    assert (await read(service, refusal))["position"] == item["position"]


async def test_a_refusal_in_an_unknown_dialect_is_left_unchanged(service: Service) -> None:
    refusal = await refuse(service, early())
    async with connection_to(service.owner_url) as connection:
        await connection.execute(
            "UPDATE ledger.refusals SET dialect = 'morse' WHERE refusal_id = $1", refusal
        )
    answer = await retry(service, refusal)
    assert (answer.status_code, answer.json()["code"]) == (400, "event-unreadable")
    kept = await read(service, refusal)
    assert (kept["dialect"], kept["status"]) == ("morse", "open")


async def test_a_refusal_is_read_again_in_its_own_dialect(service: Service) -> None:
    """A message that an earlier version could not read; as a native event it is unreadable."""
    refusal = await refuse(service, early())
    message = {"type": "page", "messageId": f"m-{refusal}", "anonymousId": "reader"}
    async with connection_to(service.owner_url) as connection:
        await connection.execute(
            "UPDATE ledger.refusals SET content = $2 WHERE refusal_id = $1",
            refusal,
            orjson.dumps(message),
        )
        assert (await retry(service, refusal)).status_code == 422
        await connection.execute(
            "UPDATE ledger.refusals SET dialect = 'segment' WHERE refusal_id = $1", refusal
        )
    assert (await retry(service, refusal)).status_code == 201


async def dismiss(service: Service, refusal: str, **body: Any) -> httpx.Response:
    return await service.client.post(f"/v1/refusals/{refusal}/dismiss", json=body)


async def test_a_refusal_is_dismissed_with_a_reason(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    answer = await dismiss(service, refusal, reason="a test of theirs")
    assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")
    again = await dismiss(service, refusal, reason="something else")
    assert again.json()["dismissal"] == "a test of theirs"
    assert refusal in await listed(service, status="dismissed")
    assert refusal not in {item["refusal"] for item in await retry_all(service)}
    # It keeps coming for the same reason: no one needs to look at it again.
    await refuse(service, event)
    kept = await read(service, refusal)
    assert (kept["status"], kept["times"]) == ("dismissed", 2)


async def test_a_dismissed_refusal_reopens_when_refused_for_another_reason(
    service: Service,
) -> None:
    event = form(type="lead.sales_accepted")
    refusal = await refuse(service, event)
    await dismiss(service, refusal, reason="a test of theirs")
    await make_known(service, event)
    assert await refuse(service, event) == refusal
    kept = await read(service, refusal)
    assert (kept["status"], kept["reason"]) == ("open", "move-not-allowed")
    assert "dismissal" not in kept
    assert "settled_by" not in kept


async def test_a_dismissed_refusal_can_still_be_retried(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    await dismiss(service, refusal, reason="nobody knows them")
    assert (await retry(service, refusal)).status_code == 404
    assert (await read(service, refusal))["status"] == "dismissed"
    await make_known(service, event)
    assert (await retry(service, refusal)).status_code == 201
    kept = await read(service, refusal)
    assert kept["status"] == "retried"
    assert "dismissal" not in kept


async def test_a_refusal_that_became_an_event_cannot_be_dismissed(service: Service) -> None:
    event = early()
    refusal = await refuse(service, event)
    await make_known(service, event)
    position = (await retry(service, refusal)).json()["position"]
    answer = await dismiss(service, refusal, reason="too late")
    assert (answer.status_code, answer.json()["code"]) == (409, "refusal-settled")
    assert answer.json()["position"] == position


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 1_025}, {"reason": 7}])
async def test_a_dismissal_needs_a_reason(service: Service, body: dict[str, Any]) -> None:
    refusal = await refuse(service, early())
    answer = await dismiss(service, refusal, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert (await read(service, refusal))["status"] == "open"


async def test_refusals_are_found_by_their_attributes(service: Service) -> None:
    key = await service.key(
        Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="marketing", sources=("found", "too")
    )
    key_id = key["authorization"].split("_")[1]
    one = await refuse(service, early(), key)
    two = await refuse(service, form(type="nonsense", source="too"), key)
    three = await refuse(service, form(lead={}), key)
    assert await listed(service, key=key_id) == [three, two, one]
    assert await listed(service, key=key_id, limit=1) == [three, two, one]
    assert await listed(service, key=key_id, reason="lead-unknown") == [one]
    assert await listed(service, key=key_id, source="found") == [three, one]
    assert await listed(service, key=key_id, type="nonsense") == [two]
    assert await listed(service, key=key_id, type="nonsense", status="retried") == []
    middle = (await read(service, two))["received_time"]
    assert await listed(service, key=key_id, since=middle) == [three, two]
    assert await listed(service, key=key_id, until=middle) == [one]


async def test_the_time_of_a_refusal_is_the_whole_period_in_which_it_came(service: Service) -> None:
    key = await service.key(
        Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, department="marketing", sources=("span",)
    )
    event, other = early(), early()
    refusal = await refuse(service, event, key)
    between = (await read(service, await refuse(service, other, key)))["received_time"]
    assert await refuse(service, event, key) == refusal
    assert refusal in await listed(service, source="span", since=between)
    assert refusal in await listed(service, source="span", until=between)


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("/v1/refusals", {"before": "yesterday"}, "before"),
        ("/v1/refusals", {"before": "2026-01-01T00:00:00Z~x"}, "before"),
        ("/v1/refusals", {"since": "yesterday"}, "since"),
        ("/v1/refusals", {"until": "2026-01-01"}, "until"),
        ("/v1/refusals", {"status": "lost"}, "status"),
        ("/v1/refusals", {"limit": "0"}, "limit"),
    ],
)
async def test_an_invalid_parameter_is_named(
    service: Service, path: str, params: dict[str, str], parameter: str
) -> None:
    answer = await service.client.get(path, params=params)
    assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"after": "yesterday"}, "/after"),
        ({"since": "yesterday"}, "/since"),
        ({"until": 7}, "/until"),
        ({"limit": 201}, "/limit"),
        ({"status": "dismissed"}, "/status"),
        ({"reason": ""}, "/reason"),
    ],
)
async def test_an_invalid_retry_retries_nothing(
    service: Service, body: dict[str, Any], pointer: str
) -> None:
    answer = await service.client.post("/v1/refusals/retry", json=body)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_an_unknown_refusal_is_not_found(service: Service) -> None:
    nobody = "01890000-0000-7000-8000-000000000000"
    answers = [
        await service.client.get(f"/v1/refusals/{nobody}"),
        await retry(service, nobody),
        await dismiss(service, nobody, reason="x"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "not-found")
    ] * 3


async def test_a_refusal_that_cannot_be_read_again_stays_and_the_others_are_retried(
    service: Service,
) -> None:
    """The bytes of too deeply nested input are not kept, so there is nothing to read again."""
    source = f"deep-{next(_numbers)}"
    key = await service.key(
        *(Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE), sources=(source,), department="marketing"
    )
    deep: Any = {}
    for _ in range(40):
        deep = {"deeper": deep}
    track = {"type": "track", "event": "Form Submitted", "messageId": source, "userId": "u"}
    answer = await service.client.post("/v1/track", json=track | {"properties": deep}, headers=key)
    assert answer.status_code == 200
    event = early()
    good = await refuse(service, event, key)
    await make_known(service, event)
    (poison,) = [row for row in await listed(service, source=source) if row != good]
    before = await read(service, poison)

    answer = await service.client.post("/v1/refusals/retry", json={"source": source})
    assert answer.status_code == 207, answer.text
    assert {item["refusal"]: item["status"] for item in answer.json()["items"]} == {
        poison: "refused",
        good: "recorded",
    }
    after = await read(service, poison)
    assert (after["status"], after["retries"]) == ("open", 1)
    assert (after["reason"], after["problem"]) == (before["reason"], before["problem"])
    single = await service.client.post(f"/v1/refusals/{poison}/retry")
    assert (single.status_code, single.json()["code"]) == (422, "event-invalid")
