"""Compare leadledger with other event stores, in one run on one machine, and print two tables.

    python -m tests.bench.peers --peers .venv-peers/bin/python [--quick] [--json | --markdown]

All keep what they acknowledge on the same disk, and those on PostgreSQL share one server with the
settings of the product. Rounds alternate between the stores. The peers load a lead, take a decision
of one line and save it; leadledger resolves identifiers, decides by its lifecycle, and derives
further events.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import uvloop

from service.command.printing import print_json, print_lines, print_table
from tests.bench.__main__ import machine
from tests.bench.peers.others import OTHERS, Peer, serving_umadb
from tests.bench.peers.ours import OverHttp, OverQueue
from tests.bench.peers.runs import Gates, Run, Store
from tests.bench.servers import Bench, founded, running_bench, serving
from tests.bench.sizes import FULL, QUICK


class Amounts(NamedTuple):
    rounds: int
    events: dict[int, int]
    """Events of one round, by the number of clients."""


FULL_AMOUNTS = Amounts(5, {1: 400, 16: 2_000, 64: 4_000})
QUICK_AMOUNTS = Amounts(1, {1: 20, 4: 40})
BULK_CLIENTS = 1
COLUMNS = ("store", "job", "clients", "events/s", "range", "p50 ms", "p99 ms", "leadledger")
GATE_COLUMNS = ("store", "order: events missed", "race: both succeeded")
NUMBERS = ("clients", "events/s", "p50 ms", "p99 ms", "leadledger")


def main() -> None:
    """Measure, and print."""
    asked = _arguments()
    began = time.monotonic()
    amounts = QUICK_AMOUNTS if asked.quick else FULL_AMOUNTS
    with running_bench(QUICK if asked.quick else FULL) as bench:
        runs, gates = uvloop.run(_measure(bench, amounts, asked.peers))
    rows = [_row(run, runs) for run in runs]
    gate_rows = [[name, str(gate.missed), str(gate.both)] for name, gate in gates.items()]
    if asked.json:
        print_json(
            {
                "machine": machine(),
                "runs": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
                "gates": {name: gate._asdict() for name, gate in gates.items()},
            }
        )
    elif asked.markdown:
        print_lines(*_markdown(COLUMNS, rows), "", *_markdown(GATE_COLUMNS, gate_rows))
    else:
        print_table(COLUMNS, rows, numbers=NUMBERS)
        print_table(GATE_COLUMNS, gate_rows)
    if not asked.json:
        print_lines("", f"{machine()}; measured in {time.monotonic() - began:.0f} s.")


async def _measure(
    bench: Bench, amounts: Amounts, peers: Path
) -> tuple[list[Run], dict[str, Gates]]:
    async with founded(bench, "peers") as ledger, founded(bench, "peers_queue") as queued:
        with serving(bench, ledger) as server, serving_umadb(bench, peers) as umadb:
            http = OverHttp(bench, ledger, server)
            async with OverQueue.open(queued) as queue:
                others = [await Peer.open(bench, peers, name, umadb) for name in OTHERS]
                stores: list[Store] = [http, queue, *others]
                runs = [
                    run
                    for clients, events in amounts.events.items()
                    for run in await _in_rounds(stores, amounts.rounds, clients, events)
                ]
                bulk: list[Store] = [http.in_bulk(), await Peer.open(bench, peers, "copy", umadb)]
                most = max(amounts.events.values())
                runs += await _in_rounds(bulk, amounts.rounds, BULK_CLIENTS, most)
                runs += [await store.read_everything() for store in stores]
                gates = {http.name: await http.pass_gates()}
                gates |= {peer.name: await peer.pass_gates() for peer in others}
    return runs, gates


async def _in_rounds(stores: Sequence[Store], rounds: int, clients: int, events: int) -> list[Run]:
    """Have each store append in turn, round after round; join the rounds of each store."""
    found: dict[str, list[Run]] = {store.name: [] for store in stores}
    for number in range(rounds):
        for store in stores:
            run = await store.append(clients=clients, events=events, tag=f"{clients}-{number}")
            found[store.name].append(run)
            await asyncio.sleep(0)
    return [Run.joined(each) for each in found.values()]


def _row(run: Run, runs: Sequence[Run]) -> list[str]:
    ours = next(
        one
        for one in runs
        if (one.job, one.clients) == (run.job, run.clients) and one.store.startswith("leadledger")
    )
    cuts = statistics.quantiles(run.latencies, n=100) if len(run.latencies) > 1 else []
    return [
        run.store,
        run.job,
        str(run.clients),
        f"{run.rate:,.0f}",
        f"{min(run.rates):,.0f}-{max(run.rates):,.0f}",
        f"{cuts[49] * 1e3:.1f}" if cuts else "",
        f"{cuts[98] * 1e3:.1f}" if cuts else "",
        f"{ours.rate / run.rate:.2f} x",
    ]


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="Python with the peers installed")
    parser.add_argument("--quick", action="store_true", help="only show that everything runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--markdown", action="store_true", help="print tables for docs/benchmarks.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
