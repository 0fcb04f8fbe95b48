"""How long other clients' POSTs take during long work, and just before it."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import NamedTuple

import orjson

from events.database.statements import load
from events.lifecycles.shipped import read_lifecycle_text
from tests.bench.bench_growth import project
from tests.bench.bench_visible import Caller
from tests.bench.figures import Figure, Pair, at_most, figure_of
from tests.bench.ledgers import Written, written
from tests.bench.mix import Event
from tests.bench.servers import Bench, ClientRun, Server, Unexpected, serving

LOAD = 0.3
"""The share of the service's capacity that other clients post all the time."""
SETTLING_S = 0.5
"""Requests still queued when the work ended had waited for it."""
POLL_S = 0.1
AT_ONCE = 20_000
SHARE_SELECTED = 20
"""One of this many candidates is selected."""
VISITORS = 3
"""Anonymous leads for each known lead."""
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"

Work = Callable[[Caller], Awaitable[None]]


async def measure(bench: Bench) -> list[Figure]:
    """Return the p99 latency of POSTs while leads are selected, and while they are reassessed."""
    return [await _beside_selection(bench), await _beside_publication(bench)]


async def _beside_selection(bench: Bench) -> Figure:
    candidates = bench.sizes.candidates

    async def select(caller: Caller) -> None:
        asked = {
            "team": "bench",
            "starts_on": "2026-11-02",
            "ends_on": "2026-11-06",
            "capacity": candidates // SHARE_SELECTED,
        }
        run = await caller.ask("POST", "/v1/selections", orjson.dumps(asked))
        if run.get("status") != "completed":
            raise Unexpected(f"expected the run to be completed, found {run}")

    async with written(bench, "beside_selection") as ledger:
        await _write(ledger, [_known(number) for number in range(candidates)])
        return await _compare(bench, ledger, f"a selection of {candidates}", select)


async def _beside_publication(bench: Bench) -> Figure:
    leads = bench.sizes.reassessed
    kinds = [_known] + [_visitor] * VISITORS

    async with written(bench, "beside_publication") as ledger:
        outdated = load("events.append", "ledger.sql", ledger.founded.schema)["find_outdated"].text

        async def publish(caller: Caller) -> None:
            text = f"{read_lifecycle_text(ledger.founded.settings.lifecycle)}\n# as published\n"
            answer = await caller.ask("POST", "/v1/lifecycle", text.encode())
            if answer.get("status") != "recorded":
                raise Unexpected(f"expected the lifecycle to be published, found {answer}")
            asked = {"version": 2, "after": BEFORE_ALL, "limit": 1}
            async with ledger.founded.engine.connect() as connection:
                while (await connection.scalars(outdated, asked)).first() is not None:
                    await connection.rollback()
                    await asyncio.sleep(POLL_S)

        await _write(ledger, [kinds[number % len(kinds)](number) for number in range(leads)])
        return await _compare(bench, ledger, f"a lifecycle for {leads} leads", publish)


async def _write(ledger: Written, events: list[Event]) -> None:
    """Prepare the ledger and its projections with leads, as the starting point."""
    for start in range(0, len(events), AT_ONCE):
        await ledger.append(ledger.batches(events[start : start + AT_ONCE]))
    await project(ledger)
    await ledger.ledger.close()


async def _compare(bench: Bench, ledger: Written, name: str, work: Work) -> Figure:
    """Post at a rate, before the work and during it."""
    with serving(bench, ledger.founded) as service:
        others = Others(service, bench.sizes.others)
        full = (await others.post("full", bench.sizes.posted)).rate
        rate = full * LOAD
        usual = await others.post_for(bench.sizes.usual_s, "usual", rate=rate)
        async with others.posting(rate, bench.sizes.others_s) as runs:
            caller = await Caller.connect(service)
            began = perf_counter()
            await work(caller)
            seconds = perf_counter() - began
            caller.close()
            await asyncio.sleep(SETTLING_S)
    upto = began + seconds + SETTLING_S
    waits = [wait for run in runs for since, wait in run.timeline if began <= since <= upto]
    if len(waits) < 2:
        raise Unexpected(f"expected others to post while {name} lasted {seconds:.1f} s")
    pair = Pair(_p99(usual.latencies), _p99(waits))
    note = (
        f"{rate:.0f} events/s of {full:.0f}; {len(waits)} POSTs in {seconds:.1f} s, "
        f"p50 {statistics.median(usual.latencies) * 1e3:.1f} → {statistics.median(waits) * 1e3:.1f}"
        f" ms, longest {max(waits) * 1e3:.0f} ms"
    )
    return figure_of(f"POST during {name}, p99", [pair], unit="ms", aim=at_most(2), note=note)


class Others(NamedTuple):
    """Other clients of a service."""

    service: Server
    connections: int

    async def post(self, tag: str, count: int, *, rate: float = 0.0) -> ClientRun:
        return await self.service.fulfil(
            "201",
            kind="events",
            requests=count,
            connections=self.connections,
            tag=tag,
            rate=rate,
        )

    async def post_for(self, seconds: float, tag: str, *, rate: float) -> ClientRun:
        count = max(self.connections, round(rate * seconds))
        return await self.post(tag, count, rate=rate)

    @asynccontextmanager
    async def posting(self, rate: float, seconds: float) -> AsyncIterator[list[ClientRun]]:
        """Post continuously, from before the work until after it; return all results."""
        runs: list[ClientRun] = []
        enough = asyncio.Event()

        async def post() -> None:
            while not enough.is_set():
                runs.append(await self.post_for(seconds, f"beside-{len(runs)}", rate=rate))

        posting = asyncio.create_task(post())
        await asyncio.sleep(seconds / 2)
        try:
            yield runs
        finally:
            enough.set()
            await posting


def _p99(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100, method="inclusive")[98] * 1e3


def _known(number: int) -> Event:
    who = {"email": f"{number}@company-{number}.example", "profile": {"industry": "steel"}}
    return {"id": f"form-{number}", "source": "bench", "type": "form.submitted", "lead": who}


def _visitor(number: int) -> Event:
    who = {"anonymous_id": f"visitor-{number}"}
    return {"id": f"visit-{number}", "source": "bench", "type": "visit.recorded", "lead": who}
