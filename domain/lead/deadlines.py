"""Every deadline that one lead has had, derived from its events, and how each of them ended.

    lead.qualified      at 7
    deadline.started    at 9    an entry: open until it is due
    deadline.breached   at 12   breached, and not answered yet
    lead.sales_accepted at 15   answered: the entry is settled as late
    lead.restated       at 20   an earlier answer is known: its entries replace these

Like stays, entries are derived from the events as they were recorded, or as they are decided again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from domain.effects import DeadlineEffect, Effects
from domain.event import Event
from domain.times import format_utc

MET = "deadline.met"
ENTRIES: Final = "deadline_entries"
"""The effect of a restatement that carries all entries that count."""

DeadlineOutcome = Literal["met", "late", "left"]
IN_TIME: Final = "met"
TOO_LATE: Final = "late"
LEFT: Final = "left"


class DeadlineEntry(NamedTuple):
    """One deadline, from its start until it is settled."""

    deadline: str
    stage: str | None
    started: int
    """Position of `deadline.started`, or of the report from which it follows."""
    started_at: datetime
    due_at: datetime
    owner: str | None
    team: str | None
    breached: int | None = None
    """Position of `deadline.breached`, or of its report. The breach happened when it was due."""
    outcome: DeadlineOutcome | None = None
    """None until it is settled."""
    settled: int | None = None
    settled_at: datetime | None = None


DeadlineEntries: TypeAlias = tuple[DeadlineEntry, ...]
"""In the order in which they started. An entry is changed in its place and never removed, except
by a restatement, which replaces them all."""


def deadlines_after(before: DeadlineEntries, event: Event) -> DeadlineEntries:
    """Return the deadlines of a lead after an event that it received."""
    effects = event.effects
    if "stays" in effects:
        return restored(effects)
    entries = list(before)
    for name, effect in effects.get("deadlines", {}).items():
        _follow(entries, event, name, effect)
    if event.type == MET:
        _meet(entries, event)
    if event.stage_to is not None or effects.get("absorbed_by") is not None:
        entries = [_settled(entry, LEFT, event) for entry in entries]
    if "owner" in effects or "team" in effects:
        entries = [_assigned(entry, effects) for entry in entries]
    return tuple(entries)


def content_of(entries: DeadlineEntries) -> Effects:
    """Return deadlines as plain values, as events and records hold them; nothing for none."""
    return {ENTRIES: [_plain(entry) for entry in entries]} if entries else {}


def restored(effects: Mapping[str, Any]) -> DeadlineEntries:
    """Return the deadlines that an event carries."""
    return tuple(_entry(*content) for content in effects.get(ENTRIES, ()))


def without_positions(entries: DeadlineEntries) -> list[DeadlineEntry]:
    """Return what counts about deadlines, whichever events reported it."""
    return [
        entry._replace(
            started=0,
            breached=0 if entry.breached is not None else None,
            settled=0 if entry.settled is not None else None,
        )
        for entry in entries
    ]


def _follow(
    entries: list[DeadlineEntry], event: Event, name: str, effect: DeadlineEffect | None
) -> None:
    """Start a deadline, breach it, or settle it as late, as the event states."""
    if effect is not None and not effect.get("breached"):
        entries.append(_started(name, effect, event))
        return
    if event.type == MET:
        return
    for place, entry in enumerate(entries):
        if entry.deadline == name and entry.outcome is None:
            is_answered = effect is None
            entries[place] = (
                _settled(entry, TOO_LATE, event)
                if is_answered
                else entry._replace(breached=event.position)
            )


def _started(name: str, effect: DeadlineEffect, event: Event) -> DeadlineEntry:
    return DeadlineEntry(
        deadline=name,
        stage=effect["stage"],
        started=event.position,
        started_at=event.occurred_at,
        due_at=datetime.fromisoformat(effect["due"]),
        owner=event.data.get("owner"),
        team=event.data.get("team"),
    )


def _meet(entries: list[DeadlineEntry], event: Event) -> None:
    """Settle the newest such deadline as met, even if the answer itself ended the stay before."""
    name, due_at = event.data["deadline"], datetime.fromisoformat(event.data["due"])
    for place in reversed(range(len(entries))):
        entry = entries[place]
        if (entry.deadline, entry.due_at) == (name, due_at):
            entries[place] = _settled(entry._replace(outcome=None), IN_TIME, event)
            return


def _settled(entry: DeadlineEntry, outcome: DeadlineOutcome, event: Event) -> DeadlineEntry:
    """Settle a deadline, unless it is settled already."""
    if entry.outcome is not None:
        return entry
    return entry._replace(outcome=outcome, settled=event.position, settled_at=event.occurred_at)


def _assigned(entry: DeadlineEntry, effects: Mapping[str, Any]) -> DeadlineEntry:
    """Pass a running deadline on; a settled one keeps the owner that it had."""
    if entry.outcome is not None:
        return entry
    owner, team = effects.get("owner", entry.owner), effects.get("team", entry.team)
    return entry._replace(owner=owner, team=team)


def _plain(entry: DeadlineEntry) -> list[Any]:
    return [format_utc(value) if isinstance(value, datetime) else value for value in entry]


def _entry(deadline: str, stage: str | None, started: int, *content: Any) -> DeadlineEntry:
    started_at, due_at, owner, team, breached, outcome, settled, settled_at = content
    return DeadlineEntry(
        deadline=deadline,
        stage=stage,
        started=started,
        started_at=datetime.fromisoformat(started_at),
        due_at=datetime.fromisoformat(due_at),
        owner=owner,
        team=team,
        breached=breached,
        outcome=outcome,
        settled=settled,
        settled_at=datetime.fromisoformat(settled_at) if settled_at is not None else None,
    )
