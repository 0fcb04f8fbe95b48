"""The metrics Prometheus expects of every service: resources of each process, and the build.

A single process has the standard `process_…` series. With several workers, whichever is scraped
reports for all, and each series identifies its process by `pid`: a sum over processes that come and
go would rise and fall without any cause. The process that started the workers, and a private
PostgreSQL, are not included.
"""

import os
import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

from prometheus_client import Metric, disable_created_metrics
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

_PROC = Path("/proc")


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


class _Build(Collector):
    """A class, because the library asks for one: its own cannot be shared by workers."""

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily(
            "leadledger_build_info", "Always 1; its labels identify the build.", labels=list(_BUILD)
        )
        build.add_metric(list(_BUILD.values()), 1)
        return [build]


_BUILD = {"version": version("leadledger"), "python": platform.python_version()}


class _Workers(Collector):
    """The resources of each worker. A class, because the library asks for one."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for pid in self._pids:
            for family in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                found = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                found.samples += [
                    sample._replace(labels={"pid": str(pid)}) for sample in family.samples
                ]
        return families.values()
