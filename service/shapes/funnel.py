"""The shapes of responses about the funnel: figures and flow."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.shape import Moment, Position, Shape


class StageLabel(Shape):
    stage_label: NotRequired[str]


class StageFigures(StageLabel):
    """The figures of one stage."""

    stage: str
    standing: int
    entered: int
    reached: Annotated[int, Field(description="Entered this stage or a later one.")]


class TrackFigures(Shape):
    unplaced: int
    stages: Sequence[StageFigures]


class PartValue(Shape):
    """The value that the leads and accounts of a part have in common."""

    value: Annotated[str | None, Field(description="null: not reported.")]
    value_label: NotRequired[str]


class TracksFigures(Shape):
    leads: TrackFigures
    accounts: TrackFigures


class FunnelPart(PartValue, TracksFigures):
    """The figures of one part."""


class Funnel(TracksFigures):
    """Who is in each stage, and who ever got how far."""

    as_of_position: Position
    lifecycle: Annotated[int | None, Field(description="The version in force at that moment.")]
    as_of: Moment | None
    by: str | None
    parts: Sequence[FunnelPart]


class StageFlow(StageLabel):
    """after = before + entries + reentries - exits."""

    stage: str
    before: int
    entries: int
    reentries: int
    exits: Annotated[dict[str, int], Field(description="By how the stay ended.")]
    after: int


class TracksFlow(Shape):
    leads: Sequence[StageFlow]
    accounts: Sequence[StageFlow]


class FlowPart(PartValue, TracksFlow):
    """The flow of one part."""


_Since = TypedDict("_Since", {"from": Moment})


class Flow(_Since, TracksFlow):
    """Who entered and left each stage in a period."""

    as_of_position: Position
    lifecycle: int | None
    to: Moment
    by: str | None
    parts: Sequence[FlowPart]
