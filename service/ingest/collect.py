"""Accept what other services' clients send, and answer success in the form that they expect.

A key in the header is checked before the body is read. A key inside the body is searched for as the
body arrives (`KeySearch`), within the small memory budget that all unknown senders share. Nothing
is parsed before the key is known.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from starlette.requests import Request
from starlette.types import Receive

from events.outcomes import Outcome
from events.refusals import Refused
from events.signals.dialects.parcels import Dialect, Parcel
from events.strict_json import Finding, JsonFault, TooLarge
from events.submission import Item, Submission
from service.bodies.body import read_body
from service.bodies.body_memory import BodyMemory, MemoryBudget, MemoryBudgets
from service.bodies.chunks import chunks_of
from service.http.access_log import AccessRecord, visit_of
from service.http.answer import Answer
from service.http.authentication import admit_report, holder_of, identify, key_missing, lacks
from service.http.problem import Problem
from service.http.request_headers import RequestHeaders, read_transfer
from service.ingest.read_items import receive_message
from service.ingest.reporting import Reporting
from service.ingest.wait_for_queue import Pauses, enqueue_in_turn, in_pieces, wait_for_memory
from service.keys.directory import Holder, KeyDirectory
from service.keys.key_search import KeySearch
from service.keys.scopes import Scope


class Reply(Protocol):
    """The answer for a client once everything it sent is on disk, or kept as refused."""

    def add(self, items: Sequence[Item | Refused], outcomes: Sequence[Outcome]) -> int:
        """Add the outcomes of some messages; return the bytes that they take."""

    def finish(self) -> Answer: ...


class Collector(NamedTuple):
    """How one kind of request is read and answered."""

    dialect: Dialect
    unpack: Callable[[bytes], Finding[Parcel]]
    reply: Callable[[], Reply]
    body_of_query: Callable[[bytes], bytes] | None = None
    """For a request whose body is its query string."""
    sent_at: tuple[str, str] | None = None
    """The header that states when the request was sent, if the body does not, and the member of
    each message with the same meaning."""


async def collect(
    request: Request,
    collected: Collector,
    *,
    reporting: Reporting,
    keys: KeyDirectory,
    budgets: MemoryBudgets,
) -> Answer:
    """Record what a client sent, in a body or, with GET, in the query string.

    Return when all of it is on disk or kept as refused. Raises Problem if the whole cannot be
    accepted; after a problem with Retry-After it is not certain that anything was recorded.
    """
    transfer = read_transfer(request.scope)
    holder: Holder | None = None
    if transfer.authorization:
        holder = _admitted(await identify(keys, transfer.authorization, transfer.origin))
    reporting.queue.admit()
    receive = request.receive
    if collected.body_of_query is not None:
        receive = _receive_of(request, collected.body_of_query, is_known=holder is not None)
        transfer = transfer._replace(content_encoding=b"", content_length=None)
    budget = budgets.strangers if holder is None else budgets.senders
    with budget.memory() as memory:
        if holder is None:
            holder, body = await _read_stranger(
                receive, transfer, collected.dialect, memory, keys=keys, budget=budgets.senders
            )
        else:
            body = await read_body(receive, transfer, memory)
        parcel = await _unpacked(collected, body)
        if collected.sent_at is not None:
            header, member = collected.sent_at
            if sent_at := request.headers.get(header):
                parcel = parcel._replace(defaults={member: sent_at, **parcel.defaults})
        return await _record(
            reporting, parcel, collected, holder, visit_of(request.scope), memory=memory
        )


async def _read_stranger(
    receive: Receive,
    transfer: RequestHeaders,
    dialect: Dialect,
    memory: BodyMemory,
    *,
    keys: KeyDirectory,
    budget: MemoryBudget,
) -> tuple[Holder, bytes]:
    """Read a body that contains its key; once that is found, the holder's budget counts it."""
    search, found = KeySearch(dialect.key), list[Holder]()

    async def hear(piece: bytes) -> None:
        key = search.feed(piece)
        if key is not None:
            found.append(_admitted(await holder_of(keys, key, transfer.origin)))
            memory.move_to(budget)

    try:
        body = await read_body(receive, transfer, memory, hear=hear)
    except JsonFault as fault:
        raise _problem_of(fault) from None
    if not found:
        raise key_missing()
    return found[0], body


async def _record(
    reporting: Reporting,
    parcel: Parcel,
    collected: Collector,
    holder: Holder,
    visit: AccessRecord,
    *,
    memory: BodyMemory,
) -> Answer:
    if holder.allowance is not None:
        holder.allowance.take(len(parcel.items))
    context = reporting.context(holder.sender)
    pauses, reply = Pauses(), collected.reply()
    for texts, size in chunks_of(parcel.items):
        await wait_for_memory(memory, size)
        memory.build(size)
        items = [
            receive_message(parcel.read(text), collected.dialect, context)
            async for text in pauses.between(texts)
        ]
        # A request that has begun waits for its next place: if it were refused now, the client
        # would send all of it again.
        future = await enqueue_in_turn(reporting.queue, Submission(tuple(items)))
        outcomes = await asyncio.shield(future)
        memory.give_back(size)
        visit.count(*reporting.metrics.decided(outcomes))
        memory.build(reply.add(items, outcomes))
    return reply.finish()


def _receive_of(
    request: Request, body_of_query: Callable[[bytes], bytes], *, is_known: bool
) -> Receive:
    """Return a `receive` that yields the query string as a body."""
    try:
        body = body_of_query(request.scope["query_string"])
    except JsonFault as fault:
        raise (_problem_of(fault) if is_known else key_missing()) from None

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _admitted(holder: Holder) -> Holder:
    """Admit a key that may report facts: clients report nothing else."""
    if Scope.EVENTS_WRITE not in admit_report(holder).scopes:
        raise lacks(Scope.EVENTS_WRITE)
    return holder


async def _unpacked(collected: Collector, body: bytes) -> Parcel:
    try:
        return await in_pieces(collected.unpack(body))
    except JsonFault as fault:
        raise _problem_of(fault) from None


def _problem_of(fault: JsonFault) -> Problem:
    reason = "body-too-large" if isinstance(fault, TooLarge) else "body-unreadable"
    return Problem(reason, str(fault), expected=fault.expected)
