"""The figures of the funnel as values: the results of queries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Breakdown(StrEnum):
    """The attribute that figures are grouped by, with its value at the entry into the stage."""

    NONE = "none"
    ORIGIN = "origin"
    CHANNEL = "channel"
    MONTH = "month"


class StageFigures(NamedTuple):
    """One stage of the funnel."""

    stage: str
    standing: int
    """Passes that are there now."""
    entered: int
    """Passes that have ever entered it; a second entry of the same pass does not count."""
    reached: int
    """Passes that have ever entered it or a stage beyond it on the path. For a stage that is not on
    the path, equal to `entered`."""


class FunnelPart(NamedTuple):
    """The funnel of the leads and accounts that share one value of the breakdown."""

    value: str | None
    """None for the total, and if nothing was reported, which is not the value `unknown`."""
    leads: tuple[StageFigures, ...]
    """The path, then stages that are not on it, then stages that the lifecycle no longer has."""
    leads_unplaced: int
    accounts: tuple[StageFigures, ...]
    accounts_unplaced: int


class Funnel(NamedTuple):
    """The funnel, and the state that it was read from."""

    position: int
    """Position of the last event that it includes."""
    lifecycle_version: int | None
    """Version of the lifecycle in force at that position, whose path defines the stages beyond."""
    as_of: datetime | None
    """None: everything known at the position."""
    breakdown: Breakdown
    total: FunnelPart
    parts: tuple[FunnelPart, ...]
    """One for each value, the unreported one last. Empty without a breakdown."""


class StageFlow(NamedTuple):
    """Entries and exits of a stage in a period: after = before + entries + reentries - exits."""

    stage: str
    before: int
    entries: int
    reentries: int
    """Entries by passes that had been there before."""
    exits: Mapping[str, int]
    """Exits by how the stay ended (`MoveKind`). The sum is all exits."""
    after: int


class FlowPart(NamedTuple):
    """The flow of the leads and accounts that share one value of the breakdown."""

    value: str | None
    leads: tuple[StageFlow, ...]
    """Ordered like the funnel's, but with unplaced leads first, under the name `unplaced`."""
    accounts: tuple[StageFlow, ...]


class Flow(NamedTuple):
    """Entries and exits from `since` until before `until`.

    `before` and `after` are the stock just before these two moments. An event at a boundary belongs
    to the period that starts there, so that months add up to years.
    """

    position: int
    lifecycle_version: int | None
    since: datetime
    until: datetime
    breakdown: Breakdown
    total: FlowPart
    parts: tuple[FlowPart, ...]


class KnownStay(NamedTuple):
    """A stay of one lead."""

    stage: str
    pass_number: int
    entered_at: datetime
    entry_position: int
    left_at: datetime | None
    """None: it has not ended."""
    exit_kind: str | None
