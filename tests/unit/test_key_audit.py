"""The audit of keys in the log: each change follows from what was reported before."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.event import LEDGER, Event
from events.records import OWN_SOURCE, Envelope, Record
from events.verification.key_audit import KeyAudit, RecordedKey

AT = datetime(2026, 11, 22, tzinfo=UTC)
TERMS = {"key": "k1", "scopes": ["events:write"], "sources": ["website"]}


def key_event(
    type: str, data: Mapping[str, Any], *, position: int = 7, id: str = "key.k1.3", hours: int = 0
) -> Record:
    event = Event(position, type, LEDGER, AT + timedelta(hours=hours), data, {})
    envelope = Envelope(OWN_SOURCE, id, 3, "", None, "admin", None, 1, 1, None)
    return Record(event, envelope)


def doubts(audit: KeyAudit, *group: Record) -> list[str]:
    return [what for what, expected, found in audit.doubts(group) if expected != found]


def test_a_key_is_known_as_last_reported() -> None:
    audit = KeyAudit()
    assert not doubts(audit, key_event("key.created", TERMS))
    assert not doubts(audit, key_event("key.changed", {**TERMS, "sources": ["crm"]}, hours=1))
    assert not doubts(audit, key_event("key.revoked", {"key": "k1"}, hours=2))
    terms = {**TERMS, "sources": ["crm"]}
    assert audit.keys == {"k1": RecordedKey(terms, AT, AT + timedelta(hours=2))}


def test_a_key_that_takes_over_ends_the_other_in_the_same_breath() -> None:
    audit = KeyAudit({"k0": RecordedKey({**TERMS, "key": "k0"}, AT)})
    ended = {**TERMS, "key": "k0", "expires_at": "2026-11-23T00:00:00.000000Z"}
    created = key_event("key.created", {**TERMS, "replaces": "k0"})
    assert not doubts(audit, created, key_event("key.changed", ended))
    assert audit.keys["k0"].terms == ended
    assert audit.keys["k1"].terms == TERMS


@pytest.mark.parametrize(
    ("group", "doubt"),
    [
        ([key_event("key.created", TERMS)], "a key is created once"),
        ([key_event("key.revoked", {"key": "k1"})], "a key is revoked once"),
        (
            [key_event("key.changed", TERMS, id="key.k1.4")],
            "the id of a key change follows from the key",
        ),
        (
            [key_event("key.changed", TERMS), key_event("key.changed", TERMS)],
            "a new key ends the one that it replaces",
        ),
        (
            [key_event("key.changed", {**TERMS, "replaces": "k0"})],
            "a new key ends the one that it replaces",
        ),
    ],
)
def test_what_does_not_follow_is_doubted(group: list[Record], doubt: str) -> None:
    known = KeyAudit({"k1": RecordedKey(TERMS, AT, AT)})
    assert doubt in doubts(known, *group)


@pytest.mark.parametrize("type", ["key.changed", "key.revoked"])
def test_a_key_without_a_creation_event_is_doubted(type: str) -> None:
    doubted = (what for what, expected, found in KeyAudit().doubts([key_event(type, TERMS)])
               if expected != found)  # fmt: skip
    # The first doubt ends the audit.
    assert next(doubted) == "a key that changes was created"
