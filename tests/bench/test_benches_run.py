"""The benches run at small sizes; figures are not checked: a busy machine makes them worthless."""

import subprocess
import sys

import orjson

FIGURES = [
    "single POST, 64 connections, fronts and writer apart",
    "single POST, 64 connections, one process",
    "fronts and writer apart, against one process",
    "single POST, 1 connections, fronts and writer apart",
    "single POST, 1 connections, one process",
    "bulk NDJSON over HTTP",
    "visible in the funnel after the answer, p99",
    "replay",
    "rebuild of stage intervals",
    "verify, leaf of every record",
    "verify, everything",
    "append to a large log, batched",
    "append to a large log, single",
    "funnel answer now, 150 events",
    "funnel answer now, 450 events",
    "one lead's history",
    "funnel as of 30 days ago",
    "funnel as known before",
    "time to verify everything",
    "on disk, the log and its leads",
    "on disk, the projections",
    "strict JSON, one event",
    "strict JSON, an event of a batch",
    "strictness, a message of a Segment batch",
    "reading a Segment message into a signal",
    "deciding what is only recorded",
    "deciding what earns points",
    "deciding what moves",
    "deciding under 50 scoring rules and 20 lists",
    "reading an event into a signal",
    "late report, 500 later events",
    "a table in reverse order, 4 events a lead",
    "a table in reverse order, 20 events a lead",
    "restatements per event, old history",
    "verify, tables in reverse order",
    "selection, 200 candidates",
    "verify with a selection, 200 candidates",
    "POST during a selection of 200, p99",
    "POST during a lifecycle for 200 leads, p99",
]
MAY_BE_0 = {"restatements per event, old history"}
RUN_WAIT_S = 240.0


def test_every_bench_runs_and_reports_its_figure() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--json"],
        capture_output=True,
        timeout=RUN_WAIT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    figures = orjson.loads(run.stdout)["figures"]
    assert [figure["figure"] for figure in figures] == FIGURES
    assert all(figure["measured"] > 0 for figure in figures if figure["figure"] not in MAY_BE_0)
