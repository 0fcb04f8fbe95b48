"""Send events in batches that are safe to retry.

Ids are the same in every run, so nothing is recorded twice. After a dropped connection or a crash
on either side, or in a second run of everything, the same ids are sent again.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from domain.signal import Ignored
from service.command.client import Service, ServiceUnavailable
from service.command.limits import SEND_FIRST_WAIT_S, SEND_SILENCE_S_MAX, SEND_WAIT_S_MAX


class RefusedRow(NamedTuple):
    """A row or event that was refused, or would be."""

    line: int
    event_id: str
    reason: str
    detail: str
    refusal_id: str = ""
    found: str = ""
    """The contents of the cell, if they may be shown."""


class RowBatch(NamedTuple):
    """Events, each with its line in the table."""

    lines: tuple[int, ...]
    events: tuple[Mapping[str, Any], ...]

    @property
    def body(self) -> bytes:
        """The events as lines of NDJSON."""
        return b"".join(orjson.dumps(event) + b"\n" for event in self.events)


@dataclass(slots=True)
class ImportTally:
    """The results of the import so far."""

    rows: int = 0
    rows_without_event: int = 0
    rows_refused: int = 0
    events: int = 0
    recorded: int = 0
    duplicates: int = 0
    refused: int = 0
    refused_by_reason: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    """Kind of identifier and why it identifies no lead → how often, in events that were recorded.
    """
    events_by_type: dict[str, int] = field(default_factory=dict)
    first_time: str | None = None
    last_time: str | None = None
    """The period of all events so far: to compare figures, you need the period they cover."""
    revised: dict[str, int] = field(default_factory=dict)
    """What a revision did to events recorded earlier."""

    def note_time(self, time: str) -> None:
        """Extend the period to an event's time; in UTC, text order is time order."""
        self.first_time = min(self.first_time or time, time)
        self.last_time = max(self.last_time or time, time)

    @property
    def all_refused(self) -> int:
        return self.rows_refused + self.refused


OnRefused = Callable[[RefusedRow], None]
Deliver = Callable[[RowBatch], Mapping[str, Any]]
"""Delivers a batch to the service, and returns the answer of `POST /v1/events` to NDJSON."""


def posting(service: Service, *, compress: bool) -> Deliver:
    """Return a function that sends a batch unchanged."""
    return lambda batch: service.post_lines(batch.body, compress=compress)


def send(
    batches: Iterable[RowBatch],
    deliver: Deliver,
    *,
    tally: ImportTally,
    on_refused: OnRefused,
    on_sent: Callable[[], None],
) -> None:
    """Send batches one after another, in order; the next is prepared while one is in flight.

    Raises:
        ServiceUnavailable: the service was unavailable for too long.
        CommandFailed: the service refused a whole request, for example for an unknown key.
    """
    is_stopped = threading.Event()

    def patiently(batch: RowBatch) -> tuple[RowBatch, Mapping[str, Any]]:
        return batch, _deliver(batch, deliver, is_stopped=is_stopped)

    with ThreadPoolExecutor(max_workers=1) as thread:
        under_way: Future[tuple[RowBatch, Mapping[str, Any]]] | None = None
        try:
            for batch in batches:
                if under_way is not None:
                    _account(*under_way.result(), tally, on_refused)
                    on_sent()
                under_way = thread.submit(patiently, batch)
            if under_way is not None:
                _account(*under_way.result(), tally, on_refused)
                on_sent()
        finally:
            is_stopped.set()


def _deliver(
    batch: RowBatch, deliver: Deliver, *, is_stopped: threading.Event
) -> Mapping[str, Any]:
    """Send until there is an answer, with increasing pauses."""
    wait_s, waited_s = SEND_FIRST_WAIT_S, 0.0
    while True:
        try:
            return deliver(batch)
        except ServiceUnavailable as error:
            pause_s = max(wait_s, error.retry_after_s)
            if waited_s + pause_s > SEND_SILENCE_S_MAX or is_stopped.wait(pause_s):
                raise
            waited_s += pause_s
            wait_s = min(wait_s * 2, SEND_WAIT_S_MAX)


def _account(
    batch: RowBatch, answer: Mapping[str, Any], tally: ImportTally, on_refused: OnRefused
) -> None:
    """Add the service's answer to the tally."""
    tally.events += len(batch.lines)
    tally.recorded += answer["recorded"]
    tally.duplicates += answer["duplicates"]
    tally.refused += answer["refused"]
    for name, times in answer.get("revised", {}).items():
        tally.revised[name] = tally.revised.get(name, 0) + times
    for ignored in answer.get("ignored", ()):
        text = Ignored(ignored["kind"], ignored["reason"]).text
        count(tally.ignored, text, ignored["count"])
    for refusal in answer["refusals"]:
        index = refusal["line"] - 1
        count(tally.refused_by_reason, refusal["reason"])
        on_refused(
            RefusedRow(
                batch.lines[index],
                batch.events[index]["id"],
                refusal["reason"],
                f"{refusal.get('pointer') or ''} {refusal['detail']}".strip(),
                refusal.get("refusal") or "",
            )
        )


def count(counts: dict[str, int], name: str, times: int = 1) -> None:
    counts[name] = counts.get(name, 0) + times
