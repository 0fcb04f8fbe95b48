"""Parts: how an event of any size is stored in records of bounded size.

A record is an entry of a log that other people's tools read, so its length is bounded. A company
with ten years of orders may be restated, and a lifecycle holds forty years of holidays. What does
not fit into the record of such an event is one JSON document, and the log holds the document, cut
into texts, before the group of events to which the event belongs:

    7  lifecycle.text       text
    8  lifecycle.text       text
    9  lifecycle.published  parts: 2, partsfrom: 7, partsdigest

A part is an event about the ledger that changes nothing. Readers get records together with their
parts, as lines of one text: the view `whole_events` joins them, and `events.records` decodes them.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from domain.event import Event
from domain.lead.stays import STAGES, TYPES
from domain.lifecycle.service_events import EFFECTS_TEXT, LIFECYCLE_TEXT, PUBLISHED
from events.limits import CONTENT_BYTES_MAX, PART_BYTES_MAX

TEXT = "text"
"""The only field of a part."""
PART_TYPES = frozenset({LIFECYCLE_TEXT, EFFECTS_TEXT})

_KEPT = frozenset({"name", "version", TYPES, STAGES})
"""Data that a record keeps in any case: short, and what readers look for."""


class Parts(NamedTuple):
    """The parts of an event, as its record names them."""

    first: int
    last: int
    """The positions of the first and the last part; the others are between them."""
    digest: str
    """SHA-256 of the document that the texts add up to, in hexadecimal."""

    @property
    def positions(self) -> range:
        return range(self.first, self.last + 1)


class Detached(NamedTuple):
    """An event as its own record holds it, and what it leaves to its parts."""

    kept: Event
    texts: list[str]
    digest: str


def content_of(event: Event) -> Mapping[str, Any]:
    """Return the data of an event as its record holds them."""
    return {**event.data, "effects": event.effects} if event.effects else event.data


def detach(event: Event, *, is_own: bool) -> Detached | None:
    """Separate what an event's record does not hold; None if it holds everything.

    A publication always leaves its text and calendars to parts. Otherwise parts are needed only if
    data and effects are long. They take the effects of a report, whose data the bound on events
    keeps short enough, and all content of an event that the service itself writes.
    """
    content = content_of(event)
    if event.type == PUBLISHED:
        taken = set(content) - _KEPT
    elif len(orjson.dumps(content)) <= CONTENT_BYTES_MAX:
        return None
    else:
        taken = set(content) - _KEPT if is_own else {"effects"}.intersection(content)
    if not taken:
        return None
    document = orjson.dumps(
        {name: content[name] for name in taken}, option=orjson.OPT_SORT_KEYS
    ).decode()
    kept = {name: value for name, value in event.data.items() if name not in taken}
    effects = event.effects if "effects" not in taken else {}
    return Detached(
        event._replace(data=kept, effects=effects), list(_cut(document)), digest_of(document)
    )


def type_of_parts(event: Event) -> str:
    """Return the type of an event's parts."""
    return LIFECYCLE_TEXT if event.type == PUBLISHED else EFFECTS_TEXT


def digest_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def attach(content: Mapping[str, Any], texts: Iterable[str], *, digest: str) -> dict[str, Any]:
    """Return the whole data of an event. Raises ValueError if these are not its parts."""
    document = "".join(texts)
    found = digest_of(document)
    if found != digest:
        raise ValueError(f"expected parts with the digest {digest}, found {found}")
    return {**content, **orjson.loads(document)}


def _cut(document: str) -> Iterable[str]:
    """Cut a document into texts that are short enough even when escaped as JSON strings."""
    start = 0
    while start < len(document):
        length = PART_BYTES_MAX
        while (size := len(orjson.dumps(document[start : start + length]))) > PART_BYTES_MAX:
            length = length * PART_BYTES_MAX // size
        yield document[start : start + length]
        start += length
