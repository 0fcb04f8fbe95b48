"""The audit of keys, event by event: which keys the ledger accepted, according to the log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from domain.event import Event
from domain.lifecycle.service_events import KEY_CHANGED, KEY_CREATED, KEY_REVOKED
from domain.times import format_optional_utc
from events.records import Record, key_event_id


def terms_of_key(
    *,
    key_id: str,
    secret_digest: bytes,
    scopes: Iterable[str],
    sources: Iterable[str],
    department: str | None,
    origins: Iterable[str],
    events_per_second: int | None,
    expires_at: datetime | None,
    is_founder: bool,
    is_person: bool,
) -> dict[str, Any]:
    """Return everything that determines a key's identity and rights. Absent values are left out.

    The secret is represented by a digest of its stored digest: this detects a replaced secret, and
    is useless to a reader of the log.
    """
    data: dict[str, Any] = {
        "key": key_id,
        "secret_check": sha256(secret_digest).hexdigest(),
        "scopes": [str(scope) for scope in scopes],
        "sources": list(sources),
        "department": department,
        "origins": list(origins),
        "events_per_second": events_per_second,
        "expires_at": format_optional_utc(expires_at),
        "founder": is_founder,
        "person": is_person,
    }
    return {name: value for name, value in data.items() if value}


KEY_EVENTS = frozenset({KEY_CREATED, KEY_CHANGED, KEY_REVOKED})


class RecordedKey(NamedTuple):
    """A key as recorded in the log."""

    terms: Mapping[str, Any]
    """Scopes, sources and everything else that determines its rights; absent means none."""
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(slots=True)
class KeyAudit:
    """A class, because each event is judged on the keys that the events before it left."""

    keys: dict[str, RecordedKey] = field(default_factory=dict)

    def doubts(self, group: Sequence[Record]) -> Iterator[tuple[str, object, object]]:
        """Yield the comparisons for a change of a key: description, expected value, found value.

        A change has no cause, except for the end of a key that is replaced by another.
        """
        first, envelope = group[0]
        named = key_event_id(first.data["key"], envelope.subject_version)
        yield "the id of a key change follows from the key", named, envelope.id
        replaced = [first.data["replaces"]] if "replaces" in first.data else []
        found = [event.data["key"] for event, _ in group[1:] if event.type == KEY_CHANGED]
        yield "a new key ends the one that it replaces", replaced, found
        for event, _ in group:
            yield from self._doubts_of(event)
            self._see(event)

    def _doubts_of(self, event: Event) -> Iterator[tuple[str, object, object]]:
        known = self.keys.get(event.data["key"])
        if event.type == KEY_CREATED:
            yield "a key is created once", None, known
        else:
            yield "a key that changes was created", True, known is not None
        if event.type == KEY_REVOKED and known is not None:
            yield "a key is revoked once", None, known.revoked_at

    def _see(self, event: Event) -> None:
        key_id = event.data["key"]
        if event.type == KEY_CREATED:
            terms = {name: value for name, value in event.data.items() if name != "replaces"}
            self.keys[key_id] = RecordedKey(terms, event.occurred_at)
        elif event.type == KEY_CHANGED:
            self.keys[key_id] = self.keys[key_id]._replace(terms=event.data)
        else:
            self.keys[key_id] = self.keys[key_id]._replace(revoked_at=event.occurred_at)
