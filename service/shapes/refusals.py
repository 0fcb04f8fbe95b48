"""The shapes of responses about refusals, and about how much came in."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.reports import Duplicate, Recorded, Refused
from service.shapes.shape import Moment, Position, ProblemDetails, Shape


class RetriedRecorded(Recorded):
    refusal: str


class RetriedDuplicate(Duplicate):
    refusal: str


RetriedRefusal = RetriedRecorded | RetriedDuplicate | Refused


class RetriedRefusals(Shape):
    """The outcome of each, in order."""

    items: Sequence[RetriedRefusal]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]


class Refusal(Shape):
    """The reason why input was not recorded, and its status."""

    refusal: str
    status: Literal["open", "retried", "dismissed"]
    received_time: Annotated[Moment, Field(description="The first receipt.")]
    last_received_time: Moment
    times: Annotated[int, Field(description="How often it came, counted once per transaction.")]
    retries: int
    key: str
    source: Annotated[str | None, Field(description="Only with personal:read.")]
    id: Annotated[str | None, Field(description="Only with personal:read.")]
    type: Annotated[
        str | None, Field(description="A type of the lifecycle; any other with personal:read.")
    ]
    dialect: Annotated[str, Field(description="The dialect in which it was sent.")]
    reason: Annotated[str, Field(description="The reason of its latest refusal.")]
    problem: ProblemDetails
    position: NotRequired[Annotated[Position, Field(description="The event that it became.")]]
    settled_time: NotRequired[Moment]
    settled_by: NotRequired[Annotated[str, Field(description="The key that settled it.")]]
    dismissal: NotRequired[Annotated[str, Field(description="The reason, with personal:read.")]]
    content: NotRequired[Annotated[str, Field(description="The bytes, with personal:read.")]]


class Refusals(Shape):
    refusals: Sequence[Refusal]
    next: Annotated[str | None, Field(description="Pass it as `before`; null: no more.")]


_Period = TypedDict("_Period", {"from": str})


class IntakeReason(Shape):
    """A reason of refusals, and how often it was given."""

    reason: str
    items: int
    is_kept: Annotated[bool, Field(description="Whether GET /v1/refusals lists them.")]


class IntakeCounts(Shape):
    """What became of the items: received = recorded + duplicates + refused + ignored."""

    received: int
    recorded: Annotated[int, Field(description="As many events as the log has of them.")]
    duplicates: Annotated[int, Field(description="Sent again, and recorded before.")]
    refused: Annotated[int, Field(description="Refused and kept: GET /v1/refusals lists them.")]
    ignored: Annotated[
        int, Field(description="Refused and not kept: only the sender got the reason.")
    ]
    reasons: Annotated[
        Sequence[IntakeReason],
        Field(description="Those of what was refused or ignored, the most frequent first."),
    ]


_NamedSource = Annotated[
    str | None,
    Field(
        description="null: together, those that are neither in the log nor listed by a key, and "
        "those beyond the first 200 of a day."
    ),
]


class IntakeDay(IntakeCounts):
    """What came in from one source on one day."""

    day: Annotated[str, Field(examples=["2026-11-22"])]
    source: _NamedSource


class IntakeSource(IntakeCounts):
    """What came in from one source in the period, and when it was last heard."""

    source: _NamedSource
    last_event_time: Annotated[
        Moment | None, Field(description="When its last event was recorded.")
    ]
    last_received_time: Annotated[
        Moment | None, Field(description="When it was last answered, whatever the outcome.")
    ]
    usual_gap_days: Annotated[
        int | None,
        Field(
            description="The 95th percentile of the days from one on which it was heard to the "
            "next, in the 28 days up to its last; null with fewer than three."
        ),
    ]
    silent_days: Annotated[
        int | None, Field(description="Days since the last on which it was heard.")
    ]
    is_silent: Annotated[bool, Field(description="Whether that is more than usual.")]


class Intake(_Period, Shape):
    """How much came in, day by day. The days are those of the lifecycle's time zone."""

    to: str
    zone: str
    days: Sequence[IntakeDay]
    sources: Annotated[
        Sequence[IntakeSource],
        Field(description="Those of the period, and all that were heard in the last 120 days."),
    ]
    total: IntakeCounts
