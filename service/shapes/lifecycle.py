"""The shapes of responses about the lifecycle, and about publishing one."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from service.shapes.shape import Position, Shape

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class Words(Shape):
    label: dict[str, str]
    definition: dict[str, str]
    aliases: Sequence[str]


class Term(Words):
    code: str


class Side(Term):
    origins: Sequence[str]


class TargetFigure(Term):
    departments: Annotated[
        Sequence[str], Field(description="The departments it belongs to by default.")
    ]
    amount: Annotated[bool, Field(description="true: an amount of money; false: a number.")]


class Stage(Term):
    phase: str | None
    department: str | None


class Track(Shape):
    path: Sequence[str]
    stages: Sequence[Stage]
    diagram: Annotated[str, Field(description="Mermaid.")]


class EventField(Shape):
    name: str
    type: str
    required: bool
    values: Sequence[str]


class EventType(Words):
    type: str
    kind: str
    subject: str
    scope: Annotated[str | None, Field(description="null: only the service writes it.")]
    departments: Sequence[str]
    fields: Sequence[EventField]


class LeadListDefinition(Term):
    acquired_within_days: int | None
    held_before_days: int | None
    by: Sequence[str]


class Complaint(Shape):
    line: int
    path: str
    message: str
    fatal: Annotated[bool, Field(description="false: a warning.")]


class Published(Shape):
    """The lifecycle is in force."""

    status: Literal["recorded", "duplicate"]
    position: Position
    leaf: str
    version: int
    complaints: Sequence[Complaint]


class Disappearing(Shape):
    """A stage that still has leads or accounts, and that the new lifecycle lacks."""

    track: Literal["lead", "account"]
    stage: str
    standing: int
    to: Annotated[str | None, Field(description="The stage to which the stage map moves them.")]


class Objection(Shape):
    code: str
    detail: str


class PublicationTried(Shape):
    """What publishing would do; nothing was changed."""

    status: Literal["allowed", "refused"]
    version: int
    changes: Annotated[
        Sequence[str], Field(description="Changes to the lifecycle in force, in words.")
    ]
    disappearing: Sequence[Disappearing]
    complaints: Sequence[Complaint]
    problem: Objection | None


class LifecycleVersion(Shape):
    version: int
    name: str
    position: Position
    stage_map: dict[str, str]


class LifecycleVersions(Shape):
    versions: Sequence[LifecycleVersion]


class CalendarChange(Shape):
    """A period, inclusive, in which the calendar differs from the lifecycle's text."""

    calendar: str
    starts_on: Day
    ends_on: Day
    closed: Annotated[bool, Field(description="false: holidays and closures are working days.")]
    hours: Annotated[
        str | None,
        Field(description="The working hours; null: those of the day of the week."),
    ]


class Lifecycle(Words):
    """A definition that is or was in force."""

    name: str
    version: int
    position: Position
    time_zone: str
    languages: Sequence[str]
    phases: Sequence[Term]
    departments: Sequence[Term]
    reasons: Sequence[Term]
    classes: Sequence[Term]
    origins: Sequence[Term]
    sides: Sequence[Side]
    markets: Sequence[Term]
    priorities: Sequence[Term]
    outcomes: Sequence[Term]
    segments: Sequence[Term]
    account_roles: Sequence[Term]
    industries: Sequence[Term]
    jobs: Sequence[Term]
    positions: Sequence[Term]
    regions: Sequence[Term]
    target_figures: Sequence[TargetFigure]
    grades: Annotated[Sequence[Term], Field(description="Best first.")]
    lead: Track
    account: Track
    lists: Sequence[LeadListDefinition]
    guards: Sequence[Term]
    events: Sequence[EventType]
    calendar_changes: Annotated[
        Sequence[CalendarChange],
        Field(description="Decided by `calendar.changed`; for each day, the latest one applies."),
    ]
    text: Annotated[str, Field(description="The published text, as YAML.")]
