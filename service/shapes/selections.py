"""The shapes of selections and scores, for the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import Field

from service.shapes.reports import Moment, Next, Position, Shape

Amount = Annotated[str, Field(description="Points, exact to the hundredth.", examples=["38.75"])]


class RankedLead(Shape):
    """A candidate in its place."""

    rank: int
    lead: str
    score: Amount
    selected: Annotated[bool, Field(description="False: deferred.")]


class SkippedLead(Shape):
    """A lead that was selected and was no candidate any more when it came to it."""

    lead: str
    reason: str


class Selection(Shape):
    """A run: places = capacity - backlog - requests - selected_before, and never less than 0."""

    id: str
    status: Literal["dry_run", "running", "completed"]
    position: Annotated[Position | None, Field(description="Of the run; null: a dry run.")]
    time: Annotated[Moment | None, Field(description="As of when scores count.")]
    read_at: Annotated[Position, Field(description="The position at which the leads were read.")]
    team: str
    market: Annotated[str | None, Field(description="null: every lead, of whatever market.")]
    starts_on: str
    ends_on: str
    capacity: int
    capacity_declared_at: Annotated[
        Position | None, Field(description="The event that declared it; null: it was given.")
    ]
    backlog: Annotated[int, Field(description="Qualified leads that wait to be screened.")]
    requests: Annotated[
        int, Field(description="Came by a request for contact in the period and wait no more.")
    ]
    selected_before: Annotated[
        int, Field(description="Were selected by earlier runs of the period and wait no more.")
    ]
    places: int
    candidates: int
    selected: int
    deferred: int
    cut_line: Annotated[Amount | None, Field(description="The score of the last selected.")]
    digest: Annotated[str, Field(description="SHA-256 of the ranking, in hex.")]
    qualified: Annotated[int | None, Field(description="null: the run is not completed.")]
    skipped: list[SkippedLead]


class SelectionWithLeads(Selection):
    """A run and a stretch of its ranking."""

    leads: list[RankedLead]
    next: Annotated[int | None, Field(description="Pass it as `after`; null: no more.")]


class Selections(Shape):
    """Runs, the newest first."""

    selections: list[Selection]
    next: Next


class EventPoints(Shape):
    """What one event gave, and what is left of it."""

    rule: str
    label: str | None = None
    position: Position
    type: str | None
    time: Moment
    age_days: Annotated[int, Field(description="Whole days of 24 hours.")]
    points: int
    percent: int
    counts: Amount


class AttributePoints(Shape):
    """What is known of the person, and what it gives."""

    rule: str
    label: str | None = None
    points: int
    saw: Annotated[dict[str, str | int | bool | None], Field(description="What the rule asks.")]


class Score(Shape):
    """A lead's score at a moment: fit is the sum of attributes, interest that of events."""

    lead: str
    as_of: Moment
    as_of_position: Position
    lifecycle: Annotated[int, Field(description="The version that decides the lead.")]
    stage: str | None
    score: Amount
    fit: int
    interest: Amount
    grade: str | None
    grade_label: str | None = None
    next_grade_change: Annotated[
        Moment | None, Field(description="When it changes if nothing happens.")
    ]
    market: str | None
    priority: str | None
    obstacle: Annotated[
        str | None,
        Field(description="Without as_of: what keeps it from being a candidate; null: it is one."),
    ] = None
    attributes: list[AttributePoints]
    events: list[EventPoints]
