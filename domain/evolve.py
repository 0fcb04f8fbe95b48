"""Apply the outcome that an event carries. Never asks the machine, never refuses, never decides.

A replay must stay true after the lifecycle has changed, so everything that changes state stands in
the event: the move in `stage_to`, `effective_at` and `pass_number`, all else in `effects`:

    known           true: we now hold personal data
    origin, channel, owner, account, absorbed_by    set to the value (null clears)
    attributes, opportunities, orders               merged by key
    absorbs         the id of a lead that this one absorbs, added
    stands          fields of this event that its guards read, and whose department reported it:
                    it is kept as a standing fact, in place of an earlier one of its type (the last
                    call of a pass is what counts)
    inherits        standing facts of an absorbed visitor: type, position, fields, stages moved to
    fact            the position of the standing fact that causes the move
    move            how the last stay ended, and the stages passed over
    timers          name → when it is due; null clears it
    points          rule, points, and how many of that rule count at most: the latest ones do
    inherited_points    points of an absorbed visitor: rule, points, position and time of the event
                    that gave them, and how many of that rule count at most
    fit, attempts   replaced as a whole
    grade, market, priority, screened_as, revisit_on, lifecycle    set to the value
    acquired_at     when we first held personal data, where a late report tells of an earlier time
    blocks, flags, marks    merged by key; null removes
    business_of     the account whose deals and orders these are too: its own state sees them
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from domain.events import Event
from domain.lifecycle.definition import MoveKind
from domain.state import AccountState, LeadState, Point, StandingFact, Timer

Staged = TypeVar("Staged", LeadState, AccountState)

_SET = (
    *("known", "origin", "channel", "owner", "account", "absorbed_by", "fit", "grade", "market"),
    *("priority", "screened_as", "revisit_on", "lifecycle"),
)
_MERGED = ("attributes", "opportunities", "orders")
_REMOVABLE = ("blocks", "flags", "marks")


def evolve(state: Staged, event: Event) -> Staged:
    """Return the state after the event. Total: any event of the ledger can be applied."""
    if event.effects:
        state = _with_effects(state, event)
    if event.stage_to is not None:
        state = _moved(state, event)
    return state


def _with_effects(state: Staged, event: Event) -> Staged:
    effects = event.effects
    if isinstance(state, AccountState):
        return _changed(state, _merged(state, effects))
    changes: dict[str, Any] = {name: effects[name] for name in _SET if name in effects}
    changes |= _merged(state, effects)
    changes |= _of_lead(state, event)
    return _changed(state, changes)


def _merged(state: Staged, effects: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {**getattr(state, name), **effects[name]}
        for name in _MERGED
        if name in effects and hasattr(state, name)
    }


def _changed(state: Staged, changes: dict[str, Any]) -> Staged:
    """Do what `_replace` does, in half the time: a replay does little else."""
    if not changes:
        return state
    values = list(state)
    fields = state._fields
    for name, value in changes.items():
        values[fields.index(name)] = value
    return type(state)._make(values)


def _of_lead(state: LeadState, event: Event) -> dict[str, Any]:
    effects = event.effects
    changes: dict[str, Any] = {}
    if "absorbs" in effects:
        changes["absorbs"] = (*state.absorbs, effects["absorbs"])
    if "absorbed_by" in effects:
        changes["stage"] = None
    if "known" in effects or "acquired_at" in effects:
        changes["acquired_at"] = _acquired_at(state, event)
    if "inherits" in effects or "stands" in effects:
        changes["standing"] = _standing_after(state, event)
    if "timers" in effects:
        changes["timers"] = _timers_after(state, event)
    if "points" in effects or "inherited_points" in effects:
        changes["points"] = _points_after(state, event)
    if "attempts" in effects:
        changes["attempts"] = tuple(map(datetime.fromisoformat, effects["attempts"]))
    for name in _REMOVABLE:
        if name in effects:
            changes[name] = _without_nulls({**getattr(state, name), **effects[name]})
    return changes


def _acquired_at(state: LeadState, event: Event) -> datetime:
    told = event.effects.get("acquired_at")
    return datetime.fromisoformat(told) if told else state.acquired_at or event.occurred_at


def _standing_after(state: LeadState, event: Event) -> tuple[StandingFact, ...]:
    news = [
        StandingFact(type, position, data, tuple(moved_to))
        for type, position, data, moved_to in event.effects.get("inherits", ())
    ]
    if "stands" in event.effects:
        news.append(StandingFact(event.type, event.position, event.effects["stands"]))
    replaced = {fact.type for fact in news}
    return (*(fact for fact in state.standing if fact.type not in replaced), *news)


def _timers_after(state: LeadState, event: Event) -> dict[str, Timer]:
    timers = dict(state.timers)
    for name, due in event.effects["timers"].items():
        if due is None:
            timers.pop(name, None)
        else:
            timers[name] = Timer(datetime.fromisoformat(due), event.position)
    return timers


def _points_after(state: LeadState, event: Event) -> tuple[Point, ...]:
    """Add points; of each rule only the latest count, so that a state never grows without end."""
    points = [one for one in state.points if one.position != event.position]
    most_of: dict[str, int] = {}
    for rule, given, most in event.effects.get("points", ()):
        points.append(Point(rule, given, event.position, event.occurred_at))
        most_of[rule] = most
    for rule, given, position, time, most in event.effects.get("inherited_points", ()):
        points.append(Point(rule, given, position, datetime.fromisoformat(time)))
        most_of[rule] = most
    counts = Counter(one.rule for one in points)
    for rule, most in most_of.items():
        if counts[rule] > most:
            points = _without_oldest(points, rule, most)
    return tuple(sorted(points, key=_position))


def _without_oldest(points: list[Point], rule: str, most: int) -> list[Point]:
    of_rule = sorted(
        (one for one in points if one.rule == rule),
        key=lambda one: (one.occurred_at, one.position),
    )
    outdated = set(of_rule[:-most])
    return [one for one in points if one not in outdated]


def _position(point: Point) -> int:
    return point.position


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _moved(state: Staged, event: Event) -> Staged:
    pass_number = event.pass_number if event.pass_number is not None else state.pass_number
    begins_pass = pass_number != state.pass_number
    entered: tuple[str, ...] = () if begins_pass else state.entered
    stage = event.stage_to
    if stage is not None and stage not in entered:
        entered = (*entered, stage)
    moved = state._replace(
        stage=stage,
        entered_at=event.effective_at,
        pass_number=pass_number,
        entered=entered,
    )
    if not isinstance(moved, LeadState):
        return moved
    if moved.standing:
        moved = moved._replace(standing=_facts_after(moved, event, begins_pass=begins_pass))
    return _in_new_pass(moved, event) if begins_pass else moved


def _in_new_pass(state: LeadState, event: Event) -> LeadState:
    """Leave behind what belonged to the ended pass; what this very event gave is the new one's."""
    return state._replace(
        points=tuple(one for one in state.points if one.position == event.position),
        attempts=(),
        marks=event.effects.get("marks", {}),
        screened_as=event.effects.get("screened_as"),
    )


def _facts_after(state: LeadState, event: Event, *, begins_pass: bool) -> tuple[StandingFact, ...]:
    """Mark the fact that moved the lead; what stood in an ended pass ends with it."""
    mover = event.effects.get("fact", event.position)
    assert event.stage_to is not None
    return tuple(
        fact._replace(moved_to=(*fact.moved_to, event.stage_to)) if fact.position == mover else fact
        for fact in state.standing
        if not begins_pass or fact.position == event.position
    )


def move_kind(event: Event) -> MoveKind | None:
    """How the stay before this event ended; None if it ended none."""
    move = event.effects.get("move")
    return MoveKind(move["kind"]) if move else None
