"""The shapes of responses about a lead: its state, its history, its conflicts."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.shape import InPass, InStage, Moment, Moved, Next, Position, Shape

_WithPass = TypedDict("_WithPass", {"pass": NotRequired[int | None]})
_WithOthers = TypedDict(
    "_WithOthers",
    {
        "with": NotRequired[
            Annotated[Sequence[str], Field(description="The other leads or accounts.")]
        ]
    },
)


class RunningDeadline(Shape):
    """A deadline that is not met yet."""

    due_at: Moment
    breached: bool


class Awaited(Shape):
    """Whether a restatement is still to come, for a lead with a long history."""

    restatement: NotRequired[
        Annotated[
            Literal["pending"],
            Field(description="Late reports will be taken into account in some seconds."),
        ]
    ]


class State(InStage, InPass, Awaited):
    """What is known about a lead after its events so far."""

    entered_at: Moment | None
    entered: Sequence[str]
    known: bool
    acquired_at: Annotated[Moment | None, Field(description="When the lead became known to us.")]
    origin: Annotated[
        str | None, Field(description="null: undetermined, because the person is not known yet.")
    ]
    channel: str | None
    owner: Annotated[str | None, Field(description="The person now in charge.")]
    owners: Annotated[
        dict[str, str],
        Field(description="Department → its person, kept after the lead moves to another one."),
    ]
    grade: str | None
    market: str | None
    priority: str | None
    team: str | None
    reseller: Annotated[str | None, Field(description="The reseller working on it in this pass.")]
    account: str | None
    attributes: dict[str, Any]
    opportunities: Annotated[
        dict[str, str], Field(description="Deal, as `source/number` → open, won or lost.")
    ]
    orders: Annotated[
        dict[str, str], Field(description="Order, as `source/number` → valid or cancelled.")
    ]
    screened_as: Annotated[str | None, Field(description="The result of the last completed call.")]
    revisit_on: Annotated[str | None, Field(description="The day to contact the lead again.")]
    blocks: Annotated[
        dict[str, str], Field(description="Channel → the type of the event that closed it.")
    ]
    flags: Annotated[
        dict[str, str],
        Field(
            description="What a person should know: `direct_enquiry` (a lead of marketing's that "
            "turned to sales or a reseller on its own, with that origin), `origin` (disputed), or "
            "a reason that would exclude a lead that can no longer be excluded, with the event "
            "that reported it."
        ),
    ]
    deadlines: Annotated[
        dict[str, RunningDeadline], Field(description="Unanswered ones of the current stay.")
    ]
    absorbed_by: str | None
    absorbs: Sequence[str]
    parted_from: Annotated[
        Sequence[str],
        Field(description="Leads of other people, with whom its reports were once confused."),
    ]


class Forwarding(Shape):
    forwarded_from: NotRequired[str]


class Lead(State, Forwarding):
    """A lead in its current state."""

    id: str
    subject: str
    version: int
    position: Annotated[Position, Field(description="The position of its last event.")]
    as_of_position: Position


class Who(Shape):
    actor: NotRequired[
        Annotated[
            str,
            Field(
                description="As claimed by the sender, with personal:read; "
                "or the service's own name."
            ),
        ]
    ]
    key: NotRequired[str]
    department: NotRequired[str]


class Cause(Shape):
    position: Position
    type: str | None


class Why(Shape):
    """The reasons that the event itself carries."""

    cause: NotRequired[Cause | None]
    kind: NotRequired[str | None]
    passed_over: NotRequired[Sequence[str]]
    reason: NotRequired[str | None]
    fact: NotRequired[Cause]
    late: NotRequired[
        Annotated[
            bool,
            Field(
                description="Reported late: it counts from its own time, by the restatement that "
                "follows."
            ),
        ]
    ]
    late_label: NotRequired[
        Annotated[str, Field(description="Since when it counts, in words. Only with lang.")]
    ]
    already: NotRequired[bool]


class HistoryEvent(_WithPass, Shape):
    """One event of a lead."""

    position: Position
    type: str
    type_label: NotRequired[Annotated[str | None, Field(description="Only with lang.")]]
    subject: str
    source: str
    id: str
    time: Moment
    recorded_time: Moment
    claimed_time: NotRequired[Moment]
    effective_time: NotRequired[Moment]
    who: Who
    stage_before: str | None
    stage_after: str | None
    moved: NotRequired[Moved]
    moved_labels: NotRequired[Annotated[Moved, Field(description="Only with lang.")]]
    forwarded_to: NotRequired[str]
    absorbed: NotRequired[Annotated[bool, Field(description="It is about an absorbed lead.")]]
    moved_from: NotRequired[
        Annotated[
            str, Field(description="The lead that it was recorded for before it was moved here.")
        ]
    ]
    moved_to: NotRequired[
        Annotated[
            str,
            Field(description="The lead it turned out to belong to; here it no longer counts."),
        ]
    ]
    counts: NotRequired[
        Annotated[bool, Field(description="false: voided, or not legal on what is known now.")]
    ]
    corrected_by: NotRequired[
        Annotated[Sequence[Position], Field(description="The events that correct it.")]
    ]
    why: NotRequired[Why]
    data: NotRequired[dict[str, Any]]
    personal: NotRequired[Annotated[dict[str, Any], Field(description="Only with personal:read.")]]
    lifecycle: int


class History(Shape):
    lead: str
    events: Sequence[HistoryEvent]
    next: Next
    as_of_position: Position


class Conflict(_WithOthers, Shape):
    """Something that a person has to judge."""

    position: Position
    lead: NotRequired[str]
    account: NotRequired[Annotated[str, Field(description="For `same_name`, instead of the lead.")]]
    time: Moment
    kind: Annotated[
        str,
        Field(
            description="`identifiers`, `shared_identifier`, `same_name`, `decisions` or "
            "`lead-set-aside`."
        ),
    ]
    shared: NotRequired[
        Annotated[
            Sequence[str], Field(description="Kinds of identifiers reported for several people.")
        ]
    ]
    decisions: NotRequired[Annotated[Sequence[Position], Field(description="Their positions.")]]
    error: NotRequired[Annotated[str, Field(description="The kind of error met by the lead.")]]
    place: NotRequired[Annotated[str, Field(description="The place in the code that raised it.")]]
    tries: NotRequired[Annotated[int, Field(description="How often the lead has met it.")]]
    retry_time: NotRequired[Annotated[Moment, Field(description="The time of the next retry.")]]


class Conflicts(Shape):
    conflicts: Sequence[Conflict]
    next: Next
    as_of_position: Position


class Restored(Shape):
    """A lead that was set aside is active again."""

    lead: str
    status: Literal["restored"]


class Step(Shape):
    """An event and the state after it."""

    position: Position
    type: str
    time: Moment
    recorded_time: Moment
    effective_time: NotRequired[Moment]
    moved: NotRequired[Moved]
    state: State


class Replay(Shape):
    lead: str
    steps: Sequence[Step]
    next: Next
    as_of_position: Position


class LastState(Shape):
    """With `last=true`; null: the lead had no event yet."""

    lead: str
    last: Step | None
    as_of_position: Position
