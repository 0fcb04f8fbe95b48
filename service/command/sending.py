"""Send events in batches that can be sent again.

Ids are the same in every run, so nothing is ever doubled: a cut connection, a crash on either side
and a second run of everything all come down to sending the same ids again.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.command.client import Service, ServiceUnavailable

BATCH_EVENTS_MAX = 1_000
"""The service lists the first thousand refusals of a request: a batch within that loses none."""

FIRST_WAIT_S = 0.5
WAIT_S_MAX = 5.0
SILENCE_S_MAX = 180.0
"""How long a service may be away in the middle of an import: a restart, a failover."""


class Refused(NamedTuple):
    """Something of the table that did not become an event."""

    line: int
    event_id: str
    reason: str
    detail: str
    refusal_id: str = ""


class Batch(NamedTuple):
    """Events as lines of NDJSON, and where in the table each of them comes from."""

    body: bytes
    lines: tuple[int, ...]
    event_ids: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What has become of the table so far."""

    rows: int = 0
    rows_without_event: int = 0
    rows_refused: int = 0
    events: int = 0
    recorded: int = 0
    duplicates: int = 0
    refused: int = 0
    refused_by_reason: dict[str, int] = field(default_factory=dict)
    events_by_type: dict[str, int] = field(default_factory=dict)

    @property
    def all_refused(self) -> int:
        return self.rows_refused + self.refused


OnRefused = Callable[[Refused], None]


def send(
    batches: Iterable[Batch],
    service: Service,
    *,
    compress: bool,
    tally: Tally,
    on_refused: OnRefused,
    on_sent: Callable[[], None],
) -> None:
    """Send one batch after the other, in order; the next is prepared while one is under way.

    Raises:
        ServiceUnavailable: the service stayed away for too long.
        CommandFailed: the service refused a whole request, as for a key that it does not know.
    """
    is_stopped = threading.Event()

    def deliver(batch: Batch) -> tuple[Batch, Any]:
        return batch, _deliver(batch, service, compress=compress, is_stopped=is_stopped)

    with ThreadPoolExecutor(max_workers=1) as courier:
        under_way: Future[tuple[Batch, Any]] | None = None
        try:
            for batch in batches:
                if under_way is not None:
                    _account(*under_way.result(), tally, on_refused)
                    on_sent()
                under_way = courier.submit(deliver, batch)
            if under_way is not None:
                _account(*under_way.result(), tally, on_refused)
                on_sent()
        finally:
            is_stopped.set()


def _deliver(batch: Batch, service: Service, *, compress: bool, is_stopped: threading.Event) -> Any:
    """Send until there is an answer, with pauses that grow."""
    wait_s, waited_s = FIRST_WAIT_S, 0.0
    while True:
        try:
            return service.post_lines(batch.body, compress=compress)
        except ServiceUnavailable as error:
            pause_s = max(wait_s, error.retry_after_s)
            if waited_s + pause_s > SILENCE_S_MAX or is_stopped.wait(pause_s):
                raise
            waited_s += pause_s
            wait_s = min(wait_s * 2, WAIT_S_MAX)


def _account(batch: Batch, answer: Any, tally: Tally, on_refused: OnRefused) -> None:
    """Add what the service says of a batch."""
    tally.events += len(batch.lines)
    tally.recorded += answer["recorded"]
    tally.duplicates += answer["duplicates"]
    tally.refused += answer["refused"]
    for one in answer["refusals"]:
        index = one["line"] - 1
        count(tally.refused_by_reason, one["reason"])
        on_refused(
            Refused(
                batch.lines[index],
                batch.event_ids[index],
                one["reason"],
                f"{one.get('pointer') or ''} {one['detail']}".strip(),
                one.get("refusal") or "",
            )
        )


def count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
