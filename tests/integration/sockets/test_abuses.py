"""Bounds that uvicorn lacks, each with and without it.

Our protocol cuts an abusive client off; the negative twin shows that uvicorn's own does not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import repeat

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.hosting.connections import BoundedConnection
from service.limits import HEAD_BYTES_MAX
from tests.safety.waiting import until
from tests.support.abused_server import (
    CUT_WITHIN_S,
    GET,
    HEAD,
    KEPT_FOR_S,
    Server,
    answer_to,
    connected,
    read_answer,
    send_on,
    serving,
)

# The abuses. Each continues indefinitely, as long as the server allows it.

Abuse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await writer.drain()


async def trickle_a_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await send_on(writer, b"GET / HTTP/1.1\r\n", repeat(b"X: y\r\n"))


async def send_a_head_without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await send_on(writer, b"GET / HTTP/1.1\r\nX: ", repeat(b"x" * 8_192), pause_s=0.01)


async def send_blank_lines_for_ever(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(GET % b"/")
    await read_answer(reader)
    await send_on(writer, b"", repeat(b"\r\n"))


async def trickle_what_nobody_reads(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await send_on(writer, HEAD.replace(b" / ", b" /unread ") % 10**9, repeat(b"x"))


async def never_read_the_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GET % b"/long")


async def never_read_the_last_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GET[:-2] % b"/long" + b"Connection: close\r\n\r\n")


async def pile_up_a_body_behind_another(
    _: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await send_on(writer, GET % b"/held" + HEAD % 10**9, repeat(b"x" * HEAD_BYTES_MAX), pause_s=0.0)


async def pile_up_requests(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await send_on(writer, GET % b"/held", repeat(GET % b"/"), pause_s=0.0)


ABUSES: tuple[Abuse, ...] = (
    say_nothing,
    trickle_a_head,
    send_a_head_without_end,
    send_blank_lines_for_ever,
    trickle_what_nobody_reads,
    never_read_the_answer,
    never_read_the_last_answer,
    pile_up_a_body_behind_another,
    pile_up_requests,
)


async def is_cut_off(server: Server, abuse: Abuse, *, within_s: float) -> bool:
    async with connected(server) as (reader, writer):
        abusing = asyncio.ensure_future(abuse(reader, writer))
        await until(lambda: server.state.connections or abusing.done())
        try:
            return await server.empties(within_s)
        finally:
            abusing.cancel()


@pytest.mark.parametrize("abuse", ABUSES)
async def test_an_abuse_is_cut_off(abuse: Abuse) -> None:
    async with serving() as server:
        assert await is_cut_off(server, abuse, within_s=CUT_WITHIN_S)


@pytest.mark.parametrize("abuse", ABUSES)
async def test_without_our_bounds_an_abuse_would_continue(abuse: Abuse) -> None:
    """The negative twin: uvicorn's own protocol has none of these bounds."""
    async with serving(HttpToolsProtocol) as server:
        assert not await is_cut_off(server, abuse, within_s=KEPT_FOR_S)


async def test_requests_that_pile_up_in_one_piece_are_not_even_parsed() -> None:
    flood = GET % b"/held" + (GET % b"/") * 5_000
    async with serving() as server:
        assert await answer_to(server, flood) == (0, b"")
        assert server.application.begun <= 1


async def test_an_idle_connection_that_has_not_read_its_answer_is_cut_off() -> None:
    async with serving(BoundedConnection) as server, connected(server) as (_, writer):
        writer.write(GET % b"/long")
        await until(lambda: server.application.begun)
        (connection,) = server.state.connections
        assert isinstance(connection, BoundedConnection)
        connection.timeout_keep_alive_handler()
        assert await server.empties(CUT_WITHIN_S)
