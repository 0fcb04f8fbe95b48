"""Compare the members behind a number in two readings, lead by lead, and say why they differ. Pure.

stock of MQL at T, known at 100   lead 7
stock of MQL at T, known at 200   lead 8    only in the second: known since 150
                                            lead 7 only in the first: it left, which 170 reported

The members of a pass are matched in the order of time, so the second entry of a pass is compared
with its second entry.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from projections.figures.question import Member, Question


class Because(StrEnum):
    """Why a member counts in one reading only, or counts differently."""

    HAPPENED = "happened"
    """It entered the stage after the moment of the other reading."""
    REPORTED = "reported"
    """It became known after the position of the other reading."""
    TAKEN_BACK = "taken_back"
    """By the position of the other reading it did not count any more: it was decided again."""
    LEFT = "left"
    """It had left the stage in one reading and not in the other."""
    ARRIVED = "arrived"
    """It had got further in one reading and not in the other."""
    CHANGED = "changed"
    """Its value of the breakdown had changed in one reading and not in the other."""
    ASKED = "asked"
    """No event: the readings ask for different periods, values or days, or time has passed."""


MemberKey: TypeAlias = tuple[str, int, datetime]
"""What a restatement leaves as it is: the subject, its pass, and when."""


class Reason(NamedTuple):
    because: Because
    position: int | None
    """The event that makes the difference; None if no event does."""


class MemberDifference(NamedTuple):
    """A member that counts in one reading only, or in both and differently."""

    subject_id: str
    first: Member | None
    second: Member | None
    reason: Reason


class StayBounds(NamedTuple):
    """When a stay went on, and since and until when that was known."""

    subject_id: str
    entry_position: int
    number: int
    entered_at: datetime
    known_from: int
    known_to: int | None
    left_at: datetime | None
    exit_position: int | None
    changes: Sequence[tuple[datetime, int]]
    """When its traits changed, and by which events."""

    def is_known(self, reading: Question) -> bool:
        return self.known_from <= reading.known_at and not self.is_taken_back(reading)

    def is_taken_back(self, reading: Question) -> bool:
        return self.known_to is not None and self.known_to <= reading.known_at

    def has_left(self, reading: Question) -> bool:
        return (
            self.left_at is not None
            and self.exit_position is not None
            and self.left_at <= reading.as_of
            and self.exit_position <= reading.known_at
        )

    def last_change(self, reading: Question) -> int | None:
        """Return the last event that had changed its traits."""
        positions = [
            position
            for at, position in self.changes
            if at <= reading.as_of and position <= reading.known_at
        ]
        return positions[-1] if positions else None


class Pair(NamedTuple):
    """The same member in two readings."""

    first: Member | None
    second: Member | None

    @property
    def is_same(self) -> bool:
        return (
            self.first is not None
            and self.second is not None
            and _content(self.first) == _content(self.second)
        )

    @property
    def subject_id(self) -> str:
        member = self.first or self.second
        assert member is not None
        return member.place.subject_id


class Compared(NamedTuple):
    """Two lists, or the part of them that was compared."""

    first: int
    second: int
    """Members of each."""
    same: int
    differing: Sequence[Pair]


def compare(first: Iterable[Member], second: Iterable[Member]) -> Compared:
    """Match the members of two lists; pairs that differ are in the order of their subjects."""
    pairs = [
        Pair(*pair)
        for one, other in _by_pass(first, second)
        for pair in zip_longest(_in_time(one), _in_time(other))
    ]
    differing = [pair for pair in pairs if not pair.is_same]
    return Compared(
        sum(pair.first is not None for pair in pairs),
        sum(pair.second is not None for pair in pairs),
        len(pairs) - len(differing),
        differing,
    )


def explain(
    pair: Pair, stays: Sequence[StayBounds], first: Question, second: Question
) -> MemberDifference:
    """Name the event that makes a difference; `stays` are all that were known of the subject."""
    sides = ((pair.first, first, second), (pair.second, second, first))
    reasons = (
        reason
        for member, own, other in sides
        if member is not None and (reason := _reason(member, stays, own, other)) is not None
    )
    return MemberDifference(pair.subject_id, *pair, next(reasons, Reason(Because.ASKED, None)))


def explain_elsewhere(
    difference: MemberDifference,
    stays: Sequence[StayBounds],
    readings: Sequence[Question],
    anywhere: Sequence[Mapping[MemberKey, Member]],
) -> MemberDifference:
    """Explain a member that counts for something else in the other reading by what followed there.

    `anywhere` are the members of each reading, whatever they count for.
    """
    if difference.reason.because is not Because.ASKED:
        return difference
    for member, own, other in ((difference.first, 0, 1), (difference.second, 1, 0)):
        same = anywhere[other].get(key_of(member)) if member is not None else None
        reason = _reason(same, stays, readings[other], readings[own]) if same is not None else None
        if reason is not None:
            return difference._replace(reason=reason)
    return difference


def key_of(member: Member) -> MemberKey:
    """Return by what the same member is found in another reading."""
    return member.place.subject_id, member.pass_number, member.at


def _by_pass(
    first: Iterable[Member], second: Iterable[Member]
) -> Iterator[tuple[list[Member], list[Member]]]:
    passes: defaultdict[tuple[str, int], tuple[list[Member], list[Member]]]
    passes = defaultdict(lambda: ([], []))
    for side, members in enumerate((first, second)):
        for member in members:
            passes[member.place.subject_id, member.pass_number][side].append(member)
    for one in sorted(passes):
        yield passes[one]


def _in_time(members: list[Member]) -> list[Member]:
    return sorted(members, key=lambda member: (member.at, member.place))


def _content(member: Member) -> tuple[object, ...]:
    then = member.then
    return member.at, member.value, then and then[:3]


def _reason(
    member: Member, stays: Sequence[StayBounds], own: Question, other: Question
) -> Reason | None:
    """Return why a member of one reading is not in the other one, or not like this."""
    stay = _stay(member.place.position, member.place.number, stays, own)
    if stay is None:
        return _without_stay(member, other)
    entry = _entry(stay, other, Because.HAPPENED)
    if entry is not None:
        return entry
    arrival = _arrival(member, stays, own, other)
    if arrival is not None:
        return arrival
    if stay.has_left(own) != stay.has_left(other):
        assert stay.exit_position is not None
        return Reason(Because.LEFT, stay.exit_position)
    changes = {stay.last_change(own), stay.last_change(other)} - {None}
    if stay.last_change(own) != stay.last_change(other):
        return Reason(Because.CHANGED, max(position for position in changes if position))
    return None


def _without_stay(member: Member, other: Question) -> Reason | None:
    """Return why a member that is no stay, such as a deadline, is not in the other reading."""
    if member.place.position > other.known_at:
        return Reason(Because.REPORTED, member.place.position)
    if member.then is None:
        return None
    if member.then.position > other.known_at:
        return Reason(Because.REPORTED, member.then.position)
    if member.then.at > other.as_of:
        return Reason(Because.ARRIVED, member.then.position)
    return None


def _arrival(
    member: Member, stays: Sequence[StayBounds], own: Question, other: Question
) -> Reason | None:
    if member.then is None:
        return None
    arrived = _stay(member.then.position, None, stays, own)
    return _entry(arrived, other, Because.ARRIVED) if arrived is not None else None


def _entry(stay: StayBounds, other: Question, because: Because) -> Reason | None:
    """Return why an entry had not happened, or was not known, in another reading."""
    if stay.known_from > other.known_at:
        return Reason(Because.REPORTED, stay.known_from)
    if stay.is_taken_back(other):
        return Reason(Because.TAKEN_BACK, stay.known_to)
    if stay.entered_at > other.as_of:
        return Reason(because, stay.entry_position)
    return None


def _stay(
    position: int, number: int | None, stays: Sequence[StayBounds], reading: Question
) -> StayBounds | None:
    return next(
        (
            stay
            for stay in stays
            if stay.entry_position == position
            and number in (None, stay.number)
            and stay.is_known(reading)
        ),
        None,
    )


def by_subject(stays: Iterable[StayBounds]) -> Mapping[str, list[StayBounds]]:
    """Group stays by their subject."""
    found: defaultdict[str, list[StayBounds]] = defaultdict(list)
    for stay in stays:
        found[stay.subject_id].append(stay)
    return found
