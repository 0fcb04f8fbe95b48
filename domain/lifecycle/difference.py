"""What changes from one lifecycle to another, in words: for whoever has to answer for it.

    stages of lead: SQL is gone
    moves of lead: lead.sales_qualified from SAL to SQL is gone
    guards: has_won_opportunity changes: when
    lists: house changes: label

Sections that hold named things are compared thing by thing, and what differs in a thing is named by
its own fields. So a section that is added to lifecycles takes part by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from domain.lifecycle.conditions import Condition
from domain.lifecycle.definition import Lifecycle, Move, Track

_SAID_AS = {"condition": "when", "words": "label, definition or aliases"}
"""Fields whose name in the text is another."""
_DERIVED = frozenset({"text", "free_mail_domains", "lead", "account"})
"""Not a section of its own, or told apart below."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was."""

    section: str
    what: str

    def __str__(self) -> str:
        return f"{self.section}: {self.what}"


def differences(before: Lifecycle, after: Lifecycle) -> list[Change]:
    """List every change, section by section in the order of the definition."""
    changes: list[Change] = []
    for field in fields(Lifecycle):
        if field.name not in _DERIVED:
            one, other = getattr(before, field.name), getattr(after, field.name)
            changes += [Change(field.name, what) for what in _section(one, other)]
    for track in ("lead", "account"):
        changes += _tracks(track, getattr(before, track), getattr(after, track))
    return changes


def _section(before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _named(before, after)
    elif is_dataclass(before) and is_dataclass(after):
        yield f"changes: {_what_differs(before, after)}"
    elif isinstance(before, str) and isinstance(after, str):
        yield f"{before} becomes {after}"
    elif before is None or after is None:
        yield "is new" if before is None else "is gone"
    else:
        yield "changes"


def _named(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in before:
        if name not in after:
            yield f"{name} is gone"
        elif before[name] != after[name]:
            yield f"{name} changes: {_what_differs(before[name], after[name])}"
    for name in after:
        if name not in before:
            yield f"{name} is new"


def _what_differs(before: Any, after: Any) -> str:
    """Name the fields that differ; of sets, what came and went."""
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        came = [f"+{one}" for one in sorted(map(str, after - before))]
        return ", ".join([*came, *(f"-{one}" for one in sorted(map(str, before - after)))])
    if not is_dataclass(before) or isinstance(before, Condition) or type(before) is not type(after):
        return f"{_shown(before)} becomes {_shown(after)}"
    names = [
        field.name
        for field in fields(before)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    return ", ".join(_SAID_AS.get(name, name) for name in names)


def _shown(value: Any) -> str:
    is_plain = value is None or isinstance(value, (str, int, bool))
    return f"'{value}'" if is_plain else "what it was" if value else "nothing"


def _tracks(name: str, before: Track, after: Track) -> Iterator[Change]:
    for what in _named(before.stages, after.stages):
        yield Change(f"stages of {name}", what)
    kept = [stage for stage in before.path if stage in after.path]
    if kept != [stage for stage in after.path if stage in before.path]:
        yield Change(f"path of {name}", f"the order becomes {', '.join(after.path)}")
    ways_before, ways_after = set(_ways(before)), set(_ways(after))
    for way in _ways(before):
        if way not in ways_after:
            yield Change(f"moves of {name}", f"{way} is gone")
    for way in _ways(after):
        if way not in ways_before:
            yield Change(f"moves of {name}", f"{way} is new")


def _ways(track: Track) -> list[str]:
    """Write each move from each stage as one line; corrections by name go everywhere."""
    lines = [
        _way(move, source) for move in track.moves if not move.named for source in move.sources
    ]
    named = {f"{move.on} to any stage that it names" for move in track.moves if move.named}
    return list(dict.fromkeys([*lines, *sorted(named)]))


def _way(move: Move, source: str) -> str:
    ways = [f"{move.on} at {source}" if move.stays else f"{move.on} from {source} to {move.to}"]
    if move.guards:
        ways.append(f"if {' and '.join(move.guards)}")
    if move.begins_pass:
        ways.append("beginning a pass")
    if move.kind is not None:
        ways.append(f"as {move.kind}")
    return ", ".join(ways)
