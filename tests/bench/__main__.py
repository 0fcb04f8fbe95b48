"""Measure the promised speeds, each next to its floor, and print one table.

    python -m tests.bench [--only NAME ...] [--large-log EVENTS] [--quick] [--json]

Every ratio comes from rounds that alternate between floor and figure. The exit code is 0 even if
an aim is not met: a noisy machine is not a defect. `--quick` only shows that everything still runs.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import uvloop

from service.command.printing import print_json, print_lines, print_table
from tests.bench import (
    bench_beside,
    bench_bulk,
    bench_deciding,
    bench_dialects,
    bench_growth,
    bench_late,
    bench_log,
    bench_parsing,
    bench_post,
    bench_selecting,
    bench_visible,
)
from tests.bench.figures import Figure
from tests.bench.servers import Bench, running_bench
from tests.bench.sizes import FULL, QUICK

BENCHES: Final[Mapping[str, Callable[[Bench], Awaitable[list[Figure]]]]] = {
    "post": bench_post.measure,
    "bulk": bench_bulk.measure,
    "visible": bench_visible.measure,
    "log": bench_log.measure,
    "growth": bench_growth.measure,
    "json": bench_parsing.measure,
    "dialects": bench_dialects.measure,
    "deciding": bench_deciding.measure,
    "late": bench_late.measure,
    "selecting": bench_selecting.measure,
    "beside": bench_beside.measure,
}
COLUMNS = ("figure", "measured", "floor", "unit", "ratio", "spread", "aim", "met", "note")
NUMBERS = ("measured", "floor", "ratio", "spread", "aim")


def main() -> None:
    """Run the benches that were asked for."""
    asked = _arguments()
    figures: list[Figure] = []
    began = time.monotonic()
    sizes = QUICK if asked.quick else FULL
    with running_bench(sizes._replace(large_log=asked.large_log or sizes.large_log)) as bench:
        for name in asked.only or BENCHES:
            started = time.monotonic()
            figures += uvloop.run(_measure(name, bench))
            _print(f"{name}: {time.monotonic() - started:.0f} s")
    if asked.json:
        print_json({"machine": machine(), "figures": [one.as_json() for one in figures]})
        return
    print_table(COLUMNS, [_row(figure) for figure in figures], numbers=NUMBERS)
    print_lines(f"{machine()}; measured in {time.monotonic() - began:.0f} s.")


async def _measure(name: str, bench: Bench) -> list[Figure]:
    return await BENCHES[name](bench)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=BENCHES, metavar="NAME", help="; ".join(BENCHES)
    )
    parser.add_argument(
        "--large-log", type=int, metavar="EVENTS", help="events in the larger of two logs"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, which only show that everything runs"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _row(figure: Figure) -> Sequence[str]:
    met = {True: "yes", False: "no", None: ""}[figure.is_met]
    spread = "" if figure.lowest is None else f"{figure.lowest:.2f}-{figure.highest:.2f}"
    return (
        figure.name,
        _number(figure.measured),
        "" if figure.floor is None else _number(figure.floor),
        figure.unit,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        spread,
        "" if figure.aim is None else str(figure.aim),
        met,
        figure.note,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def machine() -> str:
    """Describe the machine, and how busy other processes kept it."""
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}, "
        f"load {os.getloadavg()[2]:.1f}"
    )


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
