"""Metrics for Prometheus.

Each process counts for itself. With several workers on one port a scrape reaches any of them, so
they share their counts through files in `PROMETHEUS_MULTIPROC_DIR`, which `serve` sets before it
starts them; then any worker reports for all. Without it a process reports only for itself.

Each process has the standard `process_…` series, identified by its `pid` and `role`: with several,
whichever is scraped reports for all, and a sum over processes that come and go would rise and fall
without any cause. The process that started the workers, and a private PostgreSQL, are not included.
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
from events.remote.roles import Role

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
"""Reasons of stored refusals, so that each has its series from the beginning."""
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The instruments of one process. A class, because each application has its own registry."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        register_build(registry)
        register_process(registry)
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry)
        # For values that concern the whole ledger, the process that looked last is right.
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livemostrecent")
        outcomes = counter("leadledger_events", "Events by outcome.", ["outcome"])
        self._recorded = outcomes.labels("recorded")
        self._duplicates = outcomes.labels("duplicate")
        self._refused = outcomes.labels("refused")
        self.append_items = histogram(
            "leadledger_append_items",
            "Events in one transaction.",
            buckets=BATCH_BUCKETS,
        )
        self.append_seconds = histogram(
            "leadledger_append_seconds",
            "Duration of one appending transaction.",
            buckets=SECONDS_BUCKETS,
        )
        self._faults = counter(
            "leadledger_faults",
            "Unexpected errors, by the work that met them; the log has the place of each.",
            ["work"],
        )
        self._set_aside = gauge(
            "leadledger_leads_set_aside",
            "Leads that a fault prevents from being brought up to date.",
        )
        self._pending = gauge(
            "leadledger_leads_pending",
            "Leads that wait to be decided again because of late reports.",
        )
        self._queue = gauge(
            "leadledger_queue_items",
            "Events waiting to be appended.",
            multiprocess_mode="livesum",
        )
        self._lag = gauge(
            "leadledger_projection_lag_events",
            "Events that a projection has not processed yet.",
            ["projection"],
        )
        self._to_rebuild = gauge(
            "leadledger_projection_rebuild_events",
            "Events that the rebuild of a projection has not saved yet; 0 if there is no rebuild.",
            ["projection"],
        )
        self._stopped = gauge(
            "leadledger_projection_stopped",
            "1 for a projection that has stopped before a record that it cannot process.",
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
            "Age of the oldest event that a webhook has not received yet.",
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
            "Open refusals, by reason.",
            ["reason"],
        )
        self._oldest_refusal = gauge(
            "leadledger_refusals_oldest_open_seconds",
            "Age of the oldest open refusal; 0 if there is none.",
        )
        self._refusal_bytes = gauge(
            "leadledger_refusals_bytes",
            "Bytes that all refusals take, as last measured.",
        )
        self._sources_silent = gauge(
            "leadledger_sources_silent",
            "Sources that have sent nothing for longer than usual.",
        )
        self._purged = counter(
            "leadledger_refusals_purged",
            "Refusals removed because of their age, or of the size of all refusals.",
            ["cause"],
        )
        self._reasons = set(KEPT)
        self._by_visit: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def visited(self, route: str, status: int, seconds: float) -> None:
        """Count a request. Routes and statuses are few, so their instruments are cached."""
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
        """Return the unexpected errors that this process has counted."""
        (family,) = self._faults.collect()
        return {
            sample.labels["work"]: int(sample.value)
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    def leads_set_aside(self, leads: int) -> None:
        """Set how many leads cannot be brought up to date."""
        self._set_aside.set(leads)

    def leads_pending(self, leads: int) -> None:
        """Set how many leads wait to be decided again."""
        self._pending.set(leads)

    def lags(self, projection: str, events: int, *, is_stopped: bool, to_rebuild: int) -> None:
        """Set how far a projection and its rebuild are behind, and whether it has stopped."""
        self._lag.labels(projection).set(events)
        self._to_rebuild.labels(projection).set(to_rebuild)
        self._stopped.labels(projection).set(is_stopped)

    def refusals_wait(self, waiting: Mapping[str, int], *, oldest_s: float) -> None:
        """Set the open refusals by reason. A reason that has none becomes 0."""
        self._reasons.update(waiting)
        for reason in self._reasons:
            self._open_refusals.labels(reason).set(waiting.get(reason, 0))
        self._oldest_refusal.set(oldest_s)

    def refusals_take(self, size_bytes: int) -> None:
        """Set how much all refusals take."""
        self._refusal_bytes.set(size_bytes)

    def sources_silent(self, sources: int) -> None:
        """Set how many sources have sent nothing for longer than usual."""
        self._sources_silent.set(sources)

    def purged(self, cause: str, refusals: int) -> None:
        """Count refusals that were removed."""
        self._purged.labels(cause).inc(refusals)

    def carried(self, outcome: str) -> None:
        """Count a message that was sent to a webhook."""
        self._carried.labels(outcome).inc()

    def webhooks(self, *, pending: int, dead: int, disabled: int, lag_s: float) -> None:
        """Set what is waiting for webhooks."""
        self._webhook_events.labels("pending").set(pending)
        self._webhook_events.labels("dead").set(dead)
        self._webhooks_disabled.set(disabled)
        self._webhook_lag.set(lag_s)

    def exposition(self) -> bytes:
        """Write everything in Prometheus text format, for all workers if they share."""
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
    """Register the build, and omit the start times of counters, which no metric needs."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # The library has no types here.
    registry.register(_Build())


def register_process(registry: CollectorRegistry) -> None:
    """Register the resources of this process."""
    ProcessCollector(registry=registry)


def register_workers(registry: CollectorRegistry, shared: str) -> None:
    """Register the resources of each worker, and discard the series of dead workers.

    `shared` is the directory in which all of them keep their counts.
    """
    pids = sorted({int(file.stem.rpartition("_")[2]) for file in Path(shared).glob("*.db")})
    workers = [pid for pid in pids if _is_worker(pid)]
    registry.register(_Workers(workers))
    for pid in pids:
        if pid not in workers and _PROC.exists() and not (_PROC / str(pid)).exists():
            with suppress(FileNotFoundError):  # Another worker was scraped at the same time.
                mark_process_dead(pid, shared)  # type: ignore[no-untyped-call]


def _is_worker(pid: int) -> bool:
    """Return whether a process is a sibling: the id of a dead one may belong to another process."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return False
    return int(stat.rpartition(b")")[2].split()[1]) == os.getppid()


def _role_of(pid: int) -> str:
    """Return what a worker does, which it was told by its command line."""
    try:
        arguments = (_PROC / str(pid) / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return ""
    return next((role for role in Role if role in arguments), "")


class _Build(Collector):
    """A class, because the library asks for one: its own cannot be shared by workers."""

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily(
            "leadledger_build_info", "Always 1; its labels identify the build.", labels=list(_BUILD)
        )
        build.add_metric(list(_BUILD.values()), 1)
        return [build]


class _Workers(Collector):
    """The resources of each worker. A class, because the library asks for one."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for pid in self._pids:
            role = _role_of(pid)
            for family in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                found = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                found.samples += [
                    sample._replace(labels={"pid": str(pid), "role": role})
                    for sample in family.samples
                ]
        return families.values()
