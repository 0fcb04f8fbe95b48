"""The worst request for each endpoint delays no one, and takes no more memory than documented.

While twenty connections send it, `/livez`, a sender with its key in a header and a client with its
key in the body are answered within a second, and the process grows by less than the limit in
docs/limits.md.
"""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

import orjson
import pytest
import pytest_asyncio

from events.limits import KIB
from service.limits import (
    BODIES_BYTES_MAX,
    CONNECTION_BYTES_MAX,
    HELD_BYTES_MAX,
)
from tests.bench.servers import SERVICE, Bench, Founded, Server, founded, running_bench, serving
from tests.bench.sizes import QUICK
from tests.safety.attacks import CONNECTIONS, EVENTS, HUNG_UP, KEYED, POSTHOG, UNKEYED
from tests.support.tier import by_tier

OPEN = "tests.safety.unbounded_bodies_worker"
ATTACK_S = by_tier(push=0.8, nightly=10.0)
ANSWERED_S_MAX = 1.0
ROUNDS_MAX = 5
"""Attempts until the machine is quiet: a busy neighbour slows one of them, a defect all."""
EVERY_S = 0.01
WAIT_S = 2 * ANSWERED_S_MAX
"""A request that waits this long is delayed; how long in total does not matter."""
CONNECTED_BYTES_MAX = CONNECTIONS * CONNECTION_BYTES_MAX
STRANGERS_GROWTH_MAX = BODIES_BYTES_MAX - HELD_BYTES_MAX + CONNECTED_BYTES_MAX
GROWTH_MAX = BODIES_BYTES_MAX + CONNECTED_BYTES_MAX


@dataclass(slots=True)
class Seen:
    """What other clients saw of an attack."""

    slowest_s: float = 0.0
    statuses: set[tuple[str, int]] = field(default_factory=set)
    attackers: dict[str, int] = field(default_factory=dict)
    grown_bytes: int = 0

    @property
    def is_in_time(self) -> bool:
        return self.slowest_s <= ANSWERED_S_MAX


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger() -> AsyncIterator[tuple[Bench, Founded]]:
    with running_bench(QUICK) as bench:
        async with founded(bench, "endpoints") as ledger:
            yield bench, ledger


@pytest.fixture(scope="module")
def server(ledger: tuple[Bench, Founded]) -> Iterator[Server]:
    with serving_until_killed(*ledger, module=SERVICE) as running:
        yield running


@contextmanager
def serving_until_killed(bench: Bench, ledger: Founded, *, module: str) -> Iterator[Server]:
    with serving(bench, ledger, module=module) as running:
        try:
            yield running
        finally:
            # It would wait for streams that are no longer sent.
            os.kill(running.pid, signal.SIGKILL)


def attacked(
    server: Server, family: str, names: Iterable[str], *, key: str, seconds: float = ATTACK_S
) -> Seen:
    """Attack, and measure the other clients meanwhile."""
    seen, before = Seen(), _memory(server, "VmRSS")
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # reset the peak
    command = [
        *(sys.executable, "-m", "tests.safety.attacks", "127.0.0.1", str(server.port)),
        *(str(seconds), key, *(f"{family}/{name}" for name in names)),
    ]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == "ready\n"
        while attacker.poll() is None:
            _ask_everything(server, seen)
            sleep(EVERY_S)
        seen.attackers = orjson.loads(attacker.stdout.read())
    seen.grown_bytes = _memory(server, "VmHWM") - before
    return seen


def _ask_everything(server: Server, seen: Seen) -> None:
    id = f"{perf_counter():.6f}"
    event = {"id": id, "type": "form.submitted", "lead": {"email": "a@company.example"}}
    message = {"event": "Form Submitted", "uuid": f"m-{id}", "distinct_id": "u"}
    _ask(server, seen, "/livez")
    _ask(server, seen, EVENTS, event)
    _ask(server, seen, POSTHOG, {"batch": [message], "api_key": server.key})


def _ask(server: Server, seen: Seen, path: str, body: object = None) -> None:
    began = perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    headers = {"Authorization": f"Bearer {server.key}"} if path == EVENTS else {}
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, orjson.dumps(body), headers)
        seen.statuses.add((path, connection.getresponse().status))
    except TimeoutError:
        seen.statuses.add((path, 0))
    connection.close()
    seen.slowest_s = max(seen.slowest_s, perf_counter() - began)


def _memory(server: Server, name: str) -> int:
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    (found,) = [line for line in lines if line.startswith(f"{name}:")]
    return int(found.split()[1]) * KIB


ANSWERED = {("/livez", 200), (EVENTS, 201), (POSTHOG, 200)}
BUSY = {(EVENTS, 503), (POSTHOG, 503)}
"""A sender with a key can make the ledger busy, like any load; the answer then is immediate."""


@pytest.mark.parametrize("family", UNKEYED)
def test_a_stranger_delays_no_one(server: Server, family: str) -> None:
    for _ in range(ROUNDS_MAX):
        seen = attacked(server, family, UNKEYED[family], key="")
        if seen.is_in_time:
            break
    assert seen.is_in_time, seen
    assert seen.statuses == ANSWERED
    assert seen.attackers.keys() <= {"401", "413", "503", HUNG_UP}
    assert seen.grown_bytes < STRANGERS_GROWTH_MAX


@pytest.mark.parametrize("family", KEYED)
def test_the_largest_bodies_with_a_key_delay_no_one(server: Server, family: str) -> None:
    for _ in range(ROUNDS_MAX):
        seen = attacked(server, family, KEYED[family], key=server.key)
        if seen.is_in_time:
            break
    assert seen.is_in_time, seen
    assert ANSWERED - {(EVENTS, 201), (POSTHOG, 200)} <= seen.statuses <= ANSWERED | BUSY
    assert seen.attackers.keys() <= {"200", "207", "413", "503", HUNG_UP}
    assert seen.grown_bytes < GROWTH_MAX


def test_without_the_bounds_others_are_delayed_and_memory_grows(
    ledger: tuple[Bench, Founded],
) -> None:
    """The negative twin: unlimited room, and any number of members."""
    with serving_until_killed(*ledger, module=OPEN) as server:
        large = attacked(server, "batches", ["lists in lists"], key=server.key, seconds=3.0)
        slow = attacked(server, "gzip", ["empty members"], key="")
    assert large.grown_bytes > GROWTH_MAX
    assert not slow.is_in_time
