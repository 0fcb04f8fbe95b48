"""Twice the sustainable load: the excess gets 503 with Retry-After, and the rest is accepted.

The load is twice what this machine sustains, measured just before, so nothing here depends on its
speed. If the machine becomes faster meanwhile, because another process has ended, the load is
doubled until there is an excess; if it becomes slower, the same load is repeated.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.limits import QUEUE_ITEMS_MIN
from service.limits import HELD_BYTES_MAX
from tests.bench.servers import SERVICE, Bench, Server, founded, running_bench, serving
from tests.bench.sizes import QUICK
from tests.safety.open_loop import Answered, Order
from tests.support.processes import resident_bytes
from tests.support.tier import by_tier

UNBOUNDED = "tests.safety.unbounded_worker"
EVENTS = 20
"""Events per batch, as SDKs send them."""
CALLERS = QUEUE_ITEMS_MIN // EVENTS - 1
"""Everything they have in flight may always wait, so that none is refused, however slow it is."""
CROWD = 900
"""Connections of the load: about as many as a process serves, and enough that batches may wait many
seconds before no connection is free."""
MEASURED_BATCHES = 150
LOAD_S = by_tier(push=4.0, nightly=30.0)
EXCESS_MIN = 0.2
"""The share of all answers; a smaller one was hardly more than sustainable."""
ROUNDS_MAX = 6
"""Attempts until the machine is quiet: a busy neighbour slows one of them, a defect all."""
ACCEPTED_P99_S_MAX = 1.0
GROWTH_BYTES_MAX = HELD_BYTES_MAX
SAMPLED_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """The client's results for one order."""

    seconds: float
    answers: list[Answered]
    lost: int
    unsent: int

    @property
    def accepted(self) -> list[float]:
        return sorted(answer.latency_s for answer in self.answers if answer.status in {200, 207})

    @property
    def refused(self) -> list[Answered]:
        return [answer for answer in self.answers if answer.status == 503]

    @property
    def rate(self) -> float:
        return len(self.accepted) / self.seconds

    @property
    def p99_s(self) -> float:
        return self.accepted[int(len(self.accepted) * 0.99)]


@dataclass(frozen=True, slots=True)
class Overload:
    sustained: float
    """Batches per second, in the fastest of some rounds."""
    run: Run
    grown_bytes: int
    after: Run


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running_bench(QUICK) as running:
        yield running


async def fulfil(server: Server, **order: Any) -> Run:
    sent = Order(host="127.0.0.1", port=server.port, key=server.key, events=EVENTS, **order)
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.safety.open_loop"),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    out, _ = await client.communicate(orjson.dumps(sent._asdict()))
    result = orjson.loads(out)
    return Run(**{**result, "answers": [Answered(*row) for row in result["answers"]]})


async def measured(server: Server, tag: str) -> Run:
    return await fulfil(server, tag=tag, batches=MEASURED_BATCHES, connections=CALLERS)


async def grown_while(server: Server, work: asyncio.Task[Run]) -> int:
    """Return the greatest growth of the serving process."""
    before = most = resident_bytes(server.pid)
    while not work.done():
        most = max(most, resident_bytes(server.pid))
        await asyncio.sleep(SAMPLED_EVERY_S)
    return most - before


async def overload(bench: Bench, module: str, *, shows: Callable[[Run], bool]) -> Overload:
    """Offer twice the sustained load until `shows` holds; double it if there was no excess."""
    async with founded(bench, "overload") as ledger:
        with serving(bench, ledger, module=module) as server:
            await measured(server, "warm")
            sustained = max([(await measured(server, f"round-{n}")).rate for n in range(2)])
            rate = 2 * sustained
            for number in range(ROUNDS_MAX):
                load = fulfil(
                    server,
                    tag=f"load-{number}",
                    batches=int(rate * LOAD_S),
                    connections=CROWD,
                    rate=rate,
                )
                working = asyncio.create_task(load)
                grown = await grown_while(server, working)
                run = await working
                if shows(run):
                    break
                if not has_excess(run):
                    rate *= 2
            return Overload(sustained, run, grown, await measured(server, "after"))


def has_excess(run: Run) -> bool:
    return len(run.refused) > EXCESS_MIN * len(run.answers)


def is_answered_in_time(run: Run) -> bool:
    return has_excess(run) and not is_slow(run)


def is_slow(run: Run) -> bool:
    return run.p99_s > ACCEPTED_P99_S_MAX


async def test_an_excess_gets_retry_after_and_the_rest_is_accepted(bench: Bench) -> None:
    seen = await overload(bench, SERVICE, shows=is_answered_in_time)
    run = seen.run
    assert (run.lost, run.unsent) == (0, 0)
    assert {answer.status for answer in run.answers} <= {200, 207, 503}
    assert has_excess(run)
    assert all(answer.has_retry_after for answer in run.refused)
    assert not is_slow(run)
    # Refusing costs something, but most of the time is still spent on accepted events.
    assert run.rate > seen.sustained / 3
    assert seen.grown_bytes < GROWTH_BYTES_MAX
    # It recovers at once: nothing is refused any more, and it is about as fast as before.
    assert seen.after.refused == []
    assert seen.after.rate > seen.sustained / 3


async def test_without_the_bounds_of_the_queue_every_sender_would_wait(bench: Bench) -> None:
    """The negative twin."""
    seen = await overload(bench, UNBOUNDED, shows=is_slow)
    # Nobody is turned away at once. On a busy machine, some have waited until it was too long.
    assert all(answer.latency_s > ACCEPTED_P99_S_MAX for answer in seen.run.refused)
    assert is_slow(seen.run)
