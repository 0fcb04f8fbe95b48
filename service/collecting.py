"""Take what the clients of other services send: their body in, their idea of success out."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request

from events.dialects.parcels import Dialect, Parcel
from events.strict_json import JsonFault, TooLarge
from events.submissions import Submission
from service.bodies import read_body
from service.gate import admit_report, holder_of, identify, key_missing, lacks
from service.keys.directory import Holder
from service.keys.scopes import Scope
from service.problems import Problem
from service.receiving import receive_messages
from service.reporting import CHUNK_ITEMS, PARSED_ASIDE_BYTES_MIN, context_for
from service.services import Services
from service.transfer import read_transfer
from service.turns import enqueue_in_turn
from service.visits import visit_of


class Collected(NamedTuple):
    """What one kind of request brings, and how it is read."""

    dialect: Dialect
    unpack: Callable[[bytes], Parcel]


async def collect(request: Request, collected: Collected) -> None:
    """Record what some client sent, in a body or, with GET, in the query string.

    Return when all of it is on disk or kept as refused. Raises Problem where the whole cannot be
    taken; after one that says to come again, nothing of it is certain.
    """
    services: Services = request.scope["app"].state.services
    transfer = read_transfer(request.scope)
    holder: Holder | None = None
    if transfer.authorization:
        holder = _admitted(await identify(services.keys, transfer.authorization, transfer.origin))
    services.door.admit()
    with services.room.place() as place:
        if request.method == "GET":
            body: bytes = request.scope["query_string"]
        else:
            body = await read_body(request.receive, transfer, place)
        parcel = await _unpacked(collected, body, is_known=holder is not None)
        if holder is None:
            if parcel.key is None:
                raise key_missing()
            holder = _admitted(await holder_of(services.keys, parcel.key, transfer.origin))
        await _record(request, parcel, collected.dialect, holder)


async def _record(request: Request, parcel: Parcel, dialect: Dialect, holder: Holder) -> None:
    services: Services = request.scope["app"].state.services
    if holder.allowance is not None:
        holder.allowance.take(len(parcel.messages))
    context = context_for(services, holder)
    visit = visit_of(request.scope)
    for start in range(0, len(parcel.messages), CHUNK_ITEMS):
        chunk = parcel.messages[start : start + CHUNK_ITEMS]
        items = receive_messages(chunk, dialect, context)
        # Who has begun waits for the next place: turned away now, all of it would come again.
        future = await enqueue_in_turn(services.door, Submission(tuple(items)))
        outcomes = await asyncio.shield(future)
        visit.count(*services.metrics.decided(outcomes))


def _admitted(holder: Holder) -> Holder:
    """Let a key in that may report facts: clients report nothing else."""
    if Scope.EVENTS_WRITE not in admit_report(holder).scopes:
        raise lacks(Scope.EVENTS_WRITE)
    return holder


async def _unpacked(collected: Collected, body: bytes, *, is_known: bool) -> Parcel:
    """Unpack a body; who showed no key is told of that, and not what is wrong with it."""
    try:
        if len(body) < PARSED_ASIDE_BYTES_MIN:
            return collected.unpack(body)
        return await asyncio.to_thread(collected.unpack, body)
    except JsonFault as fault:
        if not is_known:
            raise key_missing() from None
        reason = "body-too-large" if isinstance(fault, TooLarge) else "body-unreadable"
        raise Problem(reason, str(fault), expected=fault.expected) from None
