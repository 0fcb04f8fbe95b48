"""The shapes of selections and scores."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.shapes.shape import Moment, Next, Position, Shape

Amount = Annotated[str, Field(description="Points, exact to the hundredth.", examples=["38.75"])]


class RankedLead(Shape):
    """A candidate and its rank."""

    rank: int
    lead: str
    score: Amount
    selected: Annotated[bool, Field(description="false: deferred.")]


class SkippedLead(Shape):
    """A lead that was selected but no longer a candidate when its turn came."""

    lead: str
    reason: str


class SelectionFound(Shape):
    """What a run found: places = capacity - backlog - requests - selected_before, at least 0."""

    id: str
    read_at: Annotated[Position, Field(description="The position at which the leads were read.")]
    team: str
    market: Annotated[str | None, Field(description="null: leads of all markets.")]
    starts_on: str
    ends_on: str
    capacity: int
    capacity_declared_at: Annotated[
        Position | None,
        Field(description="The event that declared it; null: given in the request."),
    ]
    backlog: Annotated[int, Field(description="Qualified leads waiting to be screened.")]
    requests: Annotated[
        int, Field(description="Leads that asked for contact in the period and no longer wait.")
    ]
    selected_before: Annotated[
        int, Field(description="Leads selected by earlier runs of the period that no longer wait.")
    ]
    places: int
    candidates: int
    selected: int
    deferred: int
    cut_line: Annotated[Amount | None, Field(description="The score of the last selected.")]
    digest: Annotated[str, Field(description="SHA-256 of the ranking, in hex.")]


class Selection(SelectionFound):
    """A run: places = capacity - backlog - requests - selected_before, but at least 0."""

    status: Literal["dry_run", "running", "completed"]
    position: Annotated[Position | None, Field(description="The run's position; null: a dry run.")]
    time: Annotated[Moment | None, Field(description="The time at which scores are taken.")]
    qualified: Annotated[int | None, Field(description="null: the run is not complete.")]
    skipped: Sequence[SkippedLead]


class RankingStretch(Shape):
    leads: Sequence[RankedLead]
    next: Annotated[int | None, Field(description="Pass it as `after`; null: no more.")]


class SelectionWithLeads(Selection, RankingStretch):
    """A run and part of its ranking."""


class Selections(Shape):
    """Runs, newest first."""

    selections: Sequence[Selection]
    next: Next


class EventPoints(Shape):
    """The points that one event gave, and what is left of them."""

    rule: str
    label: NotRequired[str | None]
    position: Position
    type: str | None
    time: Moment
    age_days: Annotated[int, Field(description="Whole days of 24 hours.")]
    points: int
    percent: int
    counts: Amount


class AttributePoints(Shape):
    """A known attribute of the person, and the points that it gives."""

    rule: str
    label: NotRequired[str | None]
    points: int
    saw: Annotated[dict[str, str | int | bool | None], Field(description="The rule's inputs.")]


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
    grade_label: NotRequired[str | None]
    next_grade_change: Annotated[
        Moment | None, Field(description="When the grade changes if nothing else happens.")
    ]
    market: str | None
    priority: str | None
    obstacle: NotRequired[
        Annotated[
            str | None,
            Field(
                description="Without as_of: what prevents it from being a candidate; "
                "null: it is one."
            ),
        ]
    ]
    attributes: Sequence[AttributePoints]
    events: Sequence[EventPoints]
