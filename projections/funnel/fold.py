"""The fold of the stage intervals: from events to stays, in memory.

    form.submitted  at 7   lead enters ML               one stay, open
    lead.accepted   at 9   lead goes from ML to MAL     that stay ends, the next one is open

A stay belongs to one pass of one lead or account. Its end is known from the position of the event
that ended it, so a row with `entry_position` and `exit_position` describes what was known at any
position: nothing before the first, an open stay up to the second, the ended stay from there on.

    lead.restated   at 12  an earlier event is known    neither counts any more: the stays in it do

A lead that has been created but not moved is in UNPLACED, so the stock over all stages equals the
number of leads. A lead that is placed by its first event was never unplaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from domain.effects import Effects
from domain.event import Event
from domain.lead.state import LATE
from domain.lead.stays import Left, begins, restored
from domain.lifecycle.definition import UNPLACED, MoveKind, SubjectKind
from domain.lifecycle.service_events import PUBLISHED
from domain.traits import NO_TRAITS, traits_after
from events.lifecycles.publish import parsed
from projections.funnel.calendar import (
    NO_DAY,
    NO_MONTH,
    Day,
    Month,
    day_around,
    month_around,
)
from projections.funnel.stay import (
    STAY_WIDTH,
    Stay,
    as_json,
    traits_of,
    with_change,
    with_restated_traits,
)

_ENTERED_AT = Stay._fields.index("entered_at")

Key: TypeAlias = tuple[str, str, str, str | None, str | None, str]
"""The key for counting stays: kind, stage, before, origin, channel, month. A slice of the stay."""


class Written(NamedTuple):
    """A stay that has ended and is written."""

    key: Key
    entered_at: datetime
    left_at: datetime


class Published(NamedTuple):
    """A lifecycle in force from a position on."""

    position: int
    version: int
    time_zone: str


@dataclass(slots=True)
class Stages:
    """The memory of a generation, and the changes of a batch.

    A class, because it is filled event by event.
    """

    is_complete: bool = False
    """Nothing has been forgotten since the generation began: a subject not here has no stay."""
    standing: dict[str, Stay] = field(default_factory=dict)
    zone: tzinfo | None = None
    """The time zone of months; None until it has been read."""
    month: Month = NO_MONTH
    """The month looked up last: most consecutive events are in the same one."""
    day: Day = NO_DAY
    """The day looked up last."""
    is_written: bool = False
    ended: list[tuple[Any, ...]] = field(default_factory=list)
    touched: dict[str, None] = field(default_factory=dict)
    """Subjects whose open stay differs from the written row."""
    published: list[Published] = field(default_factory=list)
    written: dict[str, list[Written]] = field(default_factory=dict)
    """Subject restated in this batch → its ended stays that are written and still count."""
    closed: dict[str, int] = field(default_factory=dict)
    """Subject whose written stays no longer count → the restatement that closed them."""
    counts: dict[Key, list[int]] = field(default_factory=dict)
    """Changes to the numbers of entries and of open stays."""
    sums: dict[tuple[Key, date], list[int]] = field(default_factory=dict)
    """The same, by the day on which they take effect."""

    def day_of(self, moment: datetime) -> date:
        """Return the day of a moment; in UTC before any lifecycle is in force."""
        if not self.day.begins <= moment < self.day.ends:
            self.day = day_around(moment, self.zone or UTC)
        return self.day.date

    def month_of(self, moment: datetime) -> str:
        """Return the month of a moment; in UTC before any lifecycle is in force."""
        if not self.month.begins <= moment < self.month.ends:
            self.month = month_around(moment, self.zone or UTC)
        return self.month.name


def fold(stages: Stages, event: Event) -> None:
    """Apply one event to the stays."""
    if event.subject.kind is SubjectKind.LEDGER:
        if event.type == PUBLISHED:
            _publish(stages, event)
        return
    stay = stages.standing.get(event.receiver.id)
    effects = event.effects
    if "stays" in effects:
        _restate(stages, stay, event)
    elif "absorbed_by" in effects:
        # If an absorption has ended, a restatement carries the stays that count from then on.
        if stay is not None:
            _leave(stages, stay, event)
    elif event.stage_to is not None:
        _move(stages, stay, event)
    elif stay is None and LATE not in effects and begins(event):
        _begin(stages, _first_stay(stages, event, UNPLACED, event.occurred_at))
    elif stay is not None:
        _carry(stages, stay, event)


def _carry(stages: Stages, stay: Stay, event: Event) -> None:
    """Note what an event states about a stay that goes on: the next one will carry it."""
    effects = event.effects
    if LATE in effects:
        return
    before = traits_of(stay)
    traits = traits_after(before, event)
    if traits != before:
        stay = with_change(stay, event.effective_at or event.occurred_at, event.position, traits)
        _stand(stages, stay)
    if "origin" in effects or "channel" in effects or "known" in effects:
        origin, channel = _source(stay, effects)
        known_since = _known_since(stages, stay.known_since, event)
        _stand(
            stages,
            stay._replace(pass_origin=origin, pass_channel=channel, known_since=known_since),
        )


def _known_since(stages: Stages, month: str | None, event: Event) -> str | None:
    """Return the month of acquisition after an event: that of the first that made it known."""
    if month is None and "known" in event.effects:
        return stages.month_of(event.occurred_at)
    return month


def _publish(stages: Stages, event: Event) -> None:
    """Use this lifecycle's time zone for months from here on. Earlier stays keep their month."""
    time_zone = parsed(event.data["text"]).time_zone
    stages.published.append(Published(event.position, event.data["version"], time_zone))
    stages.zone, stages.month, stages.day = ZoneInfo(time_zone), NO_MONTH, NO_DAY


def _move(stages: Stages, stay: Stay | None, event: Event) -> None:
    stage, entered_at = event.stage_to, event.effective_at
    assert stage is not None
    assert entered_at is not None
    if stay is None:
        _begin(stages, _first_stay(stages, event, stage, entered_at))
        return
    effects, position = event.effects, event.position
    kind = effects["move"]["kind"]
    _end(stages, stay, event, kind, stage)
    pass_number = event.pass_number or stay.pass_number
    begins_pass = pass_number != stay.pass_number
    before = "" if begins_pass else _entered(stay)
    origin, channel = _source(stay, effects)
    traits = traits_after(traits_of(stay), event, enters=True, begins_pass=begins_pass)
    acquired = _known_since(stages, stay.known_since, event)
    _begin(
        stages,
        Stay(
            stay.subject_id,
            stay.kind,
            stage,
            before,
            origin,
            channel,
            stages.month_of(entered_at),
            pass_number,
            stage not in before.split(),
            entered_at,
            position,
            kind,
            position,
            0,
            acquired,
            as_json(traits),
            None,
            origin,
            channel,
            acquired,
        ),
    )


def _restate(stages: Stages, stay: Stay | None, event: Event) -> None:
    """Close all known stays of a subject, and replace them with those that the event carries."""
    subject_id = event.subject.id
    _close(stages, subject_id, event.position)
    if stay is not None:
        _end(stages, stay, event, MoveKind.RESTATED, None)
        _uncount(stages, _written(stages.ended[-1]))
        stages.ended[-1] = (*stages.ended[-1][:-1], event.position)
        del stages.standing[subject_id]
        stages.touched[subject_id] = None
    restated = restored(event.effects)
    known_since = _restated_acquisition(event)
    traits = NO_TRAITS
    for number, new in enumerate(restated.stays):
        effects: Effects = {"origin": new.origin, "channel": new.channel}
        entry = Event(
            new.position,
            event.type,
            event.subject,
            new.entered_at,
            {},
            {**effects, "move": {"kind": new.kind or ""}},
            stage_to=new.stage if new.kind is not None else None,
            effective_at=new.entered_at,
            pass_number=new.pass_number,
        )
        standing = stages.standing.get(subject_id)
        if new.kind is None:
            _begin(stages, _first_stay(stages, entry, new.stage, new.entered_at))
        else:
            _move(stages, standing, entry)
        begun = stages.standing[subject_id]
        is_known = known_since is not None and known_since <= new.entered_at
        acquired = stages.month_of(known_since) if is_known and known_since else None
        begun = begun._replace(known_from=event.position, number=number, acquired=acquired)
        begun, traits = with_restated_traits(begun, new, traits)
        _stand(stages, begun._replace(known_since=acquired))
    if restated.stays:
        _carry_on(stages, event, restated.left)


def _restated_acquisition(event: Event) -> datetime | None:
    """Return when the person became known, as a restatement has it, if any report still counts."""
    known_since: str | None = event.effects.get("state", {}).get("acquired_at")
    return datetime.fromisoformat(known_since) if known_since is not None else None


def _carry_on(stages: Stages, event: Event, left: Left | None) -> None:
    """Copy origin and channel from the state to the last stay, or end it if it was absorbed."""
    stay = stages.standing[event.subject.id]
    if left is not None:
        _leave(stages, stay, event._replace(position=left.position, effective_at=left.at))
        return
    state = event.effects["state"]  # values missing here are no longer known
    origin, channel = state.get("origin") or None, state.get("channel") or None
    acquisition = _restated_acquisition(event)
    known_since = stages.month_of(acquisition) if acquisition is not None else None
    _stand(stages, stay._replace(pass_origin=origin, pass_channel=channel, known_since=known_since))


def _close(stages: Stages, subject_id: str, position: int) -> None:
    """Make all ended stays of a subject no longer count, whether or not they have been written."""
    for stay in stages.written.pop(subject_id, ()):
        _uncount(stages, stay)
    stages.closed.setdefault(subject_id, position)
    for index, row in enumerate(stages.ended):
        if row[0] == subject_id and row[-1] is None:
            stages.ended[index] = (*row[:-1], position)
            _uncount(stages, _written(row))


def _first_stay(stages: Stages, event: Event, stage: str, entered_at: datetime) -> Stay:
    """Return the first stay of a new subject, or of one whose absorption has ended."""
    subject, effects = event.receiver, event.effects
    origin, channel = effects.get("origin") or None, effects.get("channel") or None
    acquired = _known_since(stages, None, event)
    return Stay(
        subject_id=subject.id,
        kind=str(subject.kind),
        stage=stage,
        before="",
        origin=origin,
        channel=channel,
        month=stages.month_of(entered_at),
        pass_number=event.pass_number or 1,
        is_first_entry=True,
        entered_at=entered_at,
        entry_position=event.position,
        entry_kind=effects["move"]["kind"] if event.stage_to is not None else None,
        known_from=event.position,
        number=0,
        acquired=acquired,
        traits=as_json(traits_after(NO_TRAITS, event, enters=True)),
        changes=None,
        pass_origin=origin,
        pass_channel=channel,
        known_since=acquired,
    )


def _entered(stay: Stay) -> str:
    """Return the stages that the pass has entered, including this stay's own."""
    if stay.stage == UNPLACED or not stay.is_first_entry:
        return stay.before
    return f"{stay.before} {stay.stage}" if stay.before else stay.stage


def _source(stay: Stay, effects: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return origin and channel after an event. An empty value is the same as a missing one."""
    origin = effects.get("origin", stay.pass_origin)
    channel = effects.get("channel", stay.pass_channel)
    return origin or None, channel or None


def _begin(stages: Stages, stay: Stay) -> None:
    _count(stages, stay[1:7], stay.entered_at, entries=1, standing=1)
    _stand(stages, stay)


def _stand(stages: Stages, stay: Stay) -> None:
    stages.standing[stay.subject_id] = stay
    stages.touched[stay.subject_id] = None


def _leave(stages: Stages, stay: Stay, event: Event) -> None:
    """End the stay of a subject that another one absorbs: it is no longer in any stage."""
    _end(stages, stay, event, MoveKind.ABSORBED, None)
    del stages.standing[stay.subject_id]
    stages.touched[stay.subject_id] = None


def _end(stages: Stages, stay: Stay, event: Event, kind: str, next_stage: str | None) -> None:
    """End a stay, never before it began: an event reported late may end a stay of zero length."""
    left_at = max(stay.entered_at, event.effective_at or event.occurred_at)
    stages.ended.append((*stay[:STAY_WIDTH], left_at, event.position, str(kind), next_stage, None))
    _count(stages, stay[1:7], left_at, entries=0, standing=-1)


def _written(row: tuple[Any, ...]) -> Written:
    """Return what an ended stay counts by."""
    return Written(row[1:7], row[_ENTERED_AT], row[STAY_WIDTH])


def _uncount(stages: Stages, stay: Written) -> None:
    """Take back what a stay that has ended counts for."""
    _count(stages, stay.key, stay.entered_at, entries=-1, standing=-1)
    _count(stages, stay.key, stay.left_at, entries=0, standing=1)


def _count(stages: Stages, key: Key, at: datetime, *, entries: int, standing: int) -> None:
    """Add to the numbers of entries and of open stays, from a moment on."""
    counted = stages.counts.get(key)
    if counted is None:
        counted = stages.counts[key] = [0, 0]
    counted[0] += entries
    counted[1] += standing
    day = (key, stages.day_of(at))
    of_day = stages.sums.get(day)
    if of_day is None:
        of_day = stages.sums[day] = [0, 0]
    of_day[0] += entries
    of_day[1] += standing
