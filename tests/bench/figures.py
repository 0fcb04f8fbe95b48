"""The result of a bench: a figure, its floor, their ratio, and the aim."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Aim(NamedTuple):
    """A bound for a ratio: rates should reach it, and times should stay below it."""

    bound: float
    is_least: bool

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}"


def at_least(bound: float) -> Aim:
    return Aim(bound, is_least=True)


def at_most(bound: float) -> Aim:
    return Aim(bound, is_least=False)


class Pair(NamedTuple):
    """Both values of one round, measured one after another."""

    floor: float
    measured: float

    @property
    def ratio(self) -> float:
        return self.measured / self.floor


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. Without a floor there is no ratio, and the aim applies to the value."""

    name: str
    unit: str
    measured: float
    floor: float | None = None
    ratio: float | None = None
    lowest: float | None = None
    highest: float | None = None
    """The lowest and highest ratio of any round: how noisy the machine was."""
    aim: Aim | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        judged = self.measured if self.ratio is None else self.ratio
        return None if self.aim is None else self.aim.is_met(judged)

    def as_json(self) -> dict[str, Any]:
        return {
            "figure": self.name,
            "unit": self.unit,
            "measured": self.measured,
            "floor": self.floor,
            "ratio": self.ratio,
            "lowest": self.lowest,
            "highest": self.highest,
            "aim": None if self.aim is None else str(self.aim),
            "met": self.is_met,
            "note": self.note,
        }


def figure_of(
    name: str, pairs: Sequence[Pair], *, unit: str, aim: Aim | None, note: str = ""
) -> Figure:
    """Make a figure from interleaved rounds.

    The ratio is the median of the rounds' own ratios: whatever slows the machine for a second slows
    both halves of a round.
    """
    ratios = [pair.ratio for pair in pairs]
    return Figure(
        name,
        unit,
        measured=statistics.median(pair.measured for pair in pairs),
        floor=statistics.median(pair.floor for pair in pairs),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        aim=aim,
        note=note,
    )


async def in_rounds(
    rounds: int,
    *,
    floor: Callable[[int], Awaitable[float]],
    measured: Callable[[int], Awaitable[float]],
) -> list[Pair]:
    """Measure floor and figure alternately for `rounds` rounds; each gets the round's number."""
    return [Pair(await floor(number), await measured(number)) for number in range(rounds)]
