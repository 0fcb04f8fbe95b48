"""The shapes of responses about deadlines."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field

from projections.deadlines.projection import Status
from service.shapes.shape import Moment, Position, Shape


class DeadlineLabel(Shape):
    deadline_label: NotRequired[str]


class Deadline(DeadlineLabel):
    """Something that has to be done about a lead in time."""

    lead: Annotated[str, Field(description="The ledger's id for the lead.")]
    deadline: Annotated[str, Field(description="Its code in the lifecycle.")]
    status: Annotated[
        Status,
        Field(
            description="open: it is running. breached: it has passed and is unanswered. met: "
            "answered in time, judged by when that happened. late: answered after it was due. "
            "left: the lead left the stage in another way."
        ),
    ]
    stage: Annotated[str | None, Field(description="The stage in which it started.")]
    stage_label: NotRequired[str | None]
    owner: str | None
    team: str | None
    started_at: Moment
    due_at: Moment
    settled_at: Annotated[
        Moment | None, Field(description="When it was answered, or the lead left.")
    ]
    position: Annotated[
        Position,
        Field(
            description="The event that started it; after a restatement, the report from which "
            "that follows. The same applies to `breached` and `settled`."
        ),
    ]
    breached: Annotated[Position | None, Field(description="The event of the breach.")]
    settled: Position | None


class Deadlines(Shape):
    deadlines: Sequence[Deadline]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]
    as_of_position: Position
