"""No body causes a fault: send many bodies from a seeded mutator to a serving process.

LEADLEDGER_TEST_FUZZ_BODIES=200000 .venv/bin/pytest tests/integration/test_http_fuzz.py \
    --log-cli-level=info
"""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
import pytest

from service.routes.collectors import PIXEL
from tests.bench.servers import Bench, Server, founded, running_bench, serving
from tests.bench.sizes import QUICK
from tests.support.fuzzed_bodies import SEEDS, StrangeRequest, strange_requests
from tests.support.processes import resident_bytes
from tests.support.tier import by_tier

BODIES = int(os.environ.get("LEADLEDGER_TEST_FUZZ_BODIES", by_tier(push=5_000, nightly=50_000)))
SEED = int(os.environ.get("LEADLEDGER_TEST_FUZZ_SEED", "20261122"))
RARE = {403, 404, 409, 413}
"""Statuses that must also be among the answers, but not for every dialect."""
IN_FLIGHT = 32
TRIES_MAX = 100
"""Retries of one body, on a machine so busy that even these few fill the queue."""
TRY_AGAIN_S = 0.5
WARM_SHARE = 0.3
"""The share of bodies after which the process has seen nearly all that makes it grow."""
GROWTH_BYTES_MAX = 192 * 1024 * 1024
"""Nearly all bodies are about one person, who is therefore decided again with a long history."""
ANSWER_WAIT_S = 60.0
WITHIN_S = 120 + BODIES / 25
"""A run this slow means that something is wrong."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Fuzz:
    """One run. A class, because several senders share what is sent and seen."""

    server: Server
    requests: Iterator[StrangeRequest]
    sent: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    warm_bytes: int = 0

    async def send(self) -> None:
        """Send one request after another, over one connection for as long as it lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        while self.sent < BODIES:
            self.sent += 1
            number, request = self.sent, next(self.requests)
            for _ in range(TRIES_MAX):
                writer.write(self._bytes(request))
                status, body = await _answer(reader)
                answer = {} if body == PIXEL else orjson.loads(body)
                if status != 503 or answer["code"] != "queue-full":
                    break
                await asyncio.sleep(TRY_AGAIN_S)
            assert status < 500, (number, request, body)
            assert isinstance(answer, dict), (number, request, body)
            self.statuses[request.dialect, status] += 1
            if number == int(BODIES * WARM_SHARE):
                self.warm_bytes = resident_bytes(self.server.pid)
        writer.close()
        await writer.wait_closed()

    def _bytes(self, request: StrangeRequest) -> bytes:
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return (
            f"{request.method} {request.target} HTTP/1.1\r\nhost: here\r\n{headers}"
            f"authorization: Bearer {self.server.key}\r\n"
            f"content-length: {len(request.body)}\r\n\r\n"
        ).encode() + request.body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(ANSWER_WAIT_S):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head[9:12]), await reader.readexactly(length)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running_bench(QUICK) as running:
        yield running


@pytest.mark.timeout(WITHIN_S + 60)
async def test_no_body_causes_a_fault(bench: Bench) -> None:
    async with founded(bench, "fuzz") as ledger:
        with serving(bench, ledger) as server:
            fuzz = Fuzz(server, strange_requests(random.Random(SEED)))
            async with asyncio.timeout(WITHIN_S):
                await asyncio.gather(*(fuzz.send() for _ in range(IN_FLIGHT)))
            grown = resident_bytes(server.pid) - fuzz.warm_bytes
    log.info("grown by %.1f MiB; %s", grown / 1024**2, sorted(fuzz.statuses.items()))
    assert fuzz.sent == BODIES
    assert grown < GROWTH_BYTES_MAX, f"{grown / 1024**2:.1f} MiB"
    for seed in SEEDS:
        seen = {status for dialect, status in fuzz.statuses if dialect == seed.dialect}
        assert seen >= seed.answers, (seed.dialect, fuzz.statuses)
    assert {status for _, status in fuzz.statuses} >= RARE, fuzz.statuses
