"""The shapes of answers, for the OpenAPI document.

Nothing is built from these: answers are written where they are known, and the tests hold them
against these shapes. Positions are strings of digits, because JSON's numbers end at 53 bits.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Position = Annotated[str, Field(pattern=r"^\d+$", examples=["17"])]
Moment = Annotated[str, Field(examples=["2026-11-22T01:15:00.000000Z"])]
Next = Annotated[Position | None, Field(description="Pass it as `after`; null: no more.")]


class Shape(BaseModel):
    """What every answer has in common: nothing that is not described."""

    model_config = ConfigDict(extra="forbid")


class Moved(Shape):
    """A change of stage; null is unplaced."""

    from_: Annotated[str | None, Field(alias="from")]
    to: str | None


class Derived(Shape):
    """An event that the service wrote as the consequence of the one reported."""

    type: str
    position: Position
    subject: str
    moved: Moved | None = None


class Ignored(Shape):
    """Something that was given as an identifier and identifies nobody."""

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
    stage: Annotated[str | None, Field(description="Where the subject stands now.")]
    forwarded_to: Annotated[str | None, Field(description="Who received it instead.")] = None
    moved: Moved | None = None
    already: Annotated[bool | None, Field(description="Decided what already was.")] = None
    ignored: Annotated[
        list[Ignored] | None, Field(description="Identifiers that identify nobody.")
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
    refusal: Annotated[str | None, Field(description="Its id, where it is kept.")] = None


class Batch(Shape):
    """What became of each item, in order."""

    items: list[Recorded | Duplicate | Refused]


class Unknown(Shape):
    """Nothing is recorded under this id."""

    status: Literal["unknown"]


class ComparedRecord(Shape):
    """Something is recorded under this id, and counts."""

    status: Literal["recorded"]
    position: Position
    corrections: Annotated[int, Field(description="Made by revisions of the same source.")]
    differs: Annotated[
        list[str],
        Field(
            description="`time`, `type`, `data/` and a declared field, or `person` for whom it is "
            "about and whatever is personal; empty: it is the same.",
            examples=[["time", "data/value"]],
        ),
    ]
    fields: Annotated[
        dict[str, Any],
        Field(description="What `event.corrected` says to make data and time the same."),
    ]


class Voided(Shape):
    """What was recorded under this id counts no longer."""

    status: Literal["voided"]
    position: Position
    by_revision: Annotated[bool, Field(description="By a revision of the same source.")]


class Erased(Shape):
    """What was recorded under this id told of a person who has been erased."""

    status: Literal["erased"]
    position: Position


class ComparedRefusal(Shape):
    """It would be refused. This is not kept."""

    status: Literal["refused"]
    problem: dict[str, Any]


class Compared(Shape):
    """How each event differs from what is recorded under its id, in order."""

    items: list[Unknown | ComparedRecord | Voided | Erased | ComparedRefusal]


class Collected(Shape):
    """What clients of other services are told."""

    success: Literal[True]


class CaptureResult(Shape):
    """What became of one event of a newer PostHog client."""

    result: Literal["ok", "drop", "retry"]
    details: str | None = None


class CaptureResults(Shape):
    """What a newer PostHog client is told: the outcome of each event by its `uuid`."""

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
    """Something given as an identifier that names nobody, in lines that were recorded."""

    kind: str
    reason: str
    count: int


class Stream(Shape):
    """What became of the lines."""

    lines: int
    recorded: int
    duplicates: int
    refused: int
    refusals: Annotated[list[RefusedLine], Field(description="The first 1,000.")]
    more_refusals_at: Annotated[str | None, Field(description="Where the rest is.")] = None
    ignored: Annotated[
        list[IgnoredOften] | None, Field(description="The first 100 kinds of them.")
    ] = None


class Feed(Shape):
    """A stretch of the log."""

    events: Annotated[
        list[dict[str, Any]], Field(description="Records, CloudEvents 1.0, as they were stored.")
    ]
    next: Annotated[Position, Field(description="Pass it as `after`.")]
    head: Annotated[Position, Field(description="Where the log ends.")]


class RunningDeadline(Shape):
    """A deadline that nobody has met yet."""

    due_at: Moment
    breached: bool


class State(Shape):
    """What is known of a lead after its events so far."""

    stage: str | None
    stage_label: str | None = None
    pass_: Annotated[int, Field(alias="pass")]
    entered_at: Moment | None
    entered: list[str]
    known: bool
    acquired_at: Annotated[Moment | None, Field(description="When it became known to us.")]
    origin: Annotated[
        str | None, Field(description="null: undetermined, as long as nobody is known.")
    ]
    channel: str | None
    owner: Annotated[str | None, Field(description="Who is in charge now.")]
    owners: Annotated[
        dict[str, str],
        Field(description="Department → its person, also after the lead went to another one."),
    ]
    grade: str | None
    market: str | None
    priority: str | None
    team: str | None
    reseller: Annotated[str | None, Field(description="Who outside sells to it in this pass.")]
    account: str | None
    attributes: dict[str, Any]
    opportunities: Annotated[
        dict[str, str], Field(description="Deal, as `source/number` → open, won or lost.")
    ]
    orders: Annotated[
        dict[str, str], Field(description="Order, as `source/number` → standing or cancelled.")
    ]
    screened_as: Annotated[str | None, Field(description="What the last completed call found.")]
    revisit_on: Annotated[str | None, Field(description="The day to come back to it.")]
    blocks: Annotated[
        dict[str, str], Field(description="Channel → the type of the event that closed it.")
    ]
    flags: Annotated[
        dict[str, str],
        Field(
            description="What a person should know: `direct_enquiry` (a lead of marketing's turned "
            "to sales or a reseller itself, with that origin), `origin` (disputed), or a reason "
            "that would exclude a lead beyond exclusion, with the event that told it."
        ),
    ]
    deadlines: Annotated[
        dict[str, RunningDeadline], Field(description="Of the present stay, unanswered.")
    ]
    absorbed_by: str | None
    absorbs: list[str]
    parted_from: Annotated[
        list[str],
        Field(description="Leads of other people, with whom its reports were once mixed up."),
    ]


class Lead(State):
    """A lead as it stands now."""

    id: str
    subject: str
    version: int
    position: Annotated[Position, Field(description="Of its last event.")]
    as_of_position: Position
    forwarded_from: str | None = None


class Who(Shape):
    actor: Annotated[
        str | None,
        Field(description="As the sender claims, with personal:read; the service's own name."),
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
        Position | None, Field(description="The return by itself that no longer counts.")
    ] = None
    already: bool | None = None


class HistoryEvent(Shape):
    """One event of a lead."""

    position: Position
    type: str
    type_label: Annotated[str | None, Field(description="With lang.")] = None
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
    moved_labels: Annotated[Moved | None, Field(description="With lang.")] = None
    forwarded_to: str | None = None
    absorbed: Annotated[bool | None, Field(description="It is of a lead absorbed.")] = None
    moved_from: Annotated[
        str | None, Field(description="The lead it was recorded of, before it was taken off it.")
    ] = None
    moved_to: Annotated[
        str | None, Field(description="The lead whose it turned out to be; here it counts no more.")
    ] = None
    counts: Annotated[
        bool | None, Field(description="False: voided, or not legal on what is known now.")
    ] = None
    corrected_by: Annotated[
        list[Position] | None, Field(description="The events that say what it should have told.")
    ] = None
    why: Why | None = None
    data: dict[str, Any] | None = None
    personal: Annotated[dict[str, Any] | None, Field(description="With personal:read.")] = None
    lifecycle: int


class History(Shape):
    lead: str
    events: list[HistoryEvent]
    next: Next
    as_of_position: Position


class Conflict(Shape):
    """What somebody has to judge."""

    position: Position
    lead: str | None = None
    account: Annotated[str | None, Field(description="Of `same_name`, in place of the lead.")] = (
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
        list[str] | None, Field(alias="with", description="Other leads, or other accounts.")
    ] = None
    shared: Annotated[
        list[str] | None, Field(description="Kinds of what was reported of several people.")
    ] = None
    decisions: Annotated[list[Position] | None, Field(description="Where they stand.")] = None
    error: Annotated[str | None, Field(description="The kind of error that the lead met.")] = None
    place: Annotated[str | None, Field(description="Where in the code it was raised.")] = None
    tries: Annotated[int | None, Field(description="How often the lead has met it.")] = None
    retry_time: Annotated[Moment | None, Field(description="When it is tried again.")] = None


class Conflicts(Shape):
    conflicts: list[Conflict]
    next: Next
    as_of_position: Position


class Restored(Shape):
    """A lead that was set aside goes on."""

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
    """With `last=true`; null: there was nothing yet."""

    lead: str
    last: Step | None
    as_of_position: Position


class RetriedRecorded(Recorded):
    refusal: str


class RetriedDuplicate(Duplicate):
    refusal: str


class RetriedRefusals(Shape):
    """What became of each, in order."""

    items: list[RetriedRecorded | RetriedDuplicate | Refused]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]


class Refusal(Shape):
    """Why something was not recorded, and what became of it."""

    refusal: str
    status: Literal["open", "retried", "dismissed"]
    received_time: Annotated[Moment, Field(description="Of the first receipt.")]
    last_received_time: Moment
    times: Annotated[int, Field(description="How often it came; in one transaction, once.")]
    retries: int
    key: str
    source: Annotated[str | None, Field(description="With personal:read.")]
    id: Annotated[str | None, Field(description="With personal:read.")]
    type: Annotated[
        str | None, Field(description="One of the lifecycle; any other with personal:read.")
    ]
    dialect: Annotated[str, Field(description="In what it was sent.")]
    reason: Annotated[str, Field(description="For which it was refused last.")]
    problem: dict[str, Any]
    position: Annotated[Position | None, Field(description="The event that it became.")] = None
    settled_time: Moment | None = None
    settled_by: Annotated[str | None, Field(description="The key that settled it.")] = None
    dismissal: Annotated[str | None, Field(description="Why, with personal:read.")] = None
    content: Annotated[str | None, Field(description="The bytes, with personal:read.")] = None


class Refusals(Shape):
    refusals: list[Refusal]
    next: Annotated[str | None, Field(description="Pass it as `before`; null: no more.")]


class Alive(Shape):
    status: Literal["alive"]


class ProjectionHealth(Shape):
    position: Position
    events_behind: int
    failure: Annotated[str | None, Field(description="Why it has stopped; null: it runs.")]


class Check(Shape):
    status: Literal["ok", "warning", "failed"]
    detail: Annotated[str, Field(description="What is wrong, and what to do.")] = ""


class Ready(Shape):
    status: Literal["ready"]
    checks: dict[str, Check]
    revision: Annotated[str | None, Field(description="With projections:read.")] = None
    projections: Annotated[
        dict[str, ProjectionHealth] | None, Field(description="With projections:read.")
    ] = None
