"""What is counted, for Prometheus.

Every process counts for itself. With several workers on one port a scrape reaches any of them, so
they share their counts through files: `PROMETHEUS_MULTIPROC_DIR`, which `serve` sets before it
starts them, and then any worker answers for all. Without it a process answers for itself.

Each process has the standard `process_…` series, labelled with its `pid`: of several workers,
whichever is scraped answers for all, and a sum over processes that come and go would rise and fall
without anything having happened. The process that started the workers, and a private PostgreSQL,
are not among them.
"""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from events.outcomes import Duplicate, Outcome, Recorded

_PROC = Path("/proc")
_BUILD = {"version": version("leadledger"), "python": platform.python_version()}


SHARED_DIR_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
KEPT = (
    "event-invalid",
    "event-type-unknown",
    "event-type-reserved",
    "event-id-reused",
    "event-not-storable",
    "internal-error",
    "department-not-allowed",
    "move-not-allowed",
    "lead-unknown",
    "account-unknown",
)
"""Reasons for which refusals are kept, so that each has its number from the beginning."""
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The instruments of one process. A class, because each application has its own registry."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        register_build(registry)
        register_process(registry)
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry)
        # Of what is true of the whole ledger, the process that looked last is right.
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livemostrecent")
        outcomes = counter("leadledger_events", "Events by outcome.", ["outcome"])
        self._recorded = outcomes.labels("recorded")
        self._duplicates = outcomes.labels("duplicate")
        self._refused = outcomes.labels("refused")
        self.append_items = histogram(
            "leadledger_append_items",
            "Events taken by one transaction.",
            buckets=BATCH_BUCKETS,
        )
        self.append_seconds = histogram(
            "leadledger_append_seconds",
            "Time of one transaction that appends.",
            buckets=SECONDS_BUCKETS,
        )
        self._faults = counter(
            "leadledger_faults",
            "Unexpected errors, by the work that met them; each is in the log with its place.",
            ["work"],
        )
        self._set_aside = gauge(
            "leadledger_leads_set_aside",
            "Leads that a fault keeps from being brought up to date.",
        )
        self._queue = gauge(
            "leadledger_queue_items",
            "Events waiting to be appended.",
            multiprocess_mode="livesum",
        )
        self._lag = gauge(
            "leadledger_projection_lag_events",
            "Events that a projection has not seen yet.",
            ["projection"],
        )
        self._stopped = gauge(
            "leadledger_projection_stopped",
            "1 for a projection that has stopped before a record that it cannot take.",
            ["projection"],
        )
        self._carried = counter(
            "leadledger_webhook_deliveries",
            "Messages sent to webhooks, by outcome.",
            ["outcome"],
        )
        for outcome in ("delivered", "failed", "dead"):
            self._carried.labels(outcome)
        self._webhook_events = gauge(
            "leadledger_webhook_events",
            "Events queued for webhooks (pending), and given up (dead).",
            ["status"],
        )
        self._webhook_lag = gauge(
            "leadledger_webhook_lag_seconds",
            "Age of the oldest event that a webhook has not had yet.",
        )
        self._webhooks_disabled = gauge(
            "leadledger_webhooks_disabled",
            "Webhooks that are disabled, by hand or because they failed for days.",
        )
        self._requests = counter(
            "leadledger_http_requests",
            "Requests by route and status.",
            ["route", "status"],
        )
        self._seconds = histogram(
            "leadledger_http_seconds",
            "Time from request to answer, by route.",
            ["route"],
            buckets=SECONDS_BUCKETS,
        )
        self._open_refusals = gauge(
            "leadledger_refusals_open",
            "Refusals that nobody has settled, by reason.",
            ["reason"],
        )
        self._oldest_refusal = gauge(
            "leadledger_refusals_oldest_open_seconds",
            "Age of the oldest refusal that nobody has settled; 0 where there is none.",
        )
        self._refusal_bytes = gauge(
            "leadledger_refusals_bytes",
            "What all refusals take, as last measured.",
        )
        self._purged = counter(
            "leadledger_refusals_purged",
            "Refusals removed because of their age, or of the size of all.",
            ["cause"],
        )
        self._reasons = set(KEPT)
        self._by_visit: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def visited(self, route: str, status: int, seconds: float) -> None:
        """Count a request. Routes and statuses are few, so their instruments are kept at hand."""
        found = self._by_visit.get((route, status))
        if found is None:
            found = (self._requests.labels(route, str(status)), self._seconds.labels(route))
            self._by_visit[route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def decided(self, outcomes: Sequence[Outcome]) -> tuple[int, int, int]:
        """Count outcomes; return how many were recorded, duplicates, refused."""
        recorded = sum(isinstance(outcome, Recorded) for outcome in outcomes)
        duplicates = sum(isinstance(outcome, Duplicate) for outcome in outcomes)
        refused = len(outcomes) - recorded - duplicates
        for count, counter in (
            (recorded, self._recorded),
            (duplicates, self._duplicates),
            (refused, self._refused),
        ):
            if count:
                counter.inc(count)
        return recorded, duplicates, refused

    def appended(self, *, items: int, seconds: float, waiting: int) -> None:
        """Count one transaction."""
        self.append_items.observe(items)
        self.append_seconds.observe(seconds)
        self._queue.set(waiting)

    def fault(self, work: str) -> None:
        """Count an unexpected error."""
        self._faults.labels(work).inc()

    def faults(self) -> dict[str, int]:
        """Return what this process has counted of unexpected errors."""
        (family,) = self._faults.collect()
        return {
            one.labels["work"]: int(one.value)
            for one in family.samples
            if one.name.endswith("_total")
        }

    def leads_set_aside(self, leads: int) -> None:
        """Say how many leads cannot be brought up to date."""
        self._set_aside.set(leads)

    def lags(self, projection: str, events: int, *, is_stopped: bool) -> None:
        """Say how far a projection is behind, and whether it goes on at all."""
        self._lag.labels(projection).set(events)
        self._stopped.labels(projection).set(is_stopped)

    def refusals_wait(self, waiting: Mapping[str, int], *, oldest_s: float) -> None:
        """Say what is open. A reason that is no more is 0, not what it was last."""
        self._reasons.update(waiting)
        for reason in self._reasons:
            self._open_refusals.labels(reason).set(waiting.get(reason, 0))
        self._oldest_refusal.set(oldest_s)

    def refusals_take(self, size_bytes: int) -> None:
        """Say how much all refusals take."""
        self._refusal_bytes.set(size_bytes)

    def purged(self, cause: str, refusals: int) -> None:
        """Count refusals that were removed."""
        self._purged.labels(cause).inc(refusals)

    def carried(self, outcome: str) -> None:
        """Count a message that was sent to a webhook."""
        self._carried.labels(outcome).inc()

    def webhooks(self, *, pending: int, dead: int, disabled: int, lag_s: float) -> None:
        """Say what waits for webhooks."""
        self._webhook_events.labels("pending").set(pending)
        self._webhook_events.labels("dead").set(dead)
        self._webhooks_disabled.set(disabled)
        self._webhook_lag.set(lag_s)

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format, of all workers where they share."""
        shared = os.environ.get(SHARED_DIR_VARIABLE)
        if shared is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        # The library has no types here.
        MultiProcessCollector(registry, path=shared)  # type: ignore[no-untyped-call]
        register_build(registry)
        register_workers(registry, shared)
        return generate_latest(registry)


def register_build(registry: CollectorRegistry) -> None:
    """Say which build this is, and leave out when each counter began, which no figure needs."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # The library has no types here.
    registry.register(_Build())


def register_process(registry: CollectorRegistry) -> None:
    """Tell what this process takes."""
    ProcessCollector(registry=registry)


def register_workers(registry: CollectorRegistry, shared: str) -> None:
    """Tell what each worker takes, and forget what dead ones said of themselves.

    `shared` is the directory in which all of them count.
    """
    pids = sorted({int(file.stem.rpartition("_")[2]) for file in Path(shared).glob("*.db")})
    workers = [pid for pid in pids if _is_worker(pid)]
    registry.register(_Workers(workers))
    for pid in pids:
        if pid not in workers and _PROC.exists() and not (_PROC / str(pid)).exists():
            with suppress(FileNotFoundError):  # Another worker has been asked at the same time.
                mark_process_dead(pid, shared)  # type: ignore[no-untyped-call]


def _is_worker(pid: int) -> bool:
    """Whether a process is one of our siblings: the number of a dead one may be another's."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return False
    return int(stat.rpartition(b")")[2].split()[1]) == os.getppid()


class _Build(Collector):
    """A class, because the library asks for one: its own cannot be shared by workers."""

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily(
            "leadledger_build_info", "Always 1; its labels say what runs.", labels=list(_BUILD)
        )
        build.add_metric(list(_BUILD.values()), 1)
        return [build]


class _Workers(Collector):
    """What each worker takes. A class, because the library asks for one."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for pid in self._pids:
            for family in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                found = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                found.samples += [one._replace(labels={"pid": str(pid)}) for one in family.samples]
        return families.values()
