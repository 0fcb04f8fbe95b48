"""The shapes of responses about deadlines, for the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import Field

from service.shapes.reports import Moment, Position, Shape

Status = Literal["open", "breached", "met", "late", "left"]


class Deadline(Shape):
    """Something that has to be done about a lead in time."""

    lead: Annotated[str, Field(description="The ledger's id for the lead.")]
    deadline: Annotated[str, Field(description="Its code in the lifecycle.")]
    deadline_label: str | None = None
    status: Annotated[
        Status,
        Field(
            description="open: it is running. breached: it has passed and is unanswered. met: "
            "answered in time, judged by when that happened. late: answered after it was due. "
            "left: the lead left the stage in another way."
        ),
    ]
    stage: Annotated[str | None, Field(description="The stage in which it started.")]
    stage_label: str | None = None
    owner: str | None
    team: str | None
    started_at: Moment
    due_at: Moment
    settled_at: Annotated[
        Moment | None, Field(description="When it was answered, or the lead left.")
    ]
    position: Annotated[Position, Field(description="The event that started it.")]
    breached: Annotated[
        Position | None,
        Field(description="The event of the breach, even if a later report has restated it."),
    ]
    settled: Position | None


class Deadlines(Shape):
    deadlines: list[Deadline]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]
    as_of_position: Position
