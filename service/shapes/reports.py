"""The shapes of responses about events: their outcomes, and the log."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field

from service.shapes.shape import Moved, Position, ProblemDetails, Shape


class Derived(Shape):
    """An event that the service wrote as a consequence of the reported one."""

    type: str
    position: Position
    subject: str
    moved: NotRequired[Moved]


class Ignored(Shape):
    """An identifier that was ignored because it identifies no one."""

    kind: str
    reason: Annotated[
        str,
        Field(
            description="`placeholder`, `malformed`, `role_mailbox`, `switchboard`, `free_mail`, "
            "`public_suffix` or `shared`."
        ),
    ]


class Recorded(Shape):
    """The event is on disk."""

    status: Literal["recorded"]
    position: Position
    leaf: Annotated[str, Field(description="SHA-256 of 0x00 and the record, in hex.")]
    subject: str
    stage: Annotated[str | None, Field(description="The current stage of the subject.")]
    forwarded_to: NotRequired[
        Annotated[str, Field(description="The lead that received it instead.")]
    ]
    moved: NotRequired[Moved]
    already: NotRequired[Annotated[bool, Field(description="The decision was already in effect.")]]
    ignored: NotRequired[
        Annotated[Sequence[Ignored], Field(description="Identifiers that identify no one.")]
    ]
    derived: NotRequired[Sequence[Derived]]
    late: NotRequired[
        Annotated[
            bool,
            Field(
                description="Something that happened later had been reported before. What follows "
                "from this event is in the restatement, not in `moved` and `derived`."
            ),
        ]
    ]
    restatement: NotRequired[
        Annotated[
            Literal["pending"],
            Field(description="The lead has a long history and is decided again a little later."),
        ]
    ]
    restated: NotRequired[
        Annotated[str, Field(description="Position of the restatement, if anything changed.")]
    ]


class Duplicate(Shape):
    """The same event was recorded before."""

    status: Literal["duplicate"]
    position: Position
    leaf: str


class Refused(Shape):
    """The event was not recorded."""

    status: Literal["refused"]
    problem: ProblemDetails
    refusal: NotRequired[Annotated[str, Field(description="The id of the stored refusal, if any.")]]


ReportedEvent = Recorded | Duplicate | Refused


class Batch(Shape):
    """The outcome of each item, in order."""

    items: Sequence[ReportedEvent]


class Completed(Shape):
    """Timers no longer wait for earlier events."""

    status: Literal["complete"]


class Unknown(Shape):
    """Nothing is recorded under this id."""

    status: Literal["unknown"]


class ComparedRecord(Shape):
    """An event is recorded under this id, and counts."""

    status: Literal["recorded"]
    position: Position
    corrections: Annotated[int, Field(description="Corrections by revisions of the same source.")]
    differs: Annotated[
        Sequence[str],
        Field(
            description="`time`, `type`, `data/` and a declared field, or `person` for the subject "
            "and all personal data; empty: no difference.",
            examples=[["time", "data/value"]],
        ),
    ]
    fields: Annotated[
        dict[str, Any],
        Field(description="What `event.corrected` must contain to make data and time the same."),
    ]


class Voided(Shape):
    """The event recorded under this id no longer counts."""

    status: Literal["voided"]
    position: Position
    by_revision: Annotated[bool, Field(description="Voided by a revision of the same source.")]


class Erased(Shape):
    """The event recorded under this id was about a person who has been erased."""

    status: Literal["erased"]
    position: Position


class ComparedRefusal(Shape):
    """It would be refused. This refusal is not kept."""

    status: Literal["refused"]
    problem: ProblemDetails


ComparedEvent = Unknown | ComparedRecord | Voided | Erased | ComparedRefusal


class Compared(Shape):
    """How each event differs from the one recorded under its id, in order."""

    items: Sequence[ComparedEvent]


class Collected(Shape):
    """The answer to clients of other services."""

    success: Literal[True]


class CaptureResult(Shape):
    """The outcome of one event of a newer PostHog client."""

    result: Literal["ok", "drop", "retry"]
    details: NotRequired[str]


class CaptureResults(Shape):
    """The answer to a newer PostHog client: the outcome of each event by its `uuid`."""

    results: dict[str, CaptureResult]


class RefusedLine(Shape):
    """A line that was not recorded."""

    line: int
    reason: str
    detail: str
    problem: ProblemDetails
    id: NotRequired[str]
    pointer: NotRequired[str]
    refusal: NotRequired[str]


class IgnoredOften(Shape):
    """An identifier that was ignored because it identifies no one, in recorded lines."""

    kind: str
    reason: str
    count: int


class StreamCounts(Shape):
    """What became of the lines."""

    recorded: int
    duplicates: int
    refused: int


class Stream(StreamCounts):
    """The outcomes of the lines."""

    lines: int
    refusals: Annotated[Sequence[RefusedLine], Field(description="The first 1,000.")]
    more_refusals_at: NotRequired[Annotated[str, Field(description="The URL of the rest.")]]
    ignored: NotRequired[
        Annotated[Sequence[IgnoredOften], Field(description="The first 100 kinds.")]
    ]


class Feed(Shape):
    """A stretch of the log."""

    events: Annotated[
        Sequence[dict[str, Any]],
        Field(description="Records, CloudEvents 1.0, as they were stored."),
    ]
    next: Annotated[Position, Field(description="Pass it as `after`.")]
    head: Annotated[Position, Field(description="The last position of the log.")]
