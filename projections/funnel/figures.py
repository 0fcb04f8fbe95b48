"""The figures of the funnel as values: what a query answers."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Breakdown(StrEnum):
    """By what the figures are parted, as it was at the entry into the stage."""

    NONE = "none"
    ORIGIN = "origin"
    CHANNEL = "channel"
    MONTH = "month"


class StageFigures(NamedTuple):
    """One stage of the funnel."""

    stage: str
    standing: int
    """Passes that stand there."""
    entered: int
    """Passes that have ever entered it; a second entry of the same pass does not count."""
    reached: int
    """Passes that have ever entered it or a stage beyond it on the path. Beside the path: as
    entered."""


class FunnelPart(NamedTuple):
    """The funnel of those who share one value of the breakdown."""

    value: str | None
    """None where nothing was told, which is not the value `unknown`; and for the total."""
    leads: tuple[StageFigures, ...]
    """The path, then the stages beside it, then those that the lifecycle no longer has."""
    leads_unplaced: int
    accounts: tuple[StageFigures, ...]
    accounts_unplaced: int


class Funnel(NamedTuple):
    """The funnel, and what it was read from."""

    position: int
    """Of the last event that it takes into account."""
    lifecycle_version: int | None
    """Of the lifecycle in force at that position, whose path tells what is beyond a stage."""
    as_of: datetime | None
    """None: all that was known at the position."""
    breakdown: Breakdown
    total: FunnelPart
    parts: tuple[FunnelPart, ...]
    """One for each value, the one for nothing told last. Empty without a breakdown."""


class StageFlow(NamedTuple):
    """Who came to a stage and left it in a period: after = before + entries + reentries - exits."""

    stage: str
    before: int
    entries: int
    reentries: int
    """By passes that had been there before."""
    exits: Mapping[str, int]
    """By how the stay ended (`MoveKind`); the sum is all exits."""
    after: int


class FlowPart(NamedTuple):
    """The flow of those who share one value of the breakdown."""

    value: str | None
    leads: tuple[StageFlow, ...]
    """Like the funnel's, but with the unplaced first, under the name `unplaced`."""
    accounts: tuple[StageFlow, ...]


class Flow(NamedTuple):
    """Entries and exits from `since` until before `until`.

    `before` and `after` are the stock just before these two moments: what happens at the moment
    itself belongs to the period that it begins, so that months add up to years.
    """

    position: int
    lifecycle_version: int | None
    since: datetime
    until: datetime
    breakdown: Breakdown
    total: FlowPart
    parts: tuple[FlowPart, ...]
