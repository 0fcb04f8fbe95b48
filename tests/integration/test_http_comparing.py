"""`POST /v1/events/compare`: how reports differ from what is recorded under their ids."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from service.settings import DRIVER
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM: dict[str, Any] = {
    "id": "form",
    "source": "test",
    "type": "form.submitted",
    "time": "2026-01-05T12:00:00+09:00",
    "actor": "tanaka",
    "lead": {"email": "hanako@compare.example", "profile": {"industry": "retail"}},
    "data": {"form": "whitepaper", "channel": "organic", "note": "call on Monday"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def report(service: Service, event: dict[str, Any]) -> Any:
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def compare(service: Service, *events: Any, status: int = 200) -> Any:
    answer = await service.client.post("/v1/events/compare", json=list(events))
    assert answer.status_code == status, answer.text
    if status != 200:
        return answer.json()
    return answer.json()["items"]


def changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the event with another value at a path such as lead/email; None removes it."""
    name, _, rest = path.partition("/")
    if rest:
        return {**event, name: changed(event[name], rest, value)}
    return {key: one for key, one in {**event, name: value}.items() if one is not None}


async def test_a_report_is_compared_with_what_is_recorded_and_nothing_is_kept(
    service: Service,
) -> None:
    position = (await report(service, FORM))["position"]
    compared = {"status": "recorded", "position": position, "corrections": 0}
    same: dict[str, Any] = {**compared, "differs": [], "fields": {}}
    differences: list[tuple[str, Any, list[str], dict[str, Any]]] = [
        (
            *("time", "2026-01-06T12:00:00+09:00"),
            ["time"],
            {"time": "2026-01-06T03:00:00.000000Z"},
        ),
        ("data/form", "demo", ["data/form"], {"form": "demo"}),
        ("data/channel", None, ["data/channel"], {"channel": None}),
        ("data/campaign", "spring", ["data/campaign"], {"campaign": "spring"}),
        ("data/note", "call on Tuesday", ["person"], {}),
        ("lead/email", "taro@compare.example", ["person"], {}),
        ("lead/profile", {"industry": "finance"}, ["person"], {}),
        ("actor", "suzuki", ["person"], {}),
        ("type", "card.captured", ["data/form", "type", "person"], {"form": None}),
    ]
    events = [changed(FORM, path, value) for path, value, _, _ in differences]
    assert await compare(service, FORM, changed(FORM, "time", "2026-01-05T03:00:00Z"), *events) == [
        same,
        same,
        *({**compared, "differs": names, "fields": fields} for _, _, names, fields in differences),
    ]
    assert await compare(service, changed(FORM, "id", "other")) == [{"status": "unknown"}]
    refused = (await service.client.get("/v1/refusals")).json()["refusals"]
    assert refused == []


async def test_corrections_and_voids_by_the_source_itself_count(
    service: Service,
) -> None:
    event = changed(changed(FORM, "id", "corrected"), "data", {"form": "a", "channel": "b"})
    position = (await report(service, event))["position"]
    correction = {"type": "event.corrected", "source": "test"}
    first = {"event": position, "fields": {"form": "b", "time": "2026-01-06T03:00:00Z"}}
    second = {"event": position, "fields": {"channel": None}}
    await report(service, {**correction, "id": "corrected~corrected/1", "data": first})
    await report(service, {**correction, "id": "corrected~corrected/2", "data": second})
    by_hand = {"event": position, "fields": {"form": "c"}}
    await report(service, {**correction, "id": "a person's", "data": by_hand})
    as_corrected = changed(changed(event, "data", {"form": "b"}), "time", "2026-01-06T03:00:00Z")
    compared = {"status": "recorded", "position": position, "corrections": 2}
    assert await compare(service, as_corrected, event) == [
        {**compared, "differs": [], "fields": {}},
        {
            **compared,
            "differs": ["data/channel", "data/form", "time"],
            "fields": {"channel": "b", "form": "a", "time": "2026-01-05T03:00:00.000000Z"},
        },
    ]
    void = {"type": "event.voided", "source": "test", "data": {"event": position}}
    await report(service, {**void, "id": "corrected~voided"})
    voided = {"status": "voided", "position": position, "by_revision": True}
    assert await compare(service, event) == [voided]
    other = changed(event, "id", "voided by hand")
    position = (await report(service, other))["position"]
    await report(service, {**void, "id": "v", "source": "ops", "data": {"event": position}})
    assert await compare(service, other) == [
        {"status": "voided", "position": position, "by_revision": False}
    ]


async def test_erased_data_is_not_compared(service: Service) -> None:
    event = changed(FORM, "id", "erased")
    position = (await report(service, event))["position"]
    owner = create_async_engine(service.owner_url.set(drivername=DRIVER))
    async with owner.begin() as connection:
        await connection.execute(
            text("DELETE FROM ledger.event_personal WHERE position = :position"),
            {"position": int(position)},
        )
    await owner.dispose()
    assert await compare(service, event) == [{"status": "erased", "position": position}]


async def test_a_report_that_would_be_refused_says_so_and_the_others_are_compared(
    service: Service,
) -> None:
    bad, unknown = await compare(
        service, changed(FORM, "lead/email", "nobody"), changed(FORM, "id", "new")
    )
    assert (bad["status"], bad["problem"]["code"]) == ("refused", "event-invalid")
    assert unknown == {"status": "unknown"}
    problem = await compare(service, *[FORM] * 501, status=413)
    assert (problem["code"], problem["expected"]) == ("body-too-large", 500)
    answer = await service.client.post("/v1/events/compare", json=FORM)
    assert (answer.status_code, answer.json()["code"]) == (400, "body-unreadable")


async def test_a_key_compares_only_what_it_may_report(service: Service) -> None:
    headers = await service.key(Scope.EVENTS_WRITE)
    answer = await service.client.post(
        "/v1/events/compare", json=[changed(FORM, "source", "crm")], headers=headers
    )
    (item,) = answer.json()["items"]
    assert (item["status"], item["problem"]["code"]) == ("refused", "source-not-allowed")
