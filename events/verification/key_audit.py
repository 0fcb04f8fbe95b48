"""The audit of keys: what the log says of whom the ledger obeyed, event by event."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from domain.event import Event
from domain.lifecycle.service_events import KEY_CHANGED, KEY_CREATED, KEY_REVOKED
from domain.times import format_utc
from events.records import Record, key_event_id


def terms_told(
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
) -> dict[str, Any]:
    """Write all that decides who a key is and what it may do. What it does not have is left out.

    Of its secret there is a digest of the digest that is stored: enough to see that somebody has
    put another one in its place, and of no use to whoever reads the log.
    """
    data: dict[str, Any] = {
        "key": key_id,
        "secret_check": sha256(secret_digest).hexdigest(),
        "scopes": [str(scope) for scope in scopes],
        "sources": list(sources),
        "department": department,
        "origins": list(origins),
        "events_per_second": events_per_second,
        "expires_at": format_utc(expires_at) if expires_at is not None else None,
        "founder": is_founder,
    }
    return {name: value for name, value in data.items() if value}


KEY_EVENTS = frozenset({KEY_CREATED, KEY_CHANGED, KEY_REVOKED})


class KeyTold(NamedTuple):
    """A key as the log has it."""

    terms: Mapping[str, Any]
    """Scopes, sources and whatever else decides what it may do; absent is none."""
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(slots=True)
class KeyAudit:
    """A class, because each event is judged on the keys that those before it left."""

    keys: dict[str, KeyTold] = field(default_factory=dict)

    def doubts(self, group: Sequence[Record]) -> Iterator[tuple[str, object, object]]:
        """Say what is to be compared of a change of a key, with what is expected and found.

        A change follows from nothing, but for the end that a key gets by the one that replaces it.
        """
        first, envelope = group[0]
        named = key_event_id(first.data["key"], envelope.subject_version)
        yield "a change of a key is named by the key", named, envelope.id
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
            terms = {name: one for name, one in event.data.items() if name != "replaces"}
            self.keys[key_id] = KeyTold(terms, event.occurred_at)
        elif event.type == KEY_CHANGED:
            self.keys[key_id] = self.keys[key_id]._replace(terms=event.data)
        else:
            self.keys[key_id] = self.keys[key_id]._replace(revoked_at=event.occurred_at)
