"""The outcome of each submitted item: recorded, duplicate or refused."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.event import Event
from domain.lifecycle.definition import SubjectKind
from domain.signal import Ignored, Signal
from events.refusals import Refusal, Refused, refusal_id_of
from events.submission import Item


class Moved(NamedTuple):
    """A change of stage. None is unplaced."""

    stage_from: str | None
    stage_to: str | None


class Derived(NamedTuple):
    """An event that the service wrote as the consequence of the one reported."""

    type: str
    position: int
    subject: str
    moved: Moved | None


class Recorded(NamedTuple):
    position: int
    leaf: bytes
    subject: str
    lead: str | None
    """The lead that received the event. Differs from the subject if that one was absorbed."""
    stage: str | None
    moved: Moved | None
    derived: tuple[Derived, ...]
    is_already: bool
    """Whether the decision changed nothing, because it already was so."""
    ignored: tuple[Ignored, ...] = ()
    """Values that were sent as identifiers but identify no one."""
    is_late: bool = False
    """Whether something later had been reported before: the outcome is in a restatement."""
    is_pending: bool = False
    """Whether the restatement is still to come."""
    restated: int | None = None
    """Position of that restatement; None if the report changed nothing else."""


class Duplicate(NamedTuple):
    """An event with this key and content was recorded before."""

    position: int
    leaf: bytes


Outcome = Recorded | Duplicate | Refused


def outcome_of(
    decided: Sequence[Event], leaf: bytes, stage: str | None, signal: Signal
) -> Recorded:
    """Return the answer for an event and the events derived from it."""
    first = decided[0]
    receiver = first.receiver
    return Recorded(
        position=first.position,
        leaf=leaf,
        subject=str(first.subject),
        lead=receiver.id if receiver.kind is SubjectKind.LEAD else None,
        stage=stage,
        moved=_moved(first),
        derived=tuple(
            Derived(event.type, event.position, str(event.subject), _moved(event))
            for event in decided[1:]
        ),
        is_already=bool(first.effects.get("already")),
        ignored=signal.ignored,
    )


def _moved(event: Event) -> Moved | None:
    return Moved(event.stage_from, event.stage_to) if event.stage_to is not None else None


def refuse(item: Item | Refused, refusal: Refusal) -> Refused:
    """Refuse an item, with everything needed to keep the refusal."""
    if isinstance(item, Refused):
        return item
    signal = item.signal
    return Refused(
        refusal,
        refusal_id_of(signal.key_id, signal.fingerprint),
        item.context.received_at,
        signal.key_id,
        signal.source,
        signal.id,
        signal.type.name,
        item.content,
        signal.fingerprint,
        item.dialect,
        signal.source,
    )


def hold_back(item: Item | Refused) -> Refused:
    """Refuse a good item of a strict batch in which another item was refused."""
    return refuse(
        item,
        Refusal(
            "batch-refused",
            "Nothing in this batch was recorded: another item was refused, and the batch was sent "
            "with handling=strict. Correct that item and send the batch again.",
        ),
    )
