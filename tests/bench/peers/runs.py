"""What is measured of each store."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple, Protocol

APPEND, BULK, READ = "append one by one", "append in bulk", "read everything"


class Run(NamedTuple):
    """What became of one job, in each round."""

    store: str
    job: str
    clients: int
    rates: Sequence[float]
    """Events per second."""
    latencies: Sequence[float] = ()
    """In seconds, of single events."""

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @classmethod
    def joined(cls, runs: Sequence["Run"]) -> "Run":
        """Join the rounds of one store and job."""
        rates = [rate for run in runs for rate in run.rates]
        latencies = [latency for run in runs for latency in run.latencies]
        return runs[0]._replace(rates=rates, latencies=latencies)


class Gates(NamedTuple):
    """Two tests of correctness. 0 is right."""

    missed: int
    """Events that a reader never saw, because it passed their position before they were visible."""
    both: int
    """Of the leads about which two writers decided at once, those that both of them changed."""


class Store(Protocol):
    """A store under test."""

    name: str

    async def append(self, *, clients: int, events: int, tag: str) -> Run: ...

    async def read_everything(self) -> Run: ...
