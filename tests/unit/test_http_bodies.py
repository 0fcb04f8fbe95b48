"""What arrives piece by piece: lines, compressed bodies, headers."""

import asyncio
import gzip
import os
import zlib

import pytest
from starlette.types import Message, Receive

from events.limits import LINE_BYTES_MAX, MIB
from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudget
from service.bodies.inflation import Inflation, check_encoding
from service.bodies.lines import Line, LineSplitter
from service.http.problem import Problem
from service.http.request_headers import RequestHeaders, read_transfer
from service.limits import GZIP_MEMBERS_MAX, INFLATED_PIECE_BYTES_MAX

TEXT = b'{"a":1}\n\n  \r\n{"b":2}\r\n{"c":3}'
LINES = [Line(1, b'{"a":1}'), Line(4, b'{"b":2}'), Line(5, b'{"c":3}')]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_however_they_arrive(size: int) -> None:
    splitter = LineSplitter()
    found: list[Line] = []
    for start in range(0, len(TEXT), size):
        found += splitter.feed(TEXT[start : start + size])
    assert found + splitter.finish() == LINES


def test_a_line_that_is_too_long_is_dropped_and_the_next_one_is_read() -> None:
    splitter = LineSplitter()
    found: list[Line] = []
    for _ in range(LINE_BYTES_MAX // 1000 + 2):
        found += splitter.feed(b"x" * 1000)
    found += splitter.feed(b'\n{"a":1}\n')
    assert found + splitter.finish() == [Line(1, None), Line(2, b'{"a":1}')]


def test_a_last_line_that_is_too_long_is_reported_as_well() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b"x" * (LINE_BYTES_MAX + 2))) == []
    assert splitter.finish() == [Line(1, None)]


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_gzip_is_undone_piece_by_piece_and_over_several_members(size: int) -> None:
    compressed = gzip.compress(b"one ") + gzip.compress(b"two")
    inflation = Inflation(b"gzip")
    pieces: list[bytes] = []
    for start in range(0, len(compressed), size):
        pieces += inflation.feed(compressed[start : start + size])
    inflation.finish()
    assert b"".join(pieces) == b"one two"


def test_deflate_is_undone() -> None:
    inflation = Inflation(b"deflate")
    assert b"".join(inflation.feed(zlib.compress(b"text"))) == b"text"
    inflation.finish()


def test_a_bomb_is_stopped_before_it_has_grown() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    grown = 0
    with pytest.raises(Problem) as stopped:  # noqa: PT012 - the loop is what is stopped
        for piece in Inflation(b"gzip").feed(bomb):
            grown += len(piece)
    assert stopped.value.status == 413
    assert grown <= 100 * len(bomb)


def test_members_are_bounded_and_an_endless_stream_may_have_many() -> None:
    member = gzip.compress(b"")
    with pytest.raises(Problem, match="more than 16 gzip members"):
        list(Inflation(b"gzip").feed(member * (GZIP_MEMBERS_MAX + 1)))
    inflation = Inflation(b"gzip")
    for _ in range(3):
        # As many in each MiB: files that were written one after the other.
        for part in [member] * (GZIP_MEMBERS_MAX - 1) + [gzip.compress(os.urandom(MIB), 0)]:
            assert all(len(piece) <= INFLATED_PIECE_BYTES_MAX for piece in inflation.feed(part))
    inflation.finish()


def test_a_body_that_is_cut_is_unreadable() -> None:
    inflation = Inflation(b"gzip")
    list(inflation.feed(gzip.compress(b"text")[:-4]))
    with pytest.raises(Problem, match="in the middle of its compressed data"):
        inflation.finish()


def test_rubbish_is_unreadable() -> None:
    with pytest.raises(Problem, match="not in the format of its Content-Encoding"):
        list(Inflation(b"gzip").feed(b"this is no gzip"))


def test_an_unsupported_encoding_is_named() -> None:
    with pytest.raises(Problem) as refused:
        check_encoding(b"br")
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("headers", "is_lines", "is_strict"),
    [
        ([], False, False),
        ([(b"content-type", b"Application/X-NDJSON; charset=utf-8")], True, False),
        ([(b"content-type", b"text/plain")], False, False),
        ([(b"prefer", b"respond-async, handling = strict")], False, True),
        ([(b"prefer", b'handling="strict"; why=all')], False, True),
        ([(b"prefer", b"handling=lenient")], False, False),
    ],
)
def test_headers_determine_how_a_body_is_read(
    *, headers: list[tuple[bytes, bytes]], is_lines: bool, is_strict: bool
) -> None:
    transfer = read_transfer({"headers": headers})
    assert (transfer.is_lines, transfer.is_strict) == (is_lines, is_strict)


def arriving(*pieces: bytes) -> Receive:
    """Give a body piece by piece, as a server does."""
    left = list(pieces)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def transfer_of(**headers: str) -> RequestHeaders:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return read_transfer({"headers": named})


@pytest.mark.parametrize(
    ("pieces", "headers"),
    [
        ([b"x" * 600, b"x" * 401], {}),
        ([os.urandom(600), os.urandom(401)], {"content_encoding": "gzip"}),
        ([gzip.compress(b"x" * 1001)], {"content_encoding": "gzip"}),
    ],
)
async def test_a_body_without_an_announced_length_is_stopped_when_it_becomes_too_large(
    pieces: list[bytes], headers: dict[str, str]
) -> None:
    if headers and len(pieces) > 1:
        # Its first member is whole, so that nothing but the size is wrong with it.
        pieces = [gzip.compress(pieces[0]), pieces[1]]
    with MemoryBudget().memory() as memory, pytest.raises(Problem) as problem:
        await read_body(arriving(*pieces), transfer_of(**headers), memory, bytes_max=1000)
    assert problem.value.reason == "body-too-large"


async def test_others_have_their_turn_while_a_body_is_decompressed() -> None:
    content, turns = os.urandom(40 * INFLATED_PIECE_BYTES_MAX), 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    with MemoryBudget().memory() as memory:
        body = arriving(gzip.compress(content))
        assert await read_body(body, transfer_of(content_encoding="gzip"), memory) == content
    beside.cancel()
    assert turns >= 40
