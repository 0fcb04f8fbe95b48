"""The writer's end: take submissions from other processes to the queue, and return the outcomes."""

import asyncio
import os
import socket
import struct
from collections import Counter
from collections.abc import Mapping
from functools import partial
from time import monotonic

import structlog

from events.append.ledger import Ledger
from events.append.queue import Queue
from events.background.preparer import Preparing
from events.database.failures import LedgerUnavailable, QueueFull
from events.limits import BULLETIN_S, UNSENT_BYTES_MAX
from events.outcomes import Outcome
from events.remote.frames import Frames
from events.remote.messages import (
    PROTOCOL,
    Bulletin,
    Failed,
    Hello,
    Malformed,
    Projected,
    Submit,
    answered,
    decode_client,
    encode,
    keys_of,
    received,
)
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.sender import Sender

log = structlog.get_logger()


class ReadUnderAnother(Exception):
    """A submission was read under another lifecycle than the one in force."""


_NOBODY = Sender("", ("",), None, frozenset())
"""Items have been read already, so who sent them no longer matters."""


class _Client:
    """One connection. A class, because its messages are answered over it."""

    def __init__(self, server: "WriterServer") -> None:
        self._server = server
        self.role = ""
        self.taken: Counter[str] = Counter()
        """Items that this client has sent since the last bulletin, by key."""
        self.frames = Frames(self._receive, self._lose, on_made=self._meet)
        self._futures: set[asyncio.Future[list[Outcome]]] = set()
        """Kept here because the event loop itself would not keep a task that wakes leads."""

    def _meet(self, transport: asyncio.Transport) -> None:
        if not is_same_user(transport):
            log.warning("writer.stranger_refused")
            transport.abort()

    def _receive(self, content: bytes) -> None:
        try:
            message = decode_client(content)
        except Malformed:
            log.warning("writer.client_refused", reason="a message is not of the schema")
            self.frames.abort()
            return
        if isinstance(message, Hello):
            self._greet(message)
        elif not self.role:
            self.frames.abort()
        elif isinstance(message, Projected):
            self._server.pass_on(content, sender=self)
        else:
            self._submit(message)

    def _greet(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            log.warning("writer.client_refused", reason="it has another version", pid=hello.pid)
            self.frames.abort()
            return
        self.role = hello.role
        self._server.clients.add(self)
        self.frames.send(self._server.bulletin({}))

    def _submit(self, message: Submit) -> None:
        try:
            future = self._server.enqueue(message)
        except LedgerUnavailable as error:
            self._fail(message.number, error)
            return
        except ReadUnderAnother:
            self._tell(message.number, "reread", "")
            return
        except LookupError as error:
            self._tell(message.number, "fault", str(error))
            return
        self.taken.update(keys_of(message))
        self._futures.add(future)
        future.add_done_callback(partial(self._settle, message.number))

    def _settle(self, number: int, future: asyncio.Future[list[Outcome]]) -> None:
        self._futures.discard(future)
        if future.cancelled():
            self._tell(number, "unavailable", "the writer is stopping")
        elif (error := future.exception()) is not None:
            self._fail(number, error)
        else:
            self.frames.send(encode(answered(number, future.result())))

    def _fail(self, number: int, error: BaseException) -> None:
        if isinstance(error, QueueFull):
            self._tell(number, "full", str(error))
        elif isinstance(error, LedgerUnavailable):
            self._tell(number, "unavailable", str(error))
        else:
            self._tell(number, "fault", type(error).__name__)

    def _tell(self, number: int, reason: str, detail: str) -> None:
        self.frames.send(encode(Failed(number, reason, detail)))

    def _lose(self) -> None:
        """Whatever it has submitted is recorded all the same."""
        self._server.clients.discard(self)


class WriterServer:
    """Serves other processes. A class, because it knows who is connected.

    Nothing is answered before the queue has its outcome, which is after the commit.
    """

    def __init__(self, ledger: Ledger, digests: Digests) -> None:
        self._ledger = ledger
        self._digests = digests
        self._server: asyncio.Server | None = None
        self._position = 0
        self.clients: set[_Client] = set()

    async def open(self, listener: socket.socket, *, queue: Queue, preparing: Preparing) -> None:
        """Accept connections on a socket that is already bound."""
        self._queue, self._preparing = queue, preparing
        self._position = self._ledger.memory.position
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Client(self).frames, sock=listener)

    async def close(self) -> None:
        """Accept nothing more. What is waiting in the queue is still answered."""
        if self._server is not None:
            self._server.close()
        # The queue has just given out its last outcomes: let them be sent.
        await asyncio.sleep(0)
        for client in list(self.clients):
            client.frames.close()

    async def run(self) -> None:
        """Send bulletins until cancelled, also while nothing is appended."""
        while True:
            await asyncio.sleep(BULLETIN_S)
            self._publish()

    def announce(self, position: int) -> None:
        """Tell everyone that the log has grown. Call it before the outcomes are sent."""
        self._position = position
        self._publish()

    def enqueue(self, message: Submit) -> asyncio.Future[list[Outcome]]:
        """Take a submission to the queue.

        Raises LedgerUnavailable; ReadUnderAnother; LookupError if an event type is unknown.
        """
        lifecycles = self._ledger.lifecycles
        if message.items and message.version != lifecycles.last_version:
            raise ReadUnderAnother
        lifecycle = lifecycles.in_force.lifecycle
        own = Context(lifecycle, self._digests, _NOBODY, self._ledger.now())
        submission = received(message, lifecycles.event_type, own)
        if submission.woken:
            return asyncio.ensure_future(self._preparing.submit(submission))
        return self._queue.enqueue(submission)

    def pass_on(self, content: bytes, *, sender: _Client) -> None:
        """Send a message of one client to all others that take any."""
        for client in self.clients:
            if client is not sender and client.frames.unsent_bytes < UNSENT_BYTES_MAX:
                client.frames.send(content)

    def bulletin(self, taken: Mapping[str, int]) -> bytes:
        """Describe the writer, and what others have sent since the last bulletin, by key."""
        condition, memory = self._ledger.condition, self._ledger.memory
        return encode(
            Bulletin(
                self._position,
                memory.lifecycle_version,
                self._ledger.clock_ahead.total_seconds(),
                self._queue.held_items,
                self._queue.held_items_max,
                condition.under_way_s,
                None if condition.trouble is None else condition.trouble.name,
                monotonic() - condition.failed_at,
                dict(taken),
                Counter(client.role for client in self.clients),
            )
        )

    def _publish(self) -> None:
        taken = sum((client.taken for client in self.clients), Counter[str]())
        for client in list(self.clients):
            # A client that takes nothing gets the next one.
            if client.frames.unsent_bytes < UNSENT_BYTES_MAX:
                client.frames.send(self.bulletin(taken - client.taken))
        for client in self.clients:
            client.taken.clear()


def is_same_user(transport: asyncio.Transport) -> bool:
    """Return whether the other end belongs to this user, where the system can tell.

    The socket's mode and directory keep others out in any case.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    connected = transport.get_extra_info("socket")
    credentials = connected.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.geteuid())
