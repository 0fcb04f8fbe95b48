"""One key is one event, permanently: across batches, processes, restarts and new versions."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import URL

from events.lifecycles.shipped import shipped_text
from events.signals.digests import TRANSPORT_FIELDS, Digests
from service.app import create_app
from service.composition.whole import open_parts
from service.http.parts import Parts
from service.ingest.reporting import Reporting
from service.keys.bootstrap import ADMINISTRATOR
from service.keys.store import KeyStore
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SECRET, prepare, settings_for
from tests.support.lifecycle_edits import TRIALS, edited
from tests.support.postgres import connection_to, fresh_database

FORM: dict[str, Any] = {
    "id": "form-1",
    "source": "website",
    "type": "form.submitted",
    "time": "2026-11-22T10:15:00+09:00",
    "actor": "the web site",
    "lead": {"email": "hanako@example.co.jp"},
    "data": {"form": "whitepaper"},
}
OTHERS: list[dict[str, Any]] = [
    {**FORM, "id": f"other-{number}", "lead": {"email": f"person{number}@example.co.jp"}}
    for number in range(3)
]
NEWER = {**TRANSPORT_FIELDS, 2: TRANSPORT_FIELDS[1] | {"actor"}}
"""A later version of the fingerprint, which omits one more member."""
DIGESTS, NEWER_DIGESTS = Digests(SECRET.encode()), Digests(SECRET.encode(), NEWER)


class NewestOnly(Digests):
    """Digests that ignore how a stored fingerprint was made."""

    def fingerprint_like(self, stored: bytes, reported: Mapping[str, Any]) -> bytes:
        del stored
        return self.fingerprint(reported)


@pytest.fixture
def urls(postgres_server: PrivatePostgres) -> tuple[URL, URL]:
    return fresh_database(postgres_server, prepare=prepare)


@asynccontextmanager
async def process(app_url: URL, *, digests: Digests = DIGESTS) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a ledger as one process does, with its own cache, and provide a client."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Parts]:
        async with open_parts(settings_for(), app_url) as parts:
            parts[Reporting] = replace(parts[Reporting], digests=digests)
            yield parts

    app = create_app(opening)
    async with app.router.lifespan_context(app):
        key, _ = await app.state.parts[KeyStore].create(ADMINISTRATOR, by=None)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://leadledger",
            headers={"authorization": f"Bearer {key.text}"},
        ) as client:
            yield client


async def post(client: httpx.AsyncClient, content: Any) -> httpx.Response:
    return await client.post("/v1/events", json=content)


async def publish(client: httpx.AsyncClient, text: str) -> None:
    assert (await client.post("/v1/lifecycle", content=text)).is_success


def duplicate_of(first: httpx.Response) -> dict[str, Any]:
    recorded = first.json()
    return {"status": "duplicate", "position": recorded["position"], "leaf": recorded["leaf"]}


async def events_in(owner_url: URL) -> list[str]:
    async with connection_to(owner_url) as connection:
        rows = await connection.fetch("SELECT id FROM ledger.events WHERE source = 'website'")
    return sorted(row["id"] for row in rows)


async def kept_in(owner_url: URL) -> list[tuple[str, str, int]]:
    async with connection_to(owner_url) as connection:
        rows = await connection.fetch("SELECT event_id, reason, times FROM ledger.refusals")
    return sorted((row["event_id"], row["reason"], row["times"]) for row in rows)


async def test_a_batch_that_overlaps_an_earlier_one_records_only_new_events(
    urls: tuple[URL, URL],
) -> None:
    async with process(urls[1]) as client:
        first = await post(client, FORM)
        items = (await post(client, [OTHERS[0], FORM, OTHERS[1]])).json()["items"]
        again = (await post(client, [FORM, *OTHERS])).json()["items"]
    assert [item["status"] for item in items] == ["recorded", "duplicate", "recorded"]
    assert items[1] == duplicate_of(first)
    assert [item["status"] for item in again] == [*["duplicate"] * 3, "recorded"]
    assert await events_in(urls[0]) == ["form-1", "other-0", "other-1", "other-2"]


async def test_an_event_recorded_by_another_process_is_a_duplicate(urls: tuple[URL, URL]) -> None:
    async with process(urls[1]) as one, process(urls[1]) as other:
        first = await post(one, FORM)
        assert (await post(other, FORM)).json() == duplicate_of(first)
        differing = await post(other, {**FORM, "data": {"form": "another"}})
        assert (differing.status_code, differing.json()["code"]) == (409, "event-id-reused")
        assert (await post(one, FORM)).json() == duplicate_of(first)
    assert await events_in(urls[0]) == ["form-1"]


async def test_a_restart_forgets_no_key(urls: tuple[URL, URL]) -> None:
    async with process(urls[1]) as client:
        first = await post(client, FORM)
    async with process(urls[1]) as client:
        assert (await post(client, FORM)).json() == duplicate_of(first)
        items = (await post(client, [OTHERS[0], {**FORM, "actor": "somebody"}])).json()["items"]
    assert [item["status"] for item in items] == ["recorded", "refused"]
    assert items[1]["problem"]["position"] == first.json()["position"]


async def test_a_fingerprint_is_compared_under_the_version_it_was_stored_with(
    urls: tuple[URL, URL],
) -> None:
    async with process(urls[1]) as client:
        first = await post(client, FORM)
    async with process(urls[1], digests=NEWER_DIGESTS) as client:
        assert (await post(client, FORM)).json() == duplicate_of(first)
        # The newer version would omit the actor; the stored one did not.
        assert (await post(client, {**FORM, "actor": "somebody"})).status_code == 409
        newer = await post(client, OTHERS[0])
        assert (await post(client, {**OTHERS[0], "actor": "somebody"})).json() == duplicate_of(
            newer
        )


async def test_comparing_under_the_newest_version_alone_would_refuse_every_retry(
    urls: tuple[URL, URL],
) -> None:
    """The negative twin: without the stored version, an earlier record is another event."""
    async with process(urls[1]) as client:
        await post(client, FORM)
    async with process(urls[1], digests=NewestOnly(SECRET.encode(), NEWER)) as client:
        assert (await post(client, FORM)).status_code == 409


async def test_once_a_person_is_erased_the_key_alone_decides(urls: tuple[URL, URL]) -> None:
    """The fingerprint could confirm a guess, so it is gone; the id is still one event."""
    async with process(urls[1]) as client:
        first = await post(client, FORM)
        async with connection_to(urls[0]) as connection:
            await connection.execute("DELETE FROM ledger.event_personal WHERE position > 1")
        different = await post(client, {**FORM, "data": {"form": "another"}})
        unreadable = await post(client, {**FORM, "data": {"form": ["not a code"]}})
    assert different.json() == unreadable.json() == duplicate_of(first)


@pytest.mark.parametrize("place", [1, 2], ids=["version", "secret"])
async def test_a_fingerprint_that_cannot_be_computed_is_neither_a_retry_nor_a_conflict(
    urls: tuple[URL, URL], place: int
) -> None:
    """With a future version or another secret, it is not a retry or a conflict, and not kept."""
    async with process(urls[1]) as client:
        await post(client, FORM)
        async with connection_to(urls[0]) as connection:
            await connection.execute(
                "UPDATE ledger.event_personal AS personal SET fingerprint = overlay(fingerprint "
                "placing '\\x09'::bytea FROM $1 FOR 1) FROM ledger.events AS event "
                "WHERE event.position = personal.position AND event.id = 'form-1'",
                place,
            )
        answer = await post(client, FORM)
        items = (await post(client, [FORM, OTHERS[0]])).json()["items"]
    assert (answer.status_code, answer.json()["code"]) == (503, "event-not-comparable")
    assert answer.headers["retry-after"] == "2"
    assert [item["status"] for item in items] == ["refused", "recorded"]
    assert await kept_in(urls[0]) == []


async def test_a_recorded_event_is_a_duplicate_even_if_it_could_no_longer_be_read(
    urls: tuple[URL, URL],
) -> None:
    """The lifecycle has dropped its type."""
    shipped = shipped_text("demand_funnel")
    trial = {**FORM, "type": "trial.requested", "data": {"note": "first"}}
    async with process(urls[1]) as client:
        await publish(client, edited(shipped, TRIALS))
        first = await post(client, trial)
        await publish(client, shipped)
        assert (await post(client, trial)).json() == duplicate_of(first)
        refused = await post(client, {**trial, "data": {"note": "another"}})
        items = (await post(client, [trial, {**trial, "id": "trial-2"}])).json()["items"]
    assert (refused.status_code, refused.json()["code"]) == (422, "event-type-unknown")
    assert [item["status"] for item in items] == ["duplicate", "refused"]


async def test_a_repeated_refusal_is_counted_and_not_stored_again(urls: tuple[URL, URL]) -> None:
    bad = {**FORM, "type": "nonsense"}
    async with process(urls[1]) as one, process(urls[1]) as other:
        answers = [
            await post(client, {**bad, "sent_at": f"2026-11-22T10:15:0{number}+09:00"})
            for number, client in enumerate((one, other, one))
        ]
        await post(one, [{**bad, "id": "2"}, bad, bad])
    # Each client has its own key.
    assert len({answer.json()["refusal"] for answer in answers}) == 2
    assert await kept_in(urls[0]) == [
        ("2", "event-type-unknown", 1),
        ("form-1", "event-type-unknown", 1),
        ("form-1", "event-type-unknown", 3),
    ]
