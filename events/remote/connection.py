"""The writer, as the other processes see it: a queue at the other end of a Unix socket.

If the connection is lost, the writer has died and is started again. What it had not answered is
sent again, in order. The keys make that safe: whatever was recorded is answered as a duplicate.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic

import structlog

from domain.lifecycle.compiled.table import CompiledLifecycle
from events.append.condition import Condition, Trouble
from events.background.loops import cancelled
from events.database.failures import AWAY, LedgerUnavailable, QueueFull
from events.faults import OnFault, uncounted
from events.lifecycles.known import Lifecycles
from events.limits import (
    CONNECTED_WAIT_S,
    OUTCOME_WAIT_S,
    RECONNECT_S,
    STUCK_S,
    UNSENT_BYTES_MAX,
)
from events.outcomes import Outcome
from events.refusals import Refused
from events.remote.frames import Frames
from events.remote.messages import (
    PROTOCOL,
    Answered,
    Bulletin,
    Failed,
    FromWriter,
    Hello,
    Malformed,
    Projected,
    decode_writer,
    encode,
    outcomes_of,
    sent,
)
from events.signals.context import Context
from events.submission import Item, Submission
from events.submission_queue import Waiting

log = structlog.get_logger()

Reread = Callable[[Item, Context], Item | Refused]
"""Reads an item again, under the lifecycle of a context."""
ReadLifecycles = Callable[[], Awaitable[Mapping[int, CompiledLifecycle]]]
"""Reads all published lifecycles from the ledger."""


class WriterFault(Exception):
    """The writer met an unexpected error, which it has logged."""


@dataclass(slots=True)
class _Published:
    lifecycles: dict[int, CompiledLifecycle] = field(default_factory=dict)
    lifecycle_version: int = 0


class Connection:
    """A submission queue. A class, because it knows what is not answered yet, and the bulletins."""

    def __init__(
        self,
        path: Path,
        *,
        role: str,
        pid: int,
        read_lifecycles: ReadLifecycles,
        reread: Reread,
        on_bulletin: Callable[[Bulletin], None],
        on_moved: Callable[[Projected], None] = lambda _: None,
        on_fault: OnFault = uncounted,
    ) -> None:
        self._path = path
        self._hello = Hello(PROTOCOL, role, pid)
        self._read_lifecycles = read_lifecycles
        self._reread = reread
        self._on_bulletin = on_bulletin
        self._on_moved = on_moved
        self._on_fault = on_fault
        self._numbers = count(1)
        self._unanswered: dict[int, Waiting] = {}
        self._items = 0
        self._again: list[int] = []
        """Submissions that the writer wants to be read under another lifecycle."""
        self._frames = Frames(self._receive, lambda: None)
        self._held: list[FromWriter] | None = None
        """Messages that wait until a new lifecycle has been read."""
        self._loading: asyncio.Task[None] | None = None
        self._published = _Published()
        self._bulletin: Bulletin | None = None
        self._heard_at = monotonic()
        self._is_known = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self.turns = asyncio.Lock()
        self.condition = Condition()
        self.lifecycles = Lifecycles(lambda: self._published)

    async def open(self) -> None:
        """Connect, and return when the writer's state is known.

        Raises LedgerUnavailable if the writer cannot be reached.
        """
        self._task = asyncio.create_task(self._keep_connected(), name="writer-connection")
        try:
            async with asyncio.timeout(CONNECTED_WAIT_S):
                await self._is_known.wait()
        except TimeoutError:
            raise LedgerUnavailable("the writer's process does not answer") from None

    async def close(self) -> None:
        """Accept nothing more, wait for what is unanswered, then disconnect."""
        self._is_closing = True
        unanswered = [waiting.outcomes for waiting in self._unanswered.values()]
        if unanswered:
            await asyncio.wait(unanswered, timeout=OUTCOME_WAIT_S)
        for task in (self._loading, self._task):
            await cancelled(task)
        self._frames.close()

    @property
    def silent_s(self) -> float:
        """How long nothing has been heard of the writer."""
        return monotonic() - self._heard_at

    @property
    def clients(self) -> Mapping[str, int]:
        """The processes connected to the writer, by role."""
        return {} if self._bulletin is None else self._bulletin.clients

    def now(self) -> datetime:
        """Return the time by the clock that all writers of this ledger share."""
        ahead_s = 0.0 if self._bulletin is None else self._bulletin.clock_ahead_s
        return datetime.now(UTC) + timedelta(seconds=ahead_s)

    def admit(self) -> None:
        """Refuse newcomers if they would wait too long. Raises QueueFull or LedgerUnavailable."""
        if self.silent_s > STUCK_S:
            raise LedgerUnavailable(f"the writer has not answered for {self.silent_s:.0f} s")
        if self.condition.under_way_s > STUCK_S:
            under_way_s = self.condition.under_way_s
            raise LedgerUnavailable(f"the database has taken nothing for {under_way_s:.0f} s")
        assert self._bulletin is not None, "a connection is opened before it is used"
        waiting = max(self._items, self._bulletin.waiting_items)
        if waiting > self._bulletin.waiting_items_max:
            raise QueueFull(f"{waiting} events are waiting")
        if self._frames.unsent_bytes > UNSENT_BYTES_MAX:
            raise QueueFull("the writer is behind")

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Wait until every item is on disk or refused. Raises LedgerUnavailable or QueueFull."""
        return await asyncio.shield(self.enqueue(submission))

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        """Send a submission. The future fails after OUTCOME_WAIT_S; its outcome is then unknown."""
        if self._is_closing:
            raise LedgerUnavailable("the service is shutting down")
        number = next(self._numbers)
        waiting = Waiting(
            submission,
            behind=self._items,
            waits_for="the writer",
            on_late=lambda: self._forget(number),
        )
        self._unanswered[number] = waiting
        self._items += submission.places
        self._send(number)
        return waiting.outcomes

    def tell(self, moved: Projected) -> None:
        """Tell the other clients what this one has projected."""
        self._frames.send(encode(moved))

    def _send(self, number: int) -> None:
        waiting = self._unanswered[number]
        submission = waiting.submission
        lifecycle = self.lifecycles.in_force.lifecycle
        if any(
            isinstance(item, Item) and item.context.lifecycle is not lifecycle
            for item in submission.items
        ):
            items = tuple(
                self._reread(item, item.context._replace(lifecycle=lifecycle))
                if isinstance(item, Item) and item.context.lifecycle is not lifecycle
                else item
                for item in submission.items
            )
            waiting.submission = submission = submission._replace(items=items)
        self._frames.send(encode(sent(number, submission, self.lifecycles.last_version)))

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            is_lost = asyncio.Event()
            self._frames = Frames(self._receive, is_lost.set)
            try:
                await loop.create_unix_connection(lambda: self._frames, str(self._path))
            except OSError:
                await asyncio.sleep(RECONNECT_S)
                continue
            self._frames.send(encode(self._hello))
            if self._is_known.is_set():
                for number, waiting in list(self._unanswered.items()):
                    waiting.submission = waiting.submission._replace(is_repeated=True)
                    self._send(number)
            await is_lost.wait()
            log.warning("writer.lost", unanswered=len(self._unanswered))
            await asyncio.sleep(RECONNECT_S)

    def _receive(self, content: bytes) -> None:
        try:
            message = decode_writer(content)
        except Malformed:
            self._on_fault("writer-connection")
            log.exception("writer.misunderstood")
            self._frames.abort()
            return
        self._heard_at = monotonic()
        if self._held is not None:
            self._held.append(message)
        else:
            self._take(message)

    def _take(self, message: FromWriter) -> None:
        if isinstance(message, Bulletin):
            self._learn(message)
        elif isinstance(message, Answered):
            self._answer(message.number, outcomes_of(message))
        elif isinstance(message, Projected):
            self._on_moved(message)
        elif message.reason == "reread":
            self._again.append(message.number)
        else:
            self._answer(message.number, _error_of(message))

    def _learn(self, bulletin: Bulletin) -> None:
        if bulletin.lifecycle_version not in self._published.lifecycles:
            self._held = [bulletin]
            self._loading = asyncio.create_task(
                self._load(bulletin.lifecycle_version), name="lifecycles"
            )
            return
        self._published.lifecycle_version = bulletin.lifecycle_version
        self._bulletin = bulletin
        self.condition.learn(
            None if bulletin.trouble is None else Trouble[bulletin.trouble],
            failed_at=monotonic() - bulletin.failed_s,
            under_way_s=bulletin.under_way_s,
        )
        again, self._again = self._again, []
        for number in again:
            if number in self._unanswered:
                self._send(number)
        self._is_known.set()
        self._on_bulletin(bulletin)

    async def _load(self, version: int) -> None:
        """Read the lifecycles that have been published, then what has arrived meanwhile.

        Everything else waits: what follows a publication is answered in its words.
        """
        while version not in self._published.lifecycles:
            try:
                self._published.lifecycles.update(await self._read_lifecycles())
            except AWAY as error:
                log.warning("lifecycles.not_read", error=type(error).__name__)
            await asyncio.sleep(0 if version in self._published.lifecycles else RECONNECT_S)
        held, self._held = self._held or [], None
        for number, message in enumerate(held):
            self._take(message)
            if self._held is not None:
                # Another one was published in the meantime.
                self._held += held[number + 1 :]
                return

    def _answer(self, number: int, answer: list[Outcome] | Exception) -> None:
        waiting = self._forget(number)
        if waiting is not None:
            waiting.answer(answer)

    def _forget(self, number: int) -> Waiting | None:
        waiting = self._unanswered.pop(number, None)
        if waiting is not None:
            self._items -= waiting.submission.places
        return waiting


def _error_of(failed: Failed) -> Exception:
    match failed.reason:
        case "full":
            return QueueFull(failed.detail)
        case "unavailable":
            return LedgerUnavailable(failed.detail)
    return WriterFault(failed.detail)
