"""Webhooks over HTTP: created, tested, changed, rotated, deleted; their secrets are shown once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from service.private_postgres import PrivatePostgres
from service.webhooks import store
from tests.safety.waiting import until
from tests.support.http_service import Service, running_service
from tests.support.postgres import connection_to
from tests.support.webhook_receiver import Message, Receiver, receiving

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT_S = 20
SOME_ID = "01890000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server, webhook_private_addresses=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def no_webhooks_left(service: Service) -> AsyncIterator[None]:
    yield
    for one in (await get(service, ""))["webhooks"]:
        await service.client.delete(f"/v1/webhooks/{one['id']}")


async def get(service: Service, path: str, **params: Any) -> dict[str, Any]:
    answer = await service.client.get(f"/v1/webhooks{path}", params=params)
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


async def post(service: Service, path: str, content: Any = None) -> httpx.Response:
    return await service.client.post(f"/v1/webhooks{path}", json=content)


async def make(service: Service, url: str, **terms: Any) -> dict[str, Any]:
    answer = await post(service, "", {"url": url, **terms})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def visit(service: Service, name: str) -> str:
    event = {
        "id": name,
        "source": "website",
        "type": "visit.recorded",
        "lead": {"anonymous_id": name},
    }
    return str((await service.client.post("/v1/events", json=event)).json()["position"])


async def arrived(receiver: Receiver, count: int) -> list[Message]:
    await until(lambda: len(receiver.messages) >= count)
    return receiver.messages


async def test_a_webhook_is_created_and_later_events_are_sent_signed(
    service: Service, receiver: Receiver
) -> None:
    await visit(service, "before")
    asked: dict[str, Any] = {"url": receiver.url, "description": "CRM", "types": ["visit.recorded"]}
    made = await make(service, **asked)
    secret = made.pop("secret")
    head = (await service.client.get("/v1/events")).json()["head"]
    assert made == {
        **asked,
        "id": made["id"],
        "stages": [],
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "position": head,
        "pending": 0,
        "dead": 0,
        "created_at": made["created_at"],
    }
    position = await visit(service, "after")
    (message,) = await arrived(receiver, 1)
    assert Webhook(secret).verify(message.body, dict(message.headers))["position"] == position
    feed = await service.client.get("/v1/events", params={"after": int(position) - 1, "limit": 1})
    assert message.body in feed.content
    assert [webhook["id"] for webhook in (await get(service, ""))["webhooks"]] == [made["id"]]
    assert (await get(service, f"/{made['id']}"))["position"] != head


async def test_a_stage_filter_accepts_any_name_of_the_stage(
    service: Service, receiver: Receiver
) -> None:
    made = await make(service, receiver.url, stages=["マーケティングリード", "mal", "MQL"])
    assert made["stages"] == ["ML", "MAL", "MQL"]
    await visit(service, "moves to AL alone")
    event = {"id": "to-ml", "type": "form.submitted", "lead": {"email": "a@b-c.example"}}
    await service.client.post("/v1/events", json=event)
    messages = await arrived(receiver, 2)
    assert [message.event["stageto"] for message in messages] == ["ML", "MAL"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/url"),
        ({"url": "nowhere"}, "/url"),
        ({"url": "ftp://example.com"}, "/url"),
        ({"url": "https://example.com/", "after": "x"}, "/after"),
        ({"url": "https://example.com/", "after": 7}, "/after"),
        ({"url": "https://example.com/", "stages": ["MQL", "MAM"]}, "/stages/1"),
        ({"url": "https://example.com/", "types": ["é"]}, "/types/0"),
        ({"url": "https://example.com/", "description": "a\0b"}, "/description"),
        ({"url": "https://example.com/", "secret": "whsec_"}, "/secret"),
    ],
)
async def test_an_invalid_webhook_is_not_created(
    service: Service, asked: dict[str, Any], pointer: str
) -> None:
    answer = await post(service, "", asked)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)
    assert (await get(service, ""))["webhooks"] == []


async def test_without_the_setting_private_addresses_are_refused(
    postgres_server: PrivatePostgres, receiver: Receiver
) -> None:
    """Neither when a webhook is created nor when it is changed."""
    async with running_service(postgres_server) as strict:
        made = await make(strict, "https://receiver.example/")
        for host in ("127.0.0.1", "[::1]", "10.1.2.3", "localhost:8443", "0x7f.1", "crm.internal"):
            answer = await post(strict, "", {"url": f"https://{host}/"})
            assert (answer.status_code, answer.json()["pointer"]) == (422, "/url")
            path = f"/v1/webhooks/{made['id']}"
            answer = await strict.client.patch(path, json={"url": f"https://{host}/"})
            assert (answer.status_code, answer.json()["pointer"]) == (422, "/url")
        assert (await post(strict, "", {"url": receiver.url})).status_code == 422
    assert receiver.messages == []


async def test_a_trial_reports_its_result_and_is_not_in_the_ledger(
    service: Service, receiver: Receiver
) -> None:
    head = (await service.client.get("/v1/events")).json()["head"]
    made = await make(service, receiver.url)
    trial = (await post(service, f"/{made['id']}/test")).json()
    assert trial == {"delivered": True, "status": 200, "failure": None, "ms": trial["ms"]}
    (message,) = receiver.messages
    verified = Webhook(made["secret"]).verify(message.body, dict(message.headers))
    assert (verified["type"], verified["id"]) == ("webhook.tested", message.headers["webhook-id"])
    assert (await service.client.get("/v1/events")).json()["head"] == head
    receiver.answering = lambda _: 401
    trial = (await post(service, f"/{made['id']}/test")).json()
    assert (trial["delivered"], trial["status"], trial["failure"]) == (False, 401, "answered 401")


async def test_for_a_day_both_secrets_sign(service: Service, receiver: Receiver) -> None:
    made = await make(service, receiver.url)
    secrets = [made["secret"]]
    for _ in range(3):
        rotated = (await post(service, f"/{made['id']}/rotate-secret")).json()
        assert rotated["id"] == made["id"]
        secrets.append(rotated["secret"])
    await visit(service, "rotated")
    message = (await arrived(receiver, 1))[0]
    assert len(message.headers["webhook-signature"].split(" ")) == 3
    for secret in secrets[1:]:
        Webhook(secret).verify(message.body, dict(message.headers))
    async with connection_to(service.owner_url) as connection:
        await connection.execute(
            "UPDATE ledger.webhook_secrets SET retires_at = now() WHERE retires_at IS NOT NULL"
        )
    await visit(service, "retired")
    message = next(one for one in await arrived(receiver, 4) if one.event["id"] == "retired")
    assert len(message.headers["webhook-signature"].split(" ")) == 1
    Webhook(secrets[-1]).verify(message.body, dict(message.headers))


async def test_a_webhook_is_changed_and_absent_members_stay(
    service: Service, receiver: Receiver
) -> None:
    made = await make(service, receiver.url, types=["visit.recorded"], description="one")
    path = f"/v1/webhooks/{made['id']}"
    changed = (await service.client.patch(path, json={"enabled": False})).json()
    assert changed == {
        **{name: value for name, value in made.items() if name != "secret"},
        "enabled": False,
        "disabled_reason": "disabled by hand",
    }
    await visit(service, "while disabled")
    await asyncio.sleep(0.2)
    assert receiver.messages == []
    wanted = {"enabled": True, "url": f"{receiver.url}/2", "stages": ["AL"], "description": ""}
    changed = (await service.client.patch(path, json=wanted)).json()
    assert changed | wanted == changed
    assert (changed["types"], changed["disabled_reason"]) == (["visit.recorded"], None)
    (message,) = await arrived(receiver, 1)
    assert (message.target, message.event["id"]) == ("/hooks/2", "while disabled")
    for wrong in ({"url": "x"}, {"stages": ["x"]}, {"enabled": "yes"}, {"colour": "red"}):
        assert (await service.client.patch(path, json=wrong)).status_code == 422


async def test_dead_letters_are_listed_and_replayed(service: Service, receiver: Receiver) -> None:
    made = await make(service, receiver.url, types=["visit.recorded"])
    receiver.answering = lambda _: 500
    positions = [await visit(service, f"dead-{number}") for number in range(3)]
    await arrived(receiver, 3)
    async with connection_to(service.owner_url) as connection, asyncio.timeout(WAIT_S):
        ended = ""
        while ended != "UPDATE 3":
            await asyncio.sleep(0.05)
            ended = await connection.execute(
                "UPDATE ledger.webhook_deliveries SET status = 'dead' WHERE failure IS NOT NULL"
            )
    path = f"/{made['id']}/dead-letters"
    page = await get(service, path, limit=2)
    assert [one["position"] for one in page["dead_letters"]] == positions[:2]
    assert page["dead_letters"][0] == {
        "position": positions[0],
        "type": "visit.recorded",
        "attempts": 1,
        "failure": "answered 500",
        "failed_at": page["dead_letters"][0]["failed_at"],
    }
    page = await get(service, path, limit=2, after=page["next"])
    assert ([one["position"] for one in page["dead_letters"]], page["next"]) == (
        positions[2:],
        None,
    )
    receiver.answering = lambda _: 200
    assert (await post(service, f"{path}/{positions[1]}/replay")).json() == {"replayed": 1}
    await arrived(receiver, 4)
    assert (await post(service, f"{path}/{positions[1]}/replay")).status_code == 404
    assert (await post(service, f"{path}/replay")).json() == {"replayed": 2}
    taken = {str(one.position) for one in (await arrived(receiver, 6))[3:]}
    assert taken == set(positions)


async def test_the_number_of_webhooks_is_limited(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WEBHOOKS_MAX", 1)
    await make(service, receiver.url)
    answer = await post(service, "", {"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (409, "webhooks-full")


async def test_an_unknown_webhook_is_not_found(service: Service) -> None:
    client, path = service.client, f"/v1/webhooks/{SOME_ID}"
    answers = [
        await client.get(path),
        await client.patch(path, json={}),
        await client.delete(path),
        await client.post(f"{path}/test"),
        await client.post(f"{path}/rotate-secret"),
        await client.get(f"{path}/dead-letters"),
        await client.post(f"{path}/dead-letters/replay"),
        await client.post(f"{path}/dead-letters/7/replay"),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_no_secret_is_stored_listed_or_logged(service: Service, receiver: Receiver) -> None:
    with capture_logs() as lines:
        receiver.answering = lambda _: 500
        made = await make(service, f"{receiver.url}?token=hush")
        rotated = (await post(service, f"/{made['id']}/rotate-secret")).json()
        listed = await service.client.get("/v1/webhooks")
        await visit(service, "logged")
        await arrived(receiver, 1)
        await until(lambda: any(line["event"] == "webhook.failed" for line in lines))
    async with connection_to(service.owner_url) as connection:
        stored = await connection.fetch("SELECT sealed FROM ledger.webhook_secrets")
    for secret in (made["secret"], rotated["secret"]):
        key = Webhook(secret)._whsecret
        assert all(key not in row["sealed"] for row in stored)
        assert secret.removeprefix("whsec_") not in listed.text + str(lines)
    assert "hush" not in str(lines)


async def test_deliveries_are_counted_and_disabled_webhooks_are_reported(
    service: Service, receiver: Receiver
) -> None:
    made = await make(service, receiver.url)
    await visit(service, "counted")
    await arrived(receiver, 2)
    path = f"/v1/webhooks/{made['id']}"
    await service.client.patch(path, json={"enabled": False})
    text = (await service.client.get("/metrics")).text
    assert 'leadledger_webhook_deliveries_total{outcome="delivered"}' in text
    assert 'leadledger_webhook_deliveries_total{outcome="dead"}' in text
    assert "leadledger_webhooks_disabled 1.0" in text
    assert "leadledger_webhook_lag_seconds 0.0" in text
    webhooks = (await service.client.get("/readyz")).json()["checks"]["webhooks"]
    assert webhooks["status"] == "warning"
    assert "webhooks are disabled" in webhooks["detail"]
