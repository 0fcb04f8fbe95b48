"""What changes from one lifecycle to another, in words, for the person who approves it.

    stages of lead: SQL is gone
    moves of lead: lead.sales_qualified from SAL to SQL is gone
    guards: has_won_opportunity changes: when
    events: lead.disqualified, lead.returned change: reason may also be too_small

Sections of named entries are compared entry by entry, and differences are named by the fields of
the entry, so a section that is added to lifecycles is included automatically. A change that is the
same for many entries, such as all events that take a reason when a reason is added, is listed once
with all their names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from domain.lifecycle.conditions import Condition
from domain.lifecycle.definition import Field, Lifecycle, Move, Track

_SAID_AS = {"condition": "when", "words": "label, definition or aliases"}
"""Parts that have a different name in the text."""
_DERIVED = frozenset({"text", "free_mail_domains", "lead", "account"})
"""Not sections, or compared separately below."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    section: str
    what: str

    def __str__(self) -> str:
        return f"{self.section}: {self.what}"


def differences(before: Lifecycle, after: Lifecycle) -> list[Change]:
    """List every change, section by section in the order of the definition."""
    changes: list[Change] = []
    for field in fields(Lifecycle):
        if field.name not in _DERIVED:
            old, new = getattr(before, field.name), getattr(after, field.name)
            changes += [Change(field.name, what) for what in _section(old, new)]
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
    yield from (f"{name} is gone" for name in before if name not in after)
    changed = (
        (_what_differs(before[name], after[name]), name)
        for name in before
        if name in after and before[name] != after[name]
    )
    for what, names in _alike(changed):
        yield f"{', '.join(names)} {'change' if len(names) > 1 else 'changes'}: {what}"
    yield from (f"{name} is new" for name in after if name not in before)


def _alike(described: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    """Group names by description, in order of first occurrence."""
    names: dict[str, list[str]] = {}
    for what, name in described:
        names.setdefault(what, []).append(name)
    return names.items()


def _what_differs(before: Any, after: Any) -> str:
    """Name the parts that differ; for sets, the elements added and removed."""
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        came = [f"+{item}" for item in sorted(map(str, after - before))]
        return ", ".join([*came, *(f"-{item}" for item in sorted(map(str, before - after)))])
    if isinstance(before, Field) and isinstance(after, Field):
        return " and ".join(_of_field(before, after))
    if not is_dataclass(before) or isinstance(before, Condition) or type(before) is not type(after):
        return f"{_shown(before)} becomes {_shown(after)}"
    names = [field.name for field in fields(before)]
    parts = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return ", ".join(_part(name, old, new) for name, old, new in parts if old != new)


def _part(name: str, before: Any, after: Any) -> str:
    """Name a part that differs; for the fields of an event, describe the difference."""
    if name != "fields":
        return _SAID_AS.get(name, name)
    changes = [f"{code} is no longer a field" for code in before if code not in after]
    for code, field in after.items():
        if code not in before:
            changes.append(f"{code} is a new field")
        elif field != before[code]:
            changes.append(f"{code} {_what_differs(before[code], field)}")
    return ", ".join(changes)


def _of_field(before: Field, after: Field) -> Iterator[str]:
    """Describe how a field changes, each change beginning with a verb."""
    if before.values != after.values:
        yield from _of_values(before.values, after.values)
    if before.required != after.required:
        yield "is required" if after.required else "is optional"
    if before.type != after.type:
        yield f"becomes {after.type}"


def _of_values(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Describe what a field may be now; a field without values may be anything."""
    if not before or not after:
        yield f"may only be {_any_of(after)}" if after else "may be anything"
        return
    came = [value for value in after if value not in before]
    went = [value for value in before if value not in after]
    if came:
        yield f"may also be {_any_of(came)}"
    if went:
        yield f"may no longer be {_any_of(went)}"
    if not came and not went:
        yield "lists its values in another order"


def _any_of(values: Sequence[str]) -> str:
    *first, last = values
    return f"{', '.join(first)} or {last}" if first else last


def _shown(value: Any) -> str:
    is_plain = value is None or isinstance(value, (str, int, bool))
    return f"'{value}'" if is_plain else "what it was" if value else "nothing"


def _tracks(name: str, before: Track, after: Track) -> Iterator[Change]:
    for what in _named(before.stages, after.stages):
        yield Change(f"stages of {name}", what)
    kept = [stage for stage in before.path if stage in after.path]
    if kept != [stage for stage in after.path if stage in before.path]:
        yield Change(f"path of {name}", f"the order becomes {', '.join(after.path)}")
    ways_before, ways_after = _ways(before), _ways(after)
    for what, some, others in (
        ("is gone", ways_before, ways_after),
        ("is new", ways_after, ways_before),
    ):
        for way, sources in _alike(way for way in some if way not in others):
            yield Change(f"moves of {name}", f"{way.format(', '.join(sources))} {what}")


def _ways(track: Track) -> Mapping[tuple[str, str], None]:
    """Return a key for each move from each stage: its description, and the stage.

    Corrections by name lead everywhere, from anywhere.
    """
    ways = [
        (_way(move), source) for move in track.moves if not move.named for source in move.sources
    ]
    named = {(f"{move.on} to any stage that it names", "") for move in track.moves if move.named}
    return dict.fromkeys([*ways, *sorted(named)])


def _way(move: Move) -> str:
    """Describe a move, with `{}` in place of its source stages."""
    ways = [f"{move.on} at {{}}" if move.stays else f"{move.on} from {{}} to {move.to}"]
    if move.guards:
        ways.append(f"if {' and '.join(move.guards)}")
    if move.begins_pass:
        ways.append("beginning a pass")
    if move.kind is not None:
        ways.append(f"as {move.kind}")
    return ", ".join(ways)
