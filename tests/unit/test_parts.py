"""Parts: every event is recorded whole, in records that fit into a log entry."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.batch.entries import Entry
from events.limits import EVENT_BYTES_MAX, PART_BYTES_MAX, RECORD_BYTES_MAX
from events.outcomes import Outcome, Recorded
from events.parts import detach, type_of_parts
from events.records import RecordUnreadable, decode, encode, whole
from tests.support.audited import audit_of
from tests.support.busy_ledger import WITH_RIVALS
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.tier import by_tier
from tests.unit.test_records import FULL, FULL_ENVELOPE

ORDERS = by_tier(push=1_500, nightly=5_000)
PASSES = by_tier(push=250, nightly=300)
HANAKO = {"email": "hanako@acme.example"}


def recorded(outcome: Outcome) -> Recorded:
    assert isinstance(outcome, Recorded), outcome
    return outcome


def order(number: int, **named: Any) -> dict[str, Any]:
    data = {"order": f"order-{number}", "value": 1_000 + number, "currency": "JPY"}
    time = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=number)
    named = {"time": time.isoformat(), **named}
    return {"id": f"o{number}", "type": "order.recorded", "data": data, **named}


def check_whole(ledger: LedgerInMemory) -> None:
    """Check that records fit, that events are read as they were decided, and that all verify."""
    assert max(len(entry.record.encode()) for entry in ledger.entries) <= RECORD_BYTES_MAX
    for entry, read in zip(ledger.entries, ledger.records, strict=True):
        assert entry.envelope.parts is None or read.event == _as_read(entry)
    assert audit_of(ledger).subjects == ledger.subjects


def _as_read(entry: Entry) -> Any:
    """Return an event with lists for tuples, as JSON has them."""
    plain = json.loads(json.dumps([entry.event.data, entry.event.effects], default=dict))
    return entry.event._replace(data=plain[0], effects=plain[1])


def in_parts(ledger: LedgerInMemory) -> set[str]:
    return {one.event.type for one in ledger.entries if one.envelope.parts is not None}


def test_a_company_with_thousands_of_orders_is_decided_again_and_merged() -> None:
    ledger = LedgerInMemory(at=datetime(2026, 11, 22, 3, tzinfo=UTC))
    big, small = ({"domain": f"{name}.example"} for name in ("big", "small"))
    for start in range(0, ORDERS, 500):
        *_, last = ledger.send(*(order(start + one, account=big) for one in range(500)))
    ledger.send(order(ORDERS, account=small))
    (late,) = ledger.send(order(ORDERS + 1, account=big, time="2026-09-01T00:00:00Z"))
    assert recorded(late).restated is not None

    other = recorded(last).subject.removeprefix("account/")
    merged = recorded(ledger.send_one("account.merged", account=small, data={"other": other}))

    assert in_parts(ledger) == {"account.restated", "account.merged"}
    assert recorded(late).restated is not None
    restated = next(one for one in ledger.entries if one.event.type == "account.restated")
    kept = json.loads(restated.record)["data"]
    assert kept == {name: restated.event.data[name] for name in ("stages", "types")}
    parts = ledger.records[merged.position - 1].envelope.parts
    assert parts is not None
    assert parts.last == merged.position - 1
    assert len(parts.positions) > 1
    account = ledger.subjects[merged.subject.removeprefix("account/")].state
    assert len(account.orders) == ORDERS + 2  # type: ignore[union-attr] # an account's state
    check_whole(ledger)


def test_a_lead_with_hundreds_of_passes_is_decided_again_and_merged() -> None:
    ledger = LedgerInMemory(at=datetime(2026, 11, 22, 3, tzinfo=UTC))
    first, *_ = ledger.send(*(order(number, lead=HANAKO) for number in range(PASSES)))
    taro = recorded(ledger.send_one("form.submitted", lead={"email": "taro@acme.example"}))
    voided = {"event": str(recorded(first).position), "reason": "recorded_by_mistake"}

    recorded(ledger.send_one("event.voided", data=voided))
    recorded(ledger.send_one("identity.merged", lead=HANAKO, data={"other": taro.lead}))

    assert "lead.restated" in in_parts(ledger)
    check_whole(ledger)


def test_a_ledger_with_everything_in_parts_is_the_same_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reports, consequences, timers, a new lifecycle: whatever is decided may need parts."""
    monkeypatch.setattr("events.parts.CONTENT_BYTES_MAX", 20)
    monkeypatch.setattr("events.parts.PART_BYTES_MAX", 400)
    ledger = LedgerInMemory()
    deal = {"opportunity": "d"}
    _, _, wrong, *_ = ledger.send(
        {"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}},
        {"id": "f", "type": "form.submitted", "lead": {**HANAKO, "anonymous_id": "c"}},
        {"id": "w", "type": "visit.recorded", "lead": HANAKO, "time": "2025-01-06T09:00:00Z"},
        {"id": "q", "type": "lead.qualified", "lead": HANAKO},
        {"id": "o", "type": "opportunity.created", "lead": HANAKO, "data": deal},
        {"id": "won", "type": "opportunity.won", "data": deal},
        {"id": "r", "type": "form.submitted", "lead": {"email": "a@rival.example"}},
    )
    ledger.at = datetime(2027, 12, 1, tzinfo=UTC)
    ledger.let_happen()
    recorded(ledger.send_one("event.voided", data={"event": str(recorded(wrong).position)}))
    recorded(ledger.publish(WITH_RIVALS))
    ledger.let_happen()

    everything = {one.event.type for one in ledger.entries} - {"effects.text", "lifecycle.text"}
    assert everything - in_parts(ledger) <= {"opportunity.won", "event.voided"}
    assert {"lead.dormant", "lead.restated", "lead.reassessed"} <= in_parts(ledger)
    check_whole(ledger)


def test_what_is_refused_leaves_no_room_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.parts.CONTENT_BYTES_MAX", 20)
    ledger = LedgerInMemory()
    form = {"id": "f", "type": "form.submitted", "lead": HANAKO}
    illegal = {"id": "a", "type": "lead.sales_accepted", "lead": HANAKO}
    ledger.send(form, illegal, is_strict=True)
    assert ledger.entries == []
    recorded(ledger.send(form)[0])
    assert [one.event.position for one in ledger.entries] == list(range(1, len(ledger.entries) + 1))
    check_whole(ledger)


def test_a_lifecycle_is_published_after_its_text() -> None:
    ledger = LedgerInMemory()
    published = recorded(ledger.publish(ledger.compiled.lifecycle.text + "# again\n"))
    entry = ledger.entries[published.position - 1]
    record = json.loads(entry.record)
    assert record["data"] == {"name": "demand_funnel", "version": 2}
    assert (record["partsfrom"], record["parts"]) == ("1", published.position - 1)
    parts = ledger.entries[: published.position - 1]
    assert {one.event.type for one in parts} == {"lifecycle.text"}
    assert max(len(one.record.encode()) for one in parts) <= 32 * 1024
    text = "".join(json.loads(one.record)["data"]["text"] for one in parts)
    assert json.loads(text).keys() == {"text", "offsets", "calendars"}


def test_an_event_of_the_greatest_size_fits_with_everything_that_is_recorded_of_it() -> None:
    """Numbers are written longer than they were sent, at worst."""
    sent, stored = "1e15", 1e15
    numbers = {f"{number:x}": stored for number in range(900)}
    numbers_sent = sum(len(f'"{name}":{sent},') for name in numbers)
    data = {**numbers, "text": "x" * (EVENT_BYTES_MAX - numbers_sent)}
    envelope = FULL_ENVELOPE._replace(source="s" * 255, id="\x01" * 100)
    event = FULL._replace(data=data, effects={"attributes": data})
    detached = detach(event, is_own=False)
    assert detached is not None
    record = encode(detached.kept, envelope)
    assert RECORD_BYTES_MAX - 4_096 < len(record) <= RECORD_BYTES_MAX


def test_a_record_that_is_too_long_is_not_written() -> None:
    with pytest.raises(AssertionError, match="a record of"):
        encode(FULL._replace(data={"text": "x" * RECORD_BYTES_MAX}), FULL_ENVELOPE)


def test_the_service_leaves_all_content_of_its_own_events_to_parts() -> None:
    """A selection run that skips thousands of leads says so in its data."""
    skipped = [[f"0193-{number}", "not-a-candidate"] for number in range(20_000)]
    event = FULL._replace(type="selection.completed", data={"skipped": skipped}, effects={})
    detached = detach(event, is_own=True)
    assert detached is not None
    assert detached.kept.data == {}
    assert json.loads("".join(detached.texts)) == {"skipped": skipped}
    assert type_of_parts(event) == "effects.text"
    assert all(len(text) <= PART_BYTES_MAX for text in detached.texts)


def test_a_record_without_its_parts_is_not_read() -> None:
    """Rather than as an event without effects."""
    ledger = LedgerInMemory()
    published = recorded(ledger.publish(ledger.compiled.lifecycle.text + "# again\n"))
    *parts, entry = (one.record for one in ledger.entries[: published.position])
    assert decode(whole(entry, parts)).event.data["version"] == 2
    for missing in ([], parts[1:], [*parts, parts[0]], parts[::-1]):
        with pytest.raises(RecordUnreadable, match="expected parts with the digest"):
            decode(whole(entry, missing))
