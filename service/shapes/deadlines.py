"""The shapes of answers about deadlines, for the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import Field

from service.shapes.reports import Moment, Position, Shape

Status = Literal["open", "breached", "met", "late", "left"]


class Deadline(Shape):
    """Something that somebody has to do with a lead in time."""

    lead: Annotated[str, Field(description="The ledger's own id of the lead.")]
    deadline: Annotated[str, Field(description="The code that the lifecycle gives it.")]
    deadline_label: str | None = None
    status: Annotated[
        Status,
        Field(
            description="open: it runs. breached: it has passed, and nobody has answered yet. met: "
            "answered in time, by when that happened. late: answered after it was due. left: the "
            "lead left the stage otherwise."
        ),
    ]
    stage: Annotated[str | None, Field(description="The stage in which it started.")]
    stage_label: str | None = None
    owner: str | None
    team: str | None
    started_at: Moment
    due_at: Moment
    settled_at: Annotated[Moment | None, Field(description="When it was answered, or left.")]
    position: Annotated[Position, Field(description="Of the event that started it.")]
    breached: Annotated[
        Position | None,
        Field(description="The event of the breach, even where a later report has restated it."),
    ]
    settled: Position | None


class Deadlines(Shape):
    deadlines: list[Deadline]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]
    as_of_position: Position
