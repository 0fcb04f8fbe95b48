"""The shapes of responses, for the OpenAPI document.

No response is built from these: each is built by the code that has its data, and the tests compare
them with these shapes. Positions are strings of digits, because JSON numbers are exact only up to
53 bits.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Position = Annotated[str, Field(pattern=r"^\d+$", examples=["17"])]
Moment = Annotated[str, Field(examples=["2026-11-22T01:15:00.000000Z"])]
Next = Annotated[Position | None, Field(description="Pass it as `after`; null: no more.")]


class Shape(BaseModel):
    """What all responses have in common: no undescribed members."""

    model_config = ConfigDict(extra="forbid")


class Moved(Shape):
    """A change of stage; null means unplaced."""

    from_: Annotated[str | None, Field(alias="from")]
    to: str | None


class Derived(Shape):
    """An event that the service wrote as a consequence of the reported one."""

    type: str
    position: Position
    subject: str
    moved: Moved | None = None


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
    forwarded_to: Annotated[str | None, Field(description="The lead that received it instead.")] = (
        None
    )
    moved: Moved | None = None
    already: Annotated[bool | None, Field(description="The decision was already in effect.")] = None
    ignored: Annotated[
        list[Ignored] | None, Field(description="Identifiers that identify no one.")
    ] = None
    derived: list[Derived]


class Duplicate(Shape):
    """The same event was recorded before."""

    status: Literal["duplicate"]
    position: Position
    leaf: str


class Refused(Shape):
    """The event was not recorded."""

    status: Literal["refused"]
    problem: dict[str, Any]
    refusal: Annotated[str | None, Field(description="The id of the stored refusal, if any.")] = (
        None
    )


class Batch(Shape):
    """The outcome of each item, in order."""

    items: list[Recorded | Duplicate | Refused]


class Unknown(Shape):
    """Nothing is recorded under this id."""

    status: Literal["unknown"]


class ComparedRecord(Shape):
    """An event is recorded under this id, and counts."""

    status: Literal["recorded"]
    position: Position
    corrections: Annotated[int, Field(description="Corrections by revisions of the same source.")]
    differs: Annotated[
        list[str],
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
    problem: dict[str, Any]


class Compared(Shape):
    """How each event differs from the one recorded under its id, in order."""

    items: list[Unknown | ComparedRecord | Voided | Erased | ComparedRefusal]


class Collected(Shape):
    """The answer to clients of other services."""

    success: Literal[True]


class CaptureResult(Shape):
    """The outcome of one event of a newer PostHog client."""

    result: Literal["ok", "drop", "retry"]
    details: str | None = None


class CaptureResults(Shape):
    """The answer to a newer PostHog client: the outcome of each event by its `uuid`."""

    results: dict[str, CaptureResult]


class RefusedLine(Shape):
    """A line that was not recorded."""

    line: int
    reason: str
    detail: str
    problem: dict[str, Any]
    id: str | None = None
    pointer: str | None = None
    refusal: str | None = None


class IgnoredOften(Shape):
    """An identifier that was ignored because it identifies no one, in recorded lines."""

    kind: str
    reason: str
    count: int


class Stream(Shape):
    """The outcomes of the lines."""

    lines: int
    recorded: int
    duplicates: int
    refused: int
    refusals: Annotated[list[RefusedLine], Field(description="The first 1,000.")]
    more_refusals_at: Annotated[str | None, Field(description="The URL of the rest.")] = None
    ignored: Annotated[list[IgnoredOften] | None, Field(description="The first 100 kinds.")] = None


class Feed(Shape):
    """A stretch of the log."""

    events: Annotated[
        list[dict[str, Any]], Field(description="Records, CloudEvents 1.0, as they were stored.")
    ]
    next: Annotated[Position, Field(description="Pass it as `after`.")]
    head: Annotated[Position, Field(description="The last position of the log.")]


class RunningDeadline(Shape):
    """A deadline that is not met yet."""

    due_at: Moment
    breached: bool


class State(Shape):
    """What is known about a lead after its events so far."""

    stage: str | None
    stage_label: str | None = None
    pass_: Annotated[int, Field(alias="pass")]
    entered_at: Moment | None
    entered: list[str]
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
        dict[str, str], Field(description="Order, as `source/number` → standing or cancelled.")
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
    absorbs: list[str]
    parted_from: Annotated[
        list[str],
        Field(description="Leads of other people, with whom its reports were once confused."),
    ]


class Lead(State):
    """A lead in its current state."""

    id: str
    subject: str
    version: int
    position: Annotated[Position, Field(description="The position of its last event.")]
    as_of_position: Position
    forwarded_from: str | None = None


class Who(Shape):
    actor: Annotated[
        str | None,
        Field(
            description="As claimed by the sender, with personal:read; or the service's own name."
        ),
    ] = None
    key: str | None = None
    department: str | None = None


class Cause(Shape):
    position: Position
    type: str | None


class Why(Shape):
    """The reasons that the event itself carries."""

    cause: Cause | None = None
    kind: str | None = None
    passed_over: list[str] | None = None
    reason: str | None = None
    fact: Cause | None = None
    restates: Annotated[
        Position | None, Field(description="The automatic return that no longer counts.")
    ] = None
    already: bool | None = None


class HistoryEvent(Shape):
    """One event of a lead."""

    position: Position
    type: str
    type_label: Annotated[str | None, Field(description="Only with lang.")] = None
    subject: str
    source: str
    id: str
    time: Moment
    recorded_time: Moment
    claimed_time: Moment | None = None
    effective_time: Moment | None = None
    who: Who
    stage_before: str | None
    stage_after: str | None
    pass_: Annotated[int | None, Field(alias="pass")] = None
    moved: Moved | None = None
    moved_labels: Annotated[Moved | None, Field(description="Only with lang.")] = None
    forwarded_to: str | None = None
    absorbed: Annotated[bool | None, Field(description="It is about an absorbed lead.")] = None
    moved_from: Annotated[
        str | None, Field(description="The lead that it was recorded for before it was moved here.")
    ] = None
    moved_to: Annotated[
        str | None,
        Field(description="The lead it turned out to belong to; here it no longer counts."),
    ] = None
    counts: Annotated[
        bool | None, Field(description="false: voided, or not legal on what is known now.")
    ] = None
    corrected_by: Annotated[
        list[Position] | None, Field(description="The events that correct it.")
    ] = None
    why: Why | None = None
    data: dict[str, Any] | None = None
    personal: Annotated[dict[str, Any] | None, Field(description="Only with personal:read.")] = None
    lifecycle: int


class History(Shape):
    lead: str
    events: list[HistoryEvent]
    next: Next
    as_of_position: Position


class Conflict(Shape):
    """Something that a person has to judge."""

    position: Position
    lead: str | None = None
    account: Annotated[str | None, Field(description="For `same_name`, instead of the lead.")] = (
        None
    )
    time: Moment
    kind: Annotated[
        str,
        Field(
            description="`identifiers`, `shared_identifier`, `same_name`, `decisions` or "
            "`lead-set-aside`."
        ),
    ]
    with_: Annotated[
        list[str] | None, Field(alias="with", description="The other leads or accounts.")
    ] = None
    shared: Annotated[
        list[str] | None, Field(description="Kinds of identifiers reported for several people.")
    ] = None
    decisions: Annotated[list[Position] | None, Field(description="Their positions.")] = None
    error: Annotated[str | None, Field(description="The kind of error met by the lead.")] = None
    place: Annotated[str | None, Field(description="The place in the code that raised it.")] = None
    tries: Annotated[int | None, Field(description="How often the lead has met it.")] = None
    retry_time: Annotated[Moment | None, Field(description="The time of the next retry.")] = None


class Conflicts(Shape):
    conflicts: list[Conflict]
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
    effective_time: Moment | None = None
    moved: Moved | None = None
    state: State


class Replay(Shape):
    lead: str
    steps: list[Step]
    next: Next
    as_of_position: Position


class LastState(Shape):
    """With `last=true`; null: the lead had no event yet."""

    lead: str
    last: Step | None
    as_of_position: Position


class RetriedRecorded(Recorded):
    refusal: str


class RetriedDuplicate(Duplicate):
    refusal: str


class RetriedRefusals(Shape):
    """The outcome of each, in order."""

    items: list[RetriedRecorded | RetriedDuplicate | Refused]
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
    problem: dict[str, Any]
    position: Annotated[Position | None, Field(description="The event that it became.")] = None
    settled_time: Moment | None = None
    settled_by: Annotated[str | None, Field(description="The key that settled it.")] = None
    dismissal: Annotated[str | None, Field(description="The reason, with personal:read.")] = None
    content: Annotated[str | None, Field(description="The bytes, with personal:read.")] = None


class Refusals(Shape):
    refusals: list[Refusal]
    next: Annotated[str | None, Field(description="Pass it as `before`; null: no more.")]


class Alive(Shape):
    status: Literal["alive"]


class ProjectionHealth(Shape):
    position: Position
    events_behind: int
    failure: Annotated[str | None, Field(description="Why it stopped; null: it is running.")]


class Check(Shape):
    status: Literal["ok", "warning", "failed"]
    detail: Annotated[str, Field(description="What is wrong, and what to do.")] = ""


class Ready(Shape):
    status: Literal["ready"]
    checks: dict[str, Check]
    revision: Annotated[str | None, Field(description="Only with projections:read.")] = None
    projections: Annotated[
        dict[str, ProjectionHealth] | None, Field(description="Only with projections:read.")
    ] = None
