"""The shapes of responses about funnel and lifecycle, for the OpenAPI document."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from service.shapes.reports import Moment, Position, Shape


class StageFigures(Shape):
    stage: str
    stage_label: str | None = None
    standing: int
    entered: int
    reached: Annotated[int, Field(description="Entered this stage or a later one.")]


class TrackFigures(Shape):
    unplaced: int
    stages: list[StageFigures]


class FunnelPart(Shape):
    value: Annotated[str | None, Field(description="null: not reported.")]
    value_label: str | None = None
    leads: TrackFigures
    accounts: TrackFigures


class Funnel(Shape):
    """Who is in each stage, and who ever got how far."""

    as_of_position: Position
    lifecycle: Annotated[int | None, Field(description="The version in force at that moment.")]
    as_of: Moment | None
    by: str | None
    leads: TrackFigures
    accounts: TrackFigures
    parts: list[FunnelPart]


class StageFlow(Shape):
    """after = before + entries + reentries - exits."""

    stage: str
    stage_label: str | None = None
    before: int
    entries: int
    reentries: int
    exits: Annotated[dict[str, int], Field(description="By how the stay ended.")]
    after: int


class FlowPart(Shape):
    value: str | None
    value_label: str | None = None
    leads: list[StageFlow]
    accounts: list[StageFlow]


class Flow(Shape):
    """Who entered and left each stage in a period."""

    as_of_position: Position
    lifecycle: int | None
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    by: str | None
    leads: list[StageFlow]
    accounts: list[StageFlow]
    parts: list[FlowPart]


class Words(Shape):
    label: dict[str, str]
    definition: dict[str, str]
    aliases: list[str]


class Term(Words):
    code: str


class Side(Term):
    origins: list[str]


class TargetFigure(Term):
    departments: Annotated[
        list[str], Field(description="The departments it belongs to by default.")
    ]
    amount: Annotated[bool, Field(description="true: an amount of money; false: a number.")]


class Stage(Term):
    phase: str | None
    department: str | None


class Track(Shape):
    path: list[str]
    stages: list[Stage]
    diagram: Annotated[str, Field(description="Mermaid.")]


class EventField(Shape):
    name: str
    type: str
    required: bool
    values: list[str]


class EventType(Words):
    type: str
    kind: str
    subject: str
    scope: Annotated[str | None, Field(description="null: only the service writes it.")]
    departments: list[str]
    fields: list[EventField]


class LeadListDefinition(Term):
    acquired_within_days: int | None
    held_before_days: int | None
    by: list[str]


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
    complaints: list[Complaint]


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
    changes: Annotated[list[str], Field(description="Changes to the lifecycle in force, in words.")]
    disappearing: list[Disappearing]
    complaints: list[Complaint]
    problem: Objection | None


class LifecycleVersion(Shape):
    version: int
    name: str
    position: Position
    stage_map: dict[str, str]


class LifecycleVersions(Shape):
    versions: list[LifecycleVersion]


class CalendarChange(Shape):
    """A period, inclusive, in which the calendar differs from the lifecycle's text."""

    calendar: str
    starts_on: date
    ends_on: date
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
    languages: list[str]
    phases: list[Term]
    departments: list[Term]
    reasons: list[Term]
    classes: list[Term]
    origins: list[Term]
    sides: list[Side]
    markets: list[Term]
    priorities: list[Term]
    outcomes: list[Term]
    segments: list[Term]
    account_roles: list[Term]
    industries: list[Term]
    jobs: list[Term]
    positions: list[Term]
    regions: list[Term]
    target_figures: list[TargetFigure]
    grades: Annotated[list[Term], Field(description="Best first.")]
    lead: Track
    account: Track
    lists: list[LeadListDefinition]
    guards: list[Term]
    events: list[EventType]
    calendar_changes: Annotated[
        list[CalendarChange],
        Field(description="Decided by `calendar.changed`; for each day, the latest one applies."),
    ]
    text: Annotated[str, Field(description="The published text, as YAML.")]
