"""All journeys at once, in the order of reporting."""

import heapq
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from service.command.simulating.journeys import journey
from service.command.simulating.market import companies, person
from service.command.simulating.office import office
from service.command.simulating.steps import SimulatedStep, Steps

PEOPLE_PER_COMPANY = 4
SENT_TWICE_SHARE = 0.01
"""The share of events sent again with the same id, as by a client that saw no answer."""


class World(NamedTuple):
    """What to simulate. The same values make the same events, byte for byte."""

    seed: int
    people: int
    begins: datetime
    ends: datetime
    """Reports after this moment are left out: those journeys are still in progress."""

    @property
    def name(self) -> str:
        """The prefix of all ids, unique to this world so that ids never collide with others."""
        return f"simulated-{sha256(repr(self).encode()).hexdigest()[:12]}"


def events(world: World) -> Iterator[dict[str, Any]]:
    """Generate all events in the order of reporting.

    Memory grows with the journeys in progress, not with completed ones.
    """
    clock = _Clock(world)
    for sent_at, number, event in clock.run():
        del sent_at, number
        yield event


class _Clock:
    """Advances all journeys step by step. A class, because it keeps the next steps in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._name = world.name
        self._hand = random.Random(world.seed)
        self._slips = random.Random(self._hand.getrandbits(64))
        """A separate generator, so that resending does not change which people arrive."""
        self._waiting: list[tuple[datetime, int, dict[str, Any]]] = []
        self._under_way: list[tuple[datetime, int, SimulatedStep, Steps]] = []
        self._count = 0

    def run(self) -> Iterator[tuple[datetime, int, dict[str, Any]]]:
        """Yield each report once nothing that happens later can be reported before it."""
        world = self._world
        market = companies(self._hand, max(1, world.people // PEOPLE_PER_COMPANY))
        hand = random.Random(self._hand.getrandbits(64))
        for steps in office(hand, market, people=world.people, begins=world.begins):
            self._go_on(world.begins, steps)
        for arrived_at, number in self._arrivals():
            yield from self._until(arrived_at)
            someone = person(self._hand, number, market)
            steps = journey(someone, random.Random(self._hand.getrandbits(64)))
            self._go_on(arrived_at, steps)
        yield from self._until(self._world.ends)

    def _arrivals(self) -> Iterator[tuple[datetime, int]]:
        """Yield arrivals over the whole period, so that all people have arrived by its end."""
        begins, ends, people = self._world.begins, self._world.ends, self._world.people
        mean_s = (ends - begins).total_seconds() / max(1, people)
        moment = begins
        for number in range(1, people + 1):
            moment = min(ends, moment + timedelta(seconds=self._hand.expovariate(1 / mean_s)))
            yield moment, number

    def _until(self, moment: datetime) -> Iterator[tuple[datetime, int, dict[str, Any]]]:
        while self._under_way and self._under_way[0][0] <= moment:
            happens_at, _, step, steps = heapq.heappop(self._under_way)
            self._report(happens_at, step)
            self._go_on(happens_at, steps)
        while self._waiting and self._waiting[0][0] <= moment:
            yield heapq.heappop(self._waiting)

    def _go_on(self, moment: datetime, steps: Steps) -> None:
        step = next(steps, None)
        if step is not None:
            self._count += 1
            heapq.heappush(self._under_way, (moment + step.after, self._count, step, steps))

    def _report(self, happened_at: datetime, step: SimulatedStep) -> None:
        self._count += 1
        event = {
            "id": f"{self._name}-{self._count}",
            "source": step.source,
            "time": happened_at.isoformat(timespec="milliseconds"),
            **step.report,
        }
        sent_at = happened_at + step.reported_late_by
        heapq.heappush(self._waiting, (sent_at, self._count, event))
        if self._slips.random() < SENT_TWICE_SHARE:
            self._count += 1
            again_at = sent_at + timedelta(seconds=self._slips.randrange(1, 3600))
            heapq.heappush(self._waiting, (again_at, self._count, event))
