"""Events in parts, through the running ledger: appended, followed, projected, verified, rebuilt."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from events.outcomes import Recorded
from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import compare
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from tests.integration.test_tampering import all_checks
from tests.integration.test_verification import forge, found_in, saying
from tests.support.busy_ledger import HANAKO as BUYER
from tests.support.busy_ledger import happen, until_recorded
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, Service, running_service
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    decision,
    form,
    ledger_on_postgres,
    send,
)
from tests.support.tier import by_tier
from tests.support.verified import verify
from tests.unit.test_parts import HANAKO, order

ORDERS = by_tier(push=1_500, nightly=5_000)
PASSES = by_tier(push=100, nightly=300)
REWRITTEN = "UPDATE ledger.events SET record = repeat('x', 65536) WHERE position = 1"


def put_everything_into_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the bounds, and cut the log into small pages for good measure.

    Only once there is a ledger: all tests copy one and the same.
    """
    monkeypatch.setattr("events.parts.CONTENT_BYTES_MAX", 20)
    monkeypatch.setattr("events.parts.PART_BYTES_MAX", 1_500)
    monkeypatch.setattr("projections.engine.rebuild.REBUILD_BATCH_RECORDS", 3)


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as lent:
        yield lent


async def test_a_ledger_in_parts_answers_verifies_and_rebuilds(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more parts than events, every stretch of the log separates some from their event."""
    async with running_service(postgres_server) as service:
        put_everything_into_parts(monkeypatch)
        await happen(service.client)
        await until_recorded(service.client, "lead.dormant")
        head = int((await service.client.get("/v1/events")).json()["head"])
        for name in PROJECTIONS:
            await service.part(ProjectedTables).checkpoints.wait_for(head, name=name, timeout_s=20)

        found = await service.client.post("/v1/leads/find", json=BUYER)
        lead = found.json()["id"]
        history = await read(service, f"/v1/leads/{lead}/history")
        replay = await read(service, f"/v1/leads/{lead}/replay")
        types = [event["type"] for event in history["events"]]
        assert {"visit.recorded", "lead.qualified", "opportunity.won"} <= set(types)
        assert replay["steps"][-1]["state"]["stage"] == "WON"
        (run,) = (await read(service, "/v1/selections"))["selections"]
        assert run["qualified"] == 1

        report = await all_checks(postgres_server, service.engine)
        assert [(one.name, one.first, one.why_not) for one in report if one.outcome != "ok"] == []
        for project in PROJECTIONS.values():
            built = await compare(service.engine, project(SCHEMA), schema=SCHEMA)
            assert built.comparison is not None
            assert built.comparison.differing == 0
            assert built.position >= head


async def read(service: Service, path: str) -> Any:
    answer = await service.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_writers_read_each_others_parts(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_everything_into_parts(monkeypatch)
    other = await on.another()
    await send(other, form("a"))
    await on.send(form("b"), decision("q", "lead.qualified"))
    (accepted,) = await send(other, decision("s", "lead.sales_accepted"))
    assert isinstance(accepted, Recorded), accepted
    assert (accepted.stage, accepted.position) == ("SAL", other.memory.position - 2)
    await verify(on.engine, schema=SCHEMA)


async def test_a_history_that_cannot_be_read_is_reported(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of a restatement was edited, and what follows it needs the lead's history."""
    put_everything_into_parts(monkeypatch)
    sent = [form(id) for id in ("a", "b", "c")]
    _, *later = await on.send(*sent)
    for number, outcome in enumerate(later):
        assert isinstance(outcome, Recorded), outcome
        voided = {"event": str(outcome.position), "reason": "recorded_by_mistake"}
        await on.send({"id": f"v{number}", "type": "event.voided", "data": voided})
    (restated, _) = await on.as_owner(
        "SELECT position, first_part FROM ledger.events WHERE type = 'lead.restated' "
        "ORDER BY position"
    )
    await on.as_owner("ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only")
    await forge(on, restated["first_part"], saying(data={"text": "{}"}))
    assert await found_in(on) == (restated["position"], "the record can be read")


async def test_years_of_business_are_restated_merged_and_verified(on: LedgerOnPostgres) -> None:
    big, small = ({"domain": f"{name}.example"} for name in ("big", "small"))
    for start in range(0, ORDERS, 500):
        *_, last = await on.send(*(order(start + one, account=big) for one in range(500)))
    assert isinstance(last, Recorded), last
    await on.send(order(ORDERS, account=small))
    (late,) = await on.send(order(ORDERS + 1, account=big, time="2026-09-01T00:00:00Z"))
    assert isinstance(late, Recorded), late
    assert late.restated is not None
    passes = range(ORDERS + 2, ORDERS + 2 + PASSES)
    first, *_ = await on.send(*(order(number, lead=HANAKO) for number in passes))
    assert isinstance(first, Recorded), first
    other = {"other": last.subject.removeprefix("account/")}
    voided = {"event": str(first.position), "reason": "recorded_by_mistake"}
    merged, restated = await on.send(
        {"id": "m", "type": "account.merged", "account": small, "data": other},
        {"id": "v", "type": "event.voided", "data": voided},
    )
    assert isinstance(merged, Recorded), merged
    assert isinstance(restated, Recorded), restated
    rows = await on.as_owner(
        "SELECT type FROM ledger.events WHERE first_part > $1 ORDER BY position", LIFECYCLE_AT
    )
    assert {row["type"] for row in rows} >= {"account.restated", "account.merged"}

    await verify(on.engine, schema=SCHEMA)


async def test_the_database_rejects_a_record_that_is_too_long(on: LedgerOnPostgres) -> None:
    await on.as_owner("ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only")
    with pytest.raises(asyncpg.CheckViolationError, match="events_record_fits_a_log_entry"):
        await on.as_owner(REWRITTEN)


async def test_a_key_with_many_sources_is_recorded_in_parts_and_rotated(
    postgres_server: PrivatePostgres,
) -> None:
    """Its id names the version that it gives the ledger, in which the parts before it count."""
    async with running_service(postgres_server) as service:
        quotes = '"' * 75  # Longer as JSON than as characters, of which a source may have 255.
        sources = [f"{number:02}{'s' * 172}{quotes}" for number in range(100)]
        made = await service.client.post("/v1/keys", json={"name": "many", "sources": sources})
        assert made.status_code == 201, made.text
        rotated = await service.client.post(f"/v1/keys/{made.json()['id']}/rotate", json={})
        assert rotated.status_code == 201, rotated.text
        *_, created, changed = (await read(service, "/v1/events?limit=1000"))["events"]
        assert (created["type"], changed["type"]) == ("key.created", "key.changed")
        assert created["parts"] == changed["parts"] == 2
        await verify(service.engine, schema=SCHEMA)
