"""What Prometheus expects of every service: what each process takes, and which build it is.

One process has the standard `process_…` series. Of several workers, whichever is scraped answers
for all, so each series says by its `pid` whose it is: a sum over processes that come and go would
rise and fall without anything having happened. The process that started the workers, and a private
PostgreSQL, are not among them.
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


_BUILD = {"version": version("leadledger"), "python": platform.python_version()}


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
