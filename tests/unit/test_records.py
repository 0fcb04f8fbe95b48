"""The record: its bytes, and a round trip without loss."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from domain.event import LEDGER, Event, Subject
from domain.lifecycle.definition import SubjectKind
from domain.times import format_utc
from events.records import (
    Envelope,
    Record,
    RecordUnreadable,
    decode,
    decode_event,
    encode,
    leaf_of,
)

LEAD = Subject(SubjectKind.LEAD, "0193-a")
FULL = Event(
    position=18,
    type="lead.reconsidered",
    subject=LEAD,
    occurred_at=datetime(2026, 11, 22, 1, 15, tzinfo=UTC),
    data={"type": "opportunity.created", "fact": "12"},
    effects={
        "origin": "reseller",
        "move": {"kind": "advanced", "passed_over": ["SAL"]},
        "fact": 12,
    },
    cause=17,
    forwarded_to="0193-b",
    stage_from="MQL",
    stage_to="OPP",
    effective_at=datetime(2026, 11, 22, 2, 0, 0, 5, tzinfo=UTC),
    pass_number=2,
)
FULL_ENVELOPE = Envelope(
    source="crm",
    id="形-1",
    subject_version=3,
    recorded_time="2026-11-22T03:00:00.000000Z",
    claimed_at=datetime(2026, 11, 23, tzinfo=UTC),
    key_id="key-1",
    department="field_sales",
    lifecycle=4,
    rules=1,
    personal_digest="ab" * 32,
    actor_digest="cd" * 32,
)
FULL_RECORD = (
    '{"actordigest":"' + "cd" * 32 + '","cause":"17","claimedtime":"2026-11-23T00:00:00.000000Z",'
    '"data":{"effects":{"fact":12,"move":{"kind":"advanced","passed_over":["SAL"]},'
    '"origin":"reseller"},"fact":"12","type":"opportunity.created"},"department":"field_sales",'
    '"effectivetime":"2026-11-22T02:00:00.000005Z","forwardedto":"0193-b","id":"形-1",'
    '"key":"key-1","lifecycle":4,"pass":2,"personaldigest":"' + "ab" * 32 + '","position":"18",'
    '"recordedtime":"2026-11-22T03:00:00.000000Z","rules":1,"source":"crm","specversion":"1.0",'
    '"stagefrom":"MQL","stageto":"OPP","subject":"lead/0193-a","subjectversion":3,'
    '"time":"2026-11-22T01:15:00.000000Z","type":"lead.reconsidered"}'
)
BARE = Event(1, "lifecycle.published", LEDGER, datetime(2026, 11, 22, tzinfo=UTC), {}, {})
BARE_ENVELOPE = Envelope(
    source="leadledger",
    id="lifecycle.1",
    subject_version=1,
    recorded_time="2026-11-22T03:00:00.000000Z",
    claimed_at=None,
    key_id=None,
    department=None,
    lifecycle=1,
    rules=1,
    personal_digest=None,
)
BARE_RECORD = (
    '{"id":"lifecycle.1","lifecycle":1,"position":"1",'
    '"recordedtime":"2026-11-22T03:00:00.000000Z","rules":1,"source":"leadledger",'
    '"specversion":"1.0","subject":"ledger","subjectversion":1,'
    '"time":"2026-11-22T00:00:00.000000Z","type":"lifecycle.published"}'
)


def test_a_record_is_one_line_of_sorted_json_without_white_space() -> None:
    assert encode(FULL, FULL_ENVELOPE).decode() == FULL_RECORD
    assert list(json.loads(FULL_RECORD)) == sorted(json.loads(FULL_RECORD))


def test_what_is_absent_is_left_out() -> None:
    assert encode(BARE, BARE_ENVELOPE).decode() == BARE_RECORD


def test_data_without_effects_are_recorded_alone() -> None:
    event = BARE._replace(data={"page": "/"})
    assert json.loads(encode(event, BARE_ENVELOPE))["data"] == {"page": "/"}


def test_effects_without_data_are_recorded_alone() -> None:
    event = BARE._replace(effects={"known": True})
    assert json.loads(encode(event, BARE_ENVELOPE))["data"] == {"effects": {"known": True}}


def test_an_absorption_leaves_a_stage_and_enters_none() -> None:
    event = FULL._replace(stage_to=None, effects={"absorbed_by": "x"})
    record = json.loads(encode(event, FULL_ENVELOPE))
    assert (record["stagefrom"], record["pass"], "stageto" in record) == ("MQL", 2, False)
    assert decode(json.dumps(record)).event == event


@pytest.mark.parametrize(
    ("event", "envelope", "text"),
    [(FULL, FULL_ENVELOPE, FULL_RECORD), (BARE, BARE_ENVELOPE, BARE_RECORD)],
)
def test_a_record_is_read_back_whole(event: Event, envelope: Envelope, text: str) -> None:
    assert decode(text) == Record(event, envelope)
    assert decode_event(text) == event


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "null",
        '"text"',
        FULL_RECORD.replace('"subject":"lead/0193-a",', ""),
        FULL_RECORD.replace('"subject":"lead/', '"subject":"dog/'),
        FULL_RECORD.replace('"position":"18"', '"position":"x"'),
        FULL_RECORD.replace('"time":"2026-11-22T01', '"time":"2026-99-22T01'),
        FULL_RECORD.replace('"source":"crm",', ""),
        FULL_RECORD.replace('"data":{', '"data":7,"old":{'),
    ],
)
def test_a_malformed_record_is_refused(text: str) -> None:
    with pytest.raises(RecordUnreadable, match="not a record of this ledger"):
        decode(text)


def test_the_leaf_is_the_leaf_hash_of_rfc_6962() -> None:
    record = FULL_RECORD.encode()
    assert leaf_of(record) == hashlib.sha256(b"\x00" + record).digest()
    # Of the empty leaf, as the RFC's own test trees have it.
    assert leaf_of(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_time_always_has_six_decimals_so_that_text_sorts_as_time() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert format_utc(early) == "2026-01-01T00:00:00.000000Z"
    assert format_utc(early) < format_utc(late)


def test_a_time_that_is_not_utc_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="times inside are UTC"):
        format_utc(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive time is what is tested
