"""Make a large ledger out of a small one: copies of its events, with everything made again.

Each copy has people, companies, deals and events of its own, at later positions. Leaves, seals, the
chain and the digests of identifiers are computed as the writer computes them, so that the leads of
a copy are found by what senders know of them, decided on, and verified. Deciding the same events
again would take several times as long.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from domain.times import format_utc
from events.personal import ReportRow, StoredLink, digest_of_report
from events.records import leaf_of
from events.signals.digests import Digests

FIRST_POSITION_MIN: Final = 1_000
"""What is copied begins later: in the state of a lead, only a large number is a position."""

_TICK: Final = timedelta(microseconds=1)
"""Between the transactions of a copy: they keep their order, and are hardly later than now."""

_REPLACED = re.compile(
    r"(?P<subject>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<deal>deal-[0-9a-f]{16})"
    r'|(?<="id":")(?P<id>[0-9a-f]{24})(?=")'
    r'|(?<="recordedtime":")(?P<time>[^"]+)'
    r'|(?<="personaldigest":")(?P<personal>[^"]+)'
    r'|(?:(?<="position":")|(?<="cause":")|(?<="id":")(?=\d+\.)|(?<=[\[,])(?=\d{4,}[\],]))'
    r"(?P<position>\d+)"
)
_EVENTS: Final = (
    *("position", "source", "id", "subject_id", "subject_version", "type", "occurred_at"),
    *("recorded_at", "leaf", "record", "seal"),
)
_PERSONAL: Final = ("position", "salt", "content", "fingerprint")
_IDENTIFIERS: Final = ("digest", "position", "kind", "subject_id", "is_moved")
_SUBJECTS: Final = (
    *("subject_id", "kind", "version", "position", "state", "due_at", "wake_at", "lifecycle"),
)


class NotCopied(AssertionError):
    """What was to be copied holds something that no copy can have."""


class _Text(NamedTuple):
    """A text with what is replaced in it."""

    between: Sequence[str]
    replaced: Sequence[tuple[str, str]]
    """What it is, and how it is written."""


class _Event(NamedTuple):
    row: asyncpg.Record
    record: _Text
    id: _Text
    personal: asyncpg.Record | None
    links: Sequence[asyncpg.Record]


class Original(NamedTuple):
    """The events about some people, and what the ledger keeps because of them."""

    tag: str
    events: Sequence[_Event]
    subjects: Sequence[tuple[asyncpg.Record, _Text]]
    known: Mapping[bytes, tuple[str, str]]
    """Digest of an identifier → its kind and value."""
    times: Sequence[datetime]
    """When it was recorded, transaction by transaction."""
    span_ms: int
    """The time that is written in the ids of its subjects."""


async def read_original(
    driver: asyncpg.Connection, schema: str, tag: str, digests: Digests, *, after: int
) -> Original:
    """Read all events after a position. They are about the people of a tag, and no one else.

    Raises NotCopied.
    """
    if after < FIRST_POSITION_MIN:
        raise NotCopied(f"expected {FIRST_POSITION_MIN} events before the first, found {after}")

    async def read(table: str) -> list[asyncpg.Record]:
        return await driver.fetch(
            f"SELECT * FROM {schema}.{table} WHERE position > $1 ORDER BY position", after
        )

    personal = {row["position"]: row for row in await read("event_personal")}
    links = defaultdict(list)
    for row in await read("identifiers"):
        links[row["position"]].append(row)
    events = [
        _Event(
            row,
            _text(row["record"]),
            _text(f'"id":"{row["id"]}"'),
            personal.get(row["position"]),
            links[row["position"]],
        )
        for row in await read("events")
    ]
    values = {value for event in events for value in _identifiers(event)}
    known = {digests.identifier(*value).digest: value for value in values}
    linked = [row for rows in links.values() for row in rows]
    if unknown := {row["kind"] for row in linked if row["digest"] not in known}:
        raise NotCopied(f"expected to find the values of all identifiers, not of {unknown}")
    subjects = [(row, _text(row["state"])) for row in await read("subjects")]
    made_ms = [row["subject_id"].int >> 80 for row, _ in subjects]
    return Original(
        tag,
        events,
        subjects,
        known,
        list(dict.fromkeys(event.row["recorded_at"] for event in events)),
        max(made_ms) - min(made_ms) + 1,
    )


def _text(written: str) -> _Text:
    between, replaced, end = [], [], 0
    for found in _REPLACED.finditer(written):
        kind = found.lastgroup
        assert kind is not None, "each alternative is a group"
        between.append(written[end : found.start()])
        replaced.append((kind, found[0]))
        end = found.end()
    return _Text([*between, written[end:]], replaced)


def _identifiers(event: _Event) -> Iterator[tuple[str, str]]:
    """Yield the identifiers that a report may have brought, with their kinds."""
    if event.personal is not None:
        lead = orjson.loads(event.personal["content"]).get("lead", {})
        yield from ((kind, lead[kind]) for kind in ("email", "anonymous_id") if kind in lead)
        if "email" in lead:
            yield "domain", lead["email"].partition("@")[2]
    for kind, written in event.record.replaced:
        if kind == "deal":
            yield "opportunity", f"{event.row['source']}/{written}"


class Copies:
    """Copies of one original. A class, because each continues the log where the last one ended."""

    def __init__(
        self, original: Original, digests: Digests, *, position: int, chain: bytes, at: datetime
    ) -> None:
        """Continue after a position, with the chain and the recorded time there."""
        self._original = original
        self._digests = digests
        self._position = position
        self._chain = chain
        self._recorded_at = at
        self._number = 0

    async def write(self, driver: asyncpg.Connection, schema: str) -> str:
        """Write one more copy, and move the head. Returns the tag of its people."""
        self._number += 1
        tag = f"{self._original.tag}c{self._number}"
        rows = self._rows(tag)
        columns = {
            "events": _EVENTS,
            "event_personal": _PERSONAL,
            "subjects": _SUBJECTS,
            "identifiers": _IDENTIFIERS,
        }
        async with driver.transaction():
            for table, names in columns.items():
                await driver.copy_records_to_table(
                    table, schema_name=schema, columns=names, records=rows[table]
                )
            await driver.execute(
                f"UPDATE {schema}.ledger_head SET position = $1, chain = $2, recorded_at = $3",
                *(self._position, self._chain, self._recorded_at),
            )
        return tag

    def _rows(self, tag: str) -> Mapping[str, Sequence[Any]]:
        """Make the rows of each table, and continue the chain."""
        original, seals = self._original, self._digests.seals
        copy = _Copy(original, self._number, self._position, self._recorded_at)
        made: dict[str, list[Any]] = defaultdict(list)
        leaves = []
        for event in original.events:
            row, position = event.row, event.row["position"] + copy.shift
            links = [
                StoredLink(link["kind"], digest, copy.subject(link["subject_id"]), link["is_moved"])
                for link in event.links
                for digest in [self._digest(link["digest"], tag, copy)]
            ]
            made["identifiers"] += [
                (link.digest, position, link.kind, link.subject_id, link.is_moved) for link in links
            ]
            if (kept := event.personal) is not None:
                content = kept["content"].replace(original.tag.encode(), tag.encode())
                report = ReportRow(kept["salt"], content, kept["fingerprint"])
                copy.personal_digest = digest_of_report(report, links)
                made["event_personal"].append((position, *report))
            record = copy.fill(event.record)
            leaf = leaf_of(record.encode())
            leaves.append(leaf)
            made["events"].append(
                (
                    *(position, row["source"], copy.fill(event.id)[len('"id":"') : -1]),
                    *(copy.subject(row["subject_id"]), row["subject_version"], row["type"]),
                    *(row["occurred_at"], copy.times[row["recorded_at"]]),
                    *(leaf, record, seals.of_event(position, leaf)),
                )
            )
        made["subjects"] = [
            (
                *(copy.subject(row["subject_id"]), row["kind"], row["version"]),
                *(row["position"] + copy.shift, copy.fill(state)),
                *(row["due_at"], row["wake_at"], row["lifecycle"]),
            )
            for row, state in original.subjects
        ]
        self._chain = seals.chain(self._chain, leaves)
        self._position += len(leaves)
        self._recorded_at = copy.times[original.times[-1]]
        return made

    def _digest(self, digest: bytes, tag: str, copy: "_Copy") -> bytes:
        kind, value = self._original.known[digest]
        source, deal, number = value.partition("deal-")
        if deal:
            value = source + copy.written("deal", deal + number)
        return self._digests.identifier(kind, value.replace(self._original.tag, tag)).digest


class _Copy:
    """Ids of the original → those of a copy. A class, because it remembers."""

    def __init__(self, original: Original, number: int, position: int, after: datetime) -> None:
        self.shift = position + 1 - original.events[0].row["position"]
        self.times = {
            time: after + tick * _TICK for tick, time in enumerate(original.times, start=1)
        }
        self.personal_digest = ""
        """Of the event whose record is made."""
        self._number = number
        self._later = number * original.span_ms << 80
        self._known = {
            format_utc(before): format_utc(copied) for before, copied in self.times.items()
        }

    def fill(self, text: _Text) -> str:
        """Return the text of a copy."""
        parts = [text.between[0]]
        for (kind, written), between in zip(text.replaced, text.between[1:], strict=True):
            parts += (self.written(kind, written), between)
        return "".join(parts)

    def subject(self, id: UUID) -> str:
        return self.written("subject", str(id))

    def written(self, kind: str, written: str) -> str:
        """Return what is written instead."""
        if kind == "position":
            return str(int(written) + self.shift)
        if kind == "personal":
            return self.personal_digest
        known = self._known.get(written)
        if known is None:
            known = self._known[written] = self._new(kind, written)
        return known

    def _new(self, kind: str, written: str) -> str:
        if kind == "subject":
            id = UUID(written)
            return str(UUID(int=id.int + self._later)) if id.int else written
        digest = blake2b(f"{self._number}/{written}".encode(), digest_size=12).hexdigest()
        return f"deal-{digest[:16]}" if kind == "deal" else digest
