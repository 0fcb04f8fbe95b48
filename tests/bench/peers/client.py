"""One order to another event store, in the environment of the peers.

    python -m tests.bench.peers.client < order.json > result.json

Clients are threads, spread over as many processes as there are cores: a Python program would be
run like that, and one process alone would measure its lock.
"""

import importlib
import json
import multiprocessing
import os
import sys
import threading
from time import perf_counter, sleep
from typing import Any

from tests.bench.mix import timed_events

STORES = {
    "insert": "plain_stores:InsertStore",
    "copy": "plain_stores:CopyStore",
    "eventsourcing": "eventsourcing_store:EventsourcingStore",
    "eventsourcing dcb": "tagged_stores:DcbStore",
    "umadb": "tagged_stores:UmadbStore",
}
Order = dict[str, Any]
Reports = list[tuple[int, dict[str, Any]]]

RACES = 50
SLOW = "slow"
"""The application name of the writer whose transaction is held open."""
HOLD_S = 0.5


def main() -> None:
    order = json.load(sys.stdin)
    result = {"append": append, "read": read, "race": race, "order": follow}[order["job"]](order)
    json.dump(result, sys.stdout)


def store_of(order: Order) -> Any:
    module, _, name = STORES[order["store"]].partition(":")
    return getattr(importlib.import_module(f"tests.bench.peers.{module}"), name)(order["where"])


def append(order: Order) -> dict[str, Any]:
    """Report events one by one over all clients, each with leads of its own."""
    store_of(order)  # Creates the tables.
    clients = order["clients"]
    processes = min(clients, os.cpu_count() or 1)
    reports: list[Reports] = [[] for _ in range(clients)]
    for timed in timed_events(order["tag"], order["events"]):
        lead = lead_of(timed.event)
        reports[lead % clients].append((order["first_lead"] + lead, timed.event))
    context = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=work, args=(order, reports[number::processes], begin, results))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    runs = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    failed = [run for run in runs if isinstance(run, str)]
    if failed:
        sys.exit(failed[0])
    return {
        "seconds": max(run[1] for run in runs) - min(run[0] for run in runs),
        "latencies": sorted(latency for run in runs for latency in run[2]),
    }


def lead_of(report: dict[str, Any]) -> int:
    """Return the number of the person, which is in all identifiers that the mix makes."""
    named = report["lead"]
    if "email" in named:
        return int(named["email"].partition("@")[0].removeprefix("person"))
    return int(named["anonymous_id"].rpartition("-")[2])


def work(order: Order, shares: list[Reports], begin: Any, results: Any) -> None:
    try:
        results.put(_work(order, shares, begin))
    except Exception as error:  # noqa: BLE001 - the parent reports it
        begin.abort()
        results.put(f"{type(error).__name__}: {error}")


def _work(order: Order, shares: list[Reports], begin: Any) -> tuple[float, float, list[float]]:
    store = store_of(order)
    latencies: list[float] = []
    errors: list[Exception] = []

    def send(share: Reports) -> None:
        try:
            for number, report in share:
                at = perf_counter()
                store.report(number, report)
                latencies.append(perf_counter() - at)
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)

    begin.wait()
    began = perf_counter()
    if order["store"] == "copy":
        store.report_all([report for share in shares for report in share])
    else:
        threads = [threading.Thread(target=send, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return began, perf_counter(), latencies


def read(order: Order) -> dict[str, Any]:
    """Read everything from the beginning."""
    store = store_of(order)
    began = perf_counter()
    events = sum(len(page) for page in pages(store, 0))
    return {"seconds": perf_counter() - began, "events": events}


def pages(store: Any, after: int) -> Any:
    while page := store.read(after):
        yield page
        after = page[-1]


def race(order: Order) -> dict[str, Any]:
    """Have two writers accept the same lead at once, many times; return who succeeded."""
    store, won = store_of(order), [0] * RACES
    barrier = threading.Barrier(2)

    def accept(by: str) -> None:
        for number in range(RACES):
            barrier.wait()
            if store.accept(order["first_lead"] + number, by):
                won[number] += 1

    threads = [threading.Thread(target=accept, args=(by,)) for by in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"both": sum(count > 1 for count in won), "none": sum(count < 1 for count in won)}


def follow(order: Order) -> dict[str, Any]:
    """Follow the log while one transaction is held open; return how many events were missed."""
    store = store_of(order)
    report = {"id": "held", "type": "visit.recorded", "data": {}}
    seen = [position for page in pages(store, 0) for position in page]
    context = multiprocessing.get_context("spawn")
    os.environ["PGAPPNAME"] = SLOW
    slow = context.Process(target=_report_once, args=(order, report))
    slow.start()
    del os.environ["PGAPPNAME"]
    sleep(order["hold_s"] / 2)
    store.report(order["first_lead"] + 1, {**report, "id": "quick"})
    seen += [position for page in pages(store, seen[-1]) for position in page]
    slow.join()
    seen += [position for page in pages(store, seen[-1]) for position in page]
    stored = {position for page in pages(store, 0) for position in page}
    return {"missed": len(stored - set(seen))}


def _report_once(order: Order, report: dict[str, Any]) -> None:
    store_of(order).report(order["first_lead"], report)


if __name__ == "__main__":
    main()
