"""All journeys at once, in the order of reporting."""

import heapq
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain, count
from typing import Any, NamedTuple

from service.command.simulating.market import person
from service.command.simulating.playing import Player, SimulatedStep, Steps, journeys

_MONTH = timedelta(days=30)
_SENT_TWICE_SHARE = 0.01
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
    name, slips, numbers = world.name, random.Random(world.seed), count(1)
    waiting: list[tuple[datetime, int, dict[str, Any]]] = []
    for step in _happening(world):
        # What happens from now on is reported later than what is due by now.
        while waiting and waiting[0][0] <= step.happens_at:
            yield heapq.heappop(waiting)[2]
        event = {"id": f"{name}-{next(numbers)}", **step.event}
        heapq.heappush(waiting, (step.reported_at, next(numbers), event))
        if slips.random() < _SENT_TWICE_SHARE:
            again_at = step.reported_at + timedelta(seconds=slips.randrange(1, 3600))
            heapq.heappush(waiting, (again_at, next(numbers), event))
    while waiting and waiting[0][0] <= world.ends:
        yield heapq.heappop(waiting)[2]


def _happening(world: World) -> Iterator[SimulatedStep]:
    """Generate all that happens within the period, in order."""
    under_way: list[tuple[datetime, int, SimulatedStep, Steps]] = []
    numbers = count()

    def go_on(steps: Steps) -> None:
        if (step := next(steps, None)) is not None:
            heapq.heappush(under_way, (step.happens_at, next(numbers), step, steps))

    for begins_at, steps in chain(_beginning(world), [(world.ends, None)]):
        while under_way and under_way[0][0] <= begins_at:
            _, _, step, others = heapq.heappop(under_way)
            yield step
            go_on(others)
        if steps is not None:
            go_on(steps)


def _beginning(world: World) -> Iterator[tuple[datetime, Steps]]:
    """Generate all journeys, by their beginnings; all people arrive within the period."""
    hand, moment = random.Random(world.seed), world.begins
    mean_s = (world.ends - world.begins).total_seconds() / world.people
    # More can be called in a week than wait for it: no one here clears a backlog.
    monthly = world.people * _MONTH / (world.ends - world.begins)
    shares = {"MQLs": 0.3, "SQLs": 0.2, "deals": 0.15, "orders": 0.1}
    planned = {name: str(int(monthly * share) + 1) for name, share in shares.items()}
    names = {"calls": world.people // 12 + 5, **planned}
    for number in range(world.people + 1):
        someone = person(hand, number, world.people)
        for block in ("person",) if number else ("capacity", "targets", "costs"):
            own_hand = random.Random(hand.getrandbits(64))
            player = Player(own_hand, someone, moment, dict(names), journeys())
            yield moment, player.play(block)
        late = timedelta(seconds=hand.expovariate(1 / mean_s))
        moment = min(world.ends, moment + late)
