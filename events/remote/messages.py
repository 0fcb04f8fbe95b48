"""What crosses the socket between the writer and the other processes, as MessagePack.

The schema is fixed, and made from the types that both sides use. Anything else is rejected before
any of it is used. An event type crosses as its name, because both sides know the lifecycle; the
item's context is rebuilt by the writer; work prepared in advance stays where the writer is.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias, get_type_hints

import msgspec

from domain.lifecycle.change.succession import Occupancy, OccupiedStage
from domain.lifecycle.definition import EventType
from domain.signal import Signal
from events.outcomes import Duplicate, Outcome, Recorded
from events.refusals import Refused
from events.signals.context import Context
from events.submission import Item, Submission

PROTOCOL: Final = 1
"""Raise it with any change of a message: a process of another version is turned away."""


class Hello(msgspec.Struct, tag="hello", array_like=True, frozen=True):
    """The first message of a client: who it is."""

    protocol: int
    role: str
    """Its kind of process."""
    pid: int


_TYPE, _KEY = map(Signal._fields.index, ("type", "key_id"))
_hints = get_type_hints(Signal)
SentSignal: Any = tuple.__class_getitem__(
    tuple(str if name == "type" else _hints[name] for name in Signal._fields)
)
"""A signal, with the name of its type."""


class SentItem(msgspec.Struct, tag="item", array_like=True, frozen=True):
    signal: SentSignal
    content: bytes
    received_at: datetime
    dialect: str


class SentRefusal(msgspec.Struct, tag="refusal", array_like=True, frozen=True):
    refused: Refused


class Submit(msgspec.Struct, tag="submit", array_like=True, frozen=True):
    """A submission, under a number of the client's."""

    number: int
    version: int
    """The lifecycle under which the items were read."""
    items: list[SentItem | SentRefusal]
    is_strict: bool
    woken: tuple[str, ...]
    counted: tuple[int, list[tuple[OccupiedStage, int]]] | None
    is_own: bool
    is_repeated: bool


class SentRecorded(msgspec.Struct, tag="recorded", array_like=True, frozen=True):
    recorded: Recorded


class SentDuplicate(msgspec.Struct, tag="duplicate", array_like=True, frozen=True):
    duplicate: Duplicate


SentOutcome: TypeAlias = SentRecorded | SentDuplicate | SentRefusal


class Answered(msgspec.Struct, tag="answered", array_like=True, frozen=True):
    """The outcomes of a submission, in order."""

    number: int
    outcomes: list[SentOutcome]


class Failed(msgspec.Struct, tag="failed", array_like=True, frozen=True):
    """Why a submission has no outcome."""

    number: int
    reason: str
    """`full`, `unavailable`, `fault`, or `reread`: it was read under another lifecycle than the one
    in force."""
    detail: str


class Bulletin(msgspec.Struct, tag="bulletin", array_like=True, frozen=True):
    """What every process knows of the writer: after each append, and several times a second."""

    position: int
    """Where the log ends."""
    lifecycle_version: int
    """The lifecycle in force."""
    clock_ahead_s: float
    """How far the ledger's clock is ahead of this machine's."""
    waiting_items: int
    """Items in the queue, and in the batch under way."""
    waiting_items_max: float
    """How many may be waiting when another submission comes."""
    under_way_s: float
    """How long the append under way has taken so far."""
    trouble: str | None
    """Why the last append failed."""
    failed_s: float
    """How long ago that was."""
    taken: dict[str, int]
    """Items that other clients have sent since the last bulletin, by key."""
    clients: dict[str, int]
    """The processes that are connected, by role."""


class Projected(msgspec.Struct, tag="projected", array_like=True, frozen=True):
    """What the reader has projected, for the fronts: the writer passes it on as it is."""

    checkpoints: Mapping[str, tuple[int, int, int, str | None]]
    """By projection: its generation, version and position, and why it has stopped."""


FromClient: TypeAlias = Hello | Submit | Projected
FromWriter: TypeAlias = Bulletin | Answered | Failed | Projected


def _plain(value: object) -> object:
    """Return what the encoder does not know: a read-only mapping, or a set."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise NotImplementedError(f"expected a value of the schema, found {type(value).__name__}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_from_client: msgspec.msgpack.Decoder[FromClient] = msgspec.msgpack.Decoder(FromClient)
_from_writer: msgspec.msgpack.Decoder[FromWriter] = msgspec.msgpack.Decoder(FromWriter)

Malformed = msgspec.DecodeError
"""The bytes are not of the schema; `msgspec.ValidationError` is one of these."""


def encode(message: FromClient | FromWriter) -> bytes:
    """Write a message."""
    return _encoder.encode(message)


def decode_client(message: bytes) -> FromClient:
    """Read what a client sent. Raises Malformed."""
    return _from_client.decode(message)


def decode_writer(message: bytes) -> FromWriter:
    """Read what the writer sent. Raises Malformed."""
    return _from_writer.decode(message)


def sent(number: int, submission: Submission, version: int) -> Submit:
    """Return a submission as it crosses."""
    assert not submission.prepared, "what is prepared in advance stays where the writer is"
    counted = submission.counted
    return Submit(
        number,
        version,
        [
            SentRefusal(item)
            if isinstance(item, Refused)
            else SentItem(
                (*item.signal[:_TYPE], item.signal.type.name, *item.signal[_TYPE + 1 :]),
                item.content,
                item.context.received_at,
                item.dialect,
            )
            for item in submission.items
        ],
        submission.is_strict,
        submission.woken,
        None if counted is None else (counted.position, list(counted.occupied.items())),
        submission.is_own,
        submission.is_repeated,
    )


def keys_of(submit: Submit) -> Iterator[str]:
    """Return the key that each item was sent with."""
    for item in submit.items:
        yield item.refused.key_id if isinstance(item, SentRefusal) else item.signal[_KEY]


def received(
    submit: Submit, event_type: Callable[[str], EventType], context: Context
) -> Submission:
    """Return a submission as the queue takes it. `context` is the writer's own.

    Raises LookupError if an event type is unknown.
    """
    items: list[Item | Refused] = []
    for item in submit.items:
        if isinstance(item, SentRefusal):
            items.append(item.refused)
            continue
        before, name, after = item.signal[:_TYPE], item.signal[_TYPE], item.signal[_TYPE + 1 :]
        signal = Signal._make((*before, event_type(name), *after))
        its_context = context._replace(received_at=item.received_at)
        items.append(Item(signal, item.content, its_context, item.dialect))
    counted = submit.counted
    return Submission(
        tuple(items),
        submit.is_strict,
        submit.woken,
        None if counted is None else Occupancy(counted[0], dict(counted[1])),
        is_own=submit.is_own,
        is_repeated=submit.is_repeated,
    )


def answered(number: int, outcomes: list[Outcome]) -> Answered:
    """Return outcomes as they cross."""
    return Answered(number, [_sent_outcome(outcome) for outcome in outcomes])


def outcomes_of(message: Answered) -> list[Outcome]:
    """Return the outcomes that were sent."""
    return [_outcome(outcome) for outcome in message.outcomes]


def _sent_outcome(outcome: Outcome) -> SentOutcome:
    if isinstance(outcome, Recorded):
        return SentRecorded(outcome)
    if isinstance(outcome, Duplicate):
        return SentDuplicate(outcome)
    return SentRefusal(outcome)


def _outcome(one: SentOutcome) -> Outcome:
    match one:
        case SentRecorded(recorded=recorded):
            return recorded
        case SentDuplicate(duplicate=duplicate):
            return duplicate
    return one.refused
