"""Apply the outcome that an event carries. Never asks the machine, never refuses, never decides.

A replay must stay true after the lifecycle has changed, so the event contains everything that
changes state: the move in `stage_to`, `effective_at` and `pass_number`, all else in `effects`
(`domain.effects` names them all).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Literal, TypeVar

from domain.effects import selected
from domain.event import Event
from domain.lead import state_json
from domain.lead.evolve_move import moved
from domain.lead.state import (
    LATE,
    OPEN,
    VALID,
    WON,
    AccountState,
    Due,
    LeadState,
    Occurrence,
    Pending,
    Point,
    StandingFact,
    Timer,
)
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import OFFERED, REASSESSED

Staged = TypeVar("Staged", LeadState, AccountState)

_SET = frozenset(
    {
        *("known", "origin", "channel", "owner", "account", "absorbed_by", "fit", "grade"),
        *("market", "priority", "screened_as", "revisit_on", "lifecycle", "business", "team"),
        *("merged", "first_touch", "origin_corrected", "reseller"),
    }
)
_SET_ON_ACCOUNT = ("segment", "key_role", "owner", "competitor")
_OF_COMPANY = ("opportunities", "orders", "brings")
"""Effects of a lead's event that its company's course follows from."""
_DISTINGUISHES = frozenset({"apart", "conflicts", "dismissed", "absorbs"})
_MERGED = ("attributes", "opportunities", "orders")

_Removable = Literal["blocks", "flags", "marks", "owners"]

_RULE = attrgetter("rule")
_BY_TIME = attrgetter("occurred_at", "position")
_PLACES: Mapping[type, Mapping[str, int]] = {
    kind: {name: place for place, name in enumerate(kind._fields)}
    for kind in (LeadState, AccountState)
}


def evolve(state: Staged, event: Event) -> Staged:
    """Return the state after the event. Total: any event of the ledger can be applied."""
    effects = event.effects
    if "state" in effects:
        return state_json.restored(state, effects["state"])
    if LATE in effects:
        return _waiting(state, event)
    if isinstance(state, AccountState):
        return _account_after(state, event)
    changes: dict[str, Any] = {}
    if _is_latest(state, event) and event.type not in OFFERED:
        changes["latest_at"] = event.occurred_at
    for name, value in effects.items():
        if name in _SET:
            changes[name] = value
        if name in _DERIVED:
            changes |= _DERIVED[name](state, event)
    state = _changed(state, changes)
    return state if event.stage_to is None else after_move(state, event)


def after_move(state: Staged, event: Event) -> Staged:
    """Return the state after an event's move; its effects have been applied."""
    return _changed(state, moved(state, event))


def with_business(state: AccountState, effects: Mapping[str, Any]) -> AccountState:
    """Return an account with the deals and orders that a report about it changes."""
    return _changed(state, _merged(state, effects))


def _waiting(state: Staged, event: Event) -> Staged:
    """Note that a restatement is to come, if it does not follow at once."""
    until = event.effects.get("pending_until")
    if until is None or not isinstance(state, LeadState) or state.pending is not None:
        return state
    return state._replace(pending=Pending(event.position, datetime.fromisoformat(until)))


def _account_after(state: AccountState, event: Event) -> AccountState:
    """Apply an event about the account, or the business in an event about one of its leads.

    A lead's move is not its account's, nor is the owner in it.
    """
    effects, is_own = event.effects, event.subject.kind is SubjectKind.ACCOUNT
    changes: dict[str, Any] = {**selected(effects, _SET_ON_ACCOUNT)} if is_own else {}
    changes |= _absorption(state, effects)
    if not _DISTINGUISHES.isdisjoint(effects):
        changes |= _distinguished(state, event)
    changes |= _merged(state, effects)
    changes |= _on_timeline(state, event, is_own=is_own)
    state = _changed(state, changes)
    if "brings" in effects:
        state = _changed(state, _merged(state, effects["brings"]))
    return after_move(state, event) if is_own and event.stage_to is not None else state


def _on_timeline(state: AccountState, event: Event, *, is_own: bool) -> dict[str, Any]:
    """Enter what an account's course follows from: reports, moves, and its leads' business."""
    effects = event.effects
    if "timeline" in effects:
        absorbed = state_json.timeline(effects["timeline"])
        return {"timeline": in_order((*state.timeline, *absorbed))}
    if not is_own:
        business = selected(effects, _OF_COMPANY)
        entered = Occurrence(
            event.occurred_at, event.position, event.receiver.id, event.type, {}, business
        )
    elif event.type in OFFERED or (event.cause is not None and event.stage_to is None):
        return {}
    else:
        own = selected(effects, (*_SET_ON_ACCOUNT, *_OF_COMPANY))
        is_derived = event.cause is not None
        entered = Occurrence(
            event.occurred_at,
            event.cause or event.position,
            event.data.get("lead") if is_derived else None,
            event.type,
            {} if is_derived else dict(event.data),
            own,
        )
    changes: dict[str, Any] = {"timeline": with_occurrence(state.timeline, entered)}
    if _is_latest(state, event):
        changes["latest_at"] = event.occurred_at
    return changes


def in_order(timeline: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    """Sort by time, and by position within the same time."""
    return tuple(sorted(timeline, key=_BY_TIME))


def with_occurrence(
    timeline: tuple[Occurrence, ...], entered: Occurrence
) -> tuple[Occurrence, ...]:
    """Enter an occurrence in order. It is nearly always the last: sorting would cost a multiple."""
    if not timeline or _BY_TIME(timeline[-1]) <= _BY_TIME(entered):
        return (*timeline, entered)
    return in_order((*timeline, entered))


def _is_latest(state: LeadState | AccountState, event: Event) -> bool:
    return state.latest_at is None or event.occurred_at > state.latest_at


def _merged(state: Staged, effects: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {**getattr(state, name), **effects[name]}
        for name in _MERGED
        if name in effects and hasattr(state, name)
    }


def _changed(state: Staged, changes: dict[str, Any]) -> Staged:
    """Do what `_replace` does in half the time; a replay does little else."""
    if not changes:
        return state
    values = list(state)
    places = _PLACES[type(state)]
    for name, value in changes.items():
        values[places[name]] = value
    return type(state)._make(values)


def _attributes(state: LeadState, event: Event) -> dict[str, Any]:
    return {"attributes": {**state.attributes, **event.effects["attributes"]}}


def _opportunities(state: LeadState, event: Event) -> dict[str, Any]:
    changed = event.effects["opportunities"]
    return {
        "opportunities": {**state.opportunities, **changed},
        "earlier_opportunities": _still_earlier(state.earlier_opportunities, changed),
    }


def _orders(state: LeadState, event: Event) -> dict[str, Any]:
    changed = event.effects["orders"]
    return {
        "orders": {**state.orders, **changed},
        "earlier_orders": _still_earlier(state.earlier_orders, changed),
    }


def _removable_after(name: _Removable, state: LeadState, event: Event) -> dict[str, Any]:
    return {name: _without_nulls({**getattr(state, name), **event.effects[name]})}


def _absorbed(_: LeadState, event: Event) -> dict[str, Any]:
    """Clear the timers: another lead receives this one's events."""
    ended: dict[str, Any] = {
        name: {} for name in ("timers", "deadlines") if name not in event.effects
    }
    return {"stage": None, **ended}


def _still_earlier(earlier: tuple[str, ...], changed: Mapping[str, str]) -> tuple[str, ...]:
    """Drop deals that are won or reopened: they belong to this pass. Lost ones stay behind."""
    return tuple(id for id in earlier if changed.get(id) not in (OPEN, WON, VALID))


def _standing_after(state: LeadState, event: Event) -> tuple[StandingFact, ...]:
    news = [
        StandingFact(type, position, datetime.fromisoformat(time), data, tuple(moved_to))
        for type, position, time, data, moved_to in event.effects.get("inherits", ())
    ]
    if "stands" in event.effects:
        stands = event.effects["stands"]
        news.append(StandingFact(event.type, event.position, event.occurred_at, stands))
    replaced = {fact.type for fact in news}
    return (*(fact for fact in state.standing if fact.type not in replaced), *news)


def _absorption(state: LeadState | AccountState, effects: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "absorbs" in effects:
        changes["absorbs"] = (*state.absorbs, effects["absorbs"])
    if "absorbed_by" in effects:
        changes |= {"absorbed_by": effects["absorbed_by"], "stage": None, "conflicts": ()}
    return changes


def _distinguished(state: LeadState | AccountState, event: Event) -> dict[str, Any]:
    effects = event.effects
    apart = dict.fromkeys((*state.apart, *effects.get("apart", ())))
    conflicts = dict.fromkeys((*state.conflicts, *effects.get("conflicts", ())))
    settled = {*apart, *effects.get("dismissed", ()), effects.get("absorbs")}
    return {
        "apart": tuple(apart),
        "conflicts": tuple(other for other in conflicts if other not in settled),
    }


def _holds(state: LeadState, event: Event) -> dict[str, Any]:
    return {"holds": tuple(sorted({*state.holds, *event.effects["holds"]}))}


def _timers_after(state: LeadState, event: Event) -> dict[str, Timer]:
    timers = dict(state.timers)
    for name, due in event.effects["timers"].items():
        if due is None:
            timers.pop(name, None)
        else:
            timers[name] = Timer(datetime.fromisoformat(due), event.position)
    return timers


def _deadlines_after(state: LeadState, event: Event) -> dict[str, Due]:
    deadlines = dict(state.deadlines)
    for name, values in event.effects["deadlines"].items():
        if values is None:
            deadlines.pop(name, None)
            continue
        before = deadlines.get(name) if values.get("breached") else None
        deadlines[name] = Due(
            datetime.fromisoformat(values["due"]),
            values["stage"],
            before.started if before is not None else event.position,
            event.position if values.get("breached") else None,
        )
    return deadlines


def _points_after(state: LeadState, event: Event) -> tuple[Point, ...]:
    """Add points; only the latest of each rule count, so that a state never grows without bound."""
    points = list(state.points)
    at = (event.occurred_at, event.position)
    is_in_order = "points" in event.effects and (not points or _BY_TIME(points[-1]) <= at)
    most_of: dict[str, int] = {}
    for rule, given, most in event.effects.get("points", ()):
        points.append(Point(rule, given, event.position, event.occurred_at))
        most_of[rule] = most
    for rule, given, position, time, most in event.effects.get("inherited_points", ()):
        points.append(Point(rule, given, position, datetime.fromisoformat(time)))
        most_of[rule] = most
    if len(points) > min(most_of.values(), default=0):
        counts = Counter(map(_RULE, points))
        for rule, most in most_of.items():
            if counts[rule] > most:
                points = _without_oldest(points, rule, most)
    return tuple(points if is_in_order else sorted(points, key=_BY_TIME))


def _without_oldest(points: list[Point], rule: str, most: int) -> list[Point]:
    of_rule = sorted((point for point in points if point.rule == rule), key=_BY_TIME)
    outdated = set(of_rule[:-most])
    return [point for point in points if point not in outdated]


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _points(state: LeadState, event: Event) -> dict[str, Any]:
    return {"points": _points_after(state, event)}


def _standing(state: LeadState, event: Event) -> dict[str, Any]:
    return {"standing": _standing_after(state, event)}


def _known_since(state: LeadState, event: Event) -> dict[str, Any]:
    return {"acquired_at": state.acquired_at or event.occurred_at}


def _began_under(_: LeadState, event: Event) -> dict[str, Any]:
    """A report states the version only of a lead that begins with it."""
    return {} if event.type == REASSESSED else {"began_under": event.effects["lifecycle"]}


def _former_accounts(state: LeadState, event: Event) -> dict[str, Any]:
    if state.account in (None, event.effects["account"]):
        return {}
    return {"former_accounts": (*state.former_accounts, state.account)}


_DERIVED: Mapping[str, Callable[[LeadState, Event], dict[str, Any]]] = {
    "account": _former_accounts,
    "absorbs": lambda state, event: {"absorbs": (*state.absorbs, event.effects["absorbs"])},
    "absorbed_by": _absorbed,
    "apart": _distinguished,
    "attempts": lambda _, event: {
        "attempts": tuple(map(datetime.fromisoformat, event.effects["attempts"]))
    },
    "attributes": _attributes,
    "begins": lambda _, __: {"void": False},
    "blocks": partial(_removable_after, "blocks"),
    "conflicts": _distinguished,
    "dismissed": _distinguished,
    "deadlines": lambda state, event: {"deadlines": _deadlines_after(state, event)},
    "flags": partial(_removable_after, "flags"),
    "holds": _holds,
    "inherited_points": _points,
    "inherits": _standing,
    "known": _known_since,
    "lifecycle": _began_under,
    "marks": partial(_removable_after, "marks"),
    "opportunities": _opportunities,
    "orders": _orders,
    "owners": partial(_removable_after, "owners"),
    "parted": lambda state, event: {
        "parted": tuple(dict.fromkeys((*state.parted, *event.effects["parted"])))
    },
    "points": _points,
    "stands": _standing,
    "timers": lambda state, event: {"timers": _timers_after(state, event)},
}
"""Effect of a lead → what it changes: most events have one or two, and most have none of these."""
