"""What changes from one lifecycle to another, in words: for whoever has to answer for it.

    stages of lead: SQL is gone
    moves of lead: lead.sales_qualified from SAL to SQL is gone
    guards: has_won_opportunity changes: when
    events: lead.disqualified, lead.returned change: reason may also be too_small

Sections that hold named things are compared thing by thing, and what differs in a thing is named by
its own fields. So a section that is added to lifecycles takes part by itself. What changes
alike in many things, as the events do that take a reason when there is one more, is told once, with
all their names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from domain.lifecycle.conditions import Condition
from domain.lifecycle.definition import Field, Lifecycle, Move, Track

_SAID_AS = {"condition": "when", "words": "label, definition or aliases"}
"""Parts whose name in the text is another."""
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
    yield from (f"{name} is gone" for name in before if name not in after)
    changed = (
        (_what_differs(before[name], after[name]), name)
        for name in before
        if name in after and before[name] != after[name]
    )
    for what, names in _alike(changed):
        yield f"{', '.join(names)} {'change' if len(names) > 1 else 'changes'}: {what}"
    yield from (f"{name} is new" for name in after if name not in before)


def _alike(told: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    """Gather those of whom the same is told, in the order in which it is told first."""
    names: dict[str, list[str]] = {}
    for what, name in told:
        names.setdefault(what, []).append(name)
    return names.items()


def _what_differs(before: Any, after: Any) -> str:
    """Name the parts that differ; of sets, what came and went."""
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        came = [f"+{one}" for one in sorted(map(str, after - before))]
        return ", ".join([*came, *(f"-{one}" for one in sorted(map(str, before - after)))])
    if isinstance(before, Field) and isinstance(after, Field):
        return " and ".join(_of_field(before, after))
    if not is_dataclass(before) or isinstance(before, Condition) or type(before) is not type(after):
        return f"{_shown(before)} becomes {_shown(after)}"
    names = [field.name for field in fields(before)]
    parts = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return ", ".join(_part(name, one, other) for name, one, other in parts if one != other)


def _part(name: str, before: Any, after: Any) -> str:
    """Name a part of a thing that differs; of what events may carry, say in what."""
    if name != "fields":
        return _SAID_AS.get(name, name)
    told = [f"{one} is no field any more" for one in before if one not in after]
    for one, field in after.items():
        if one not in before:
            told.append(f"{one} is a new field")
        elif field != before[one]:
            told.append(f"{one} {_what_differs(before[one], field)}")
    return ", ".join(told)


def _of_field(before: Field, after: Field) -> Iterator[str]:
    """Say how a field changes, each thing beginning with a verb."""
    if before.values != after.values:
        yield from _of_values(before.values, after.values)
    if before.required != after.required:
        yield "must be told" if after.required else "may be left out"
    if before.type != after.type:
        yield f"becomes {after.type}"


def _of_values(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Say what a field may be now; one without values may be anything."""
    if not before or not after:
        yield f"may only be {_any_of(after)}" if after else "may be anything"
        return
    came = [one for one in after if one not in before]
    went = [one for one in before if one not in after]
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
        for way, sources in _alike(one for one in some if one not in others):
            yield Change(f"moves of {name}", f"{way.format(', '.join(sources))} {what}")


def _ways(track: Track) -> Mapping[tuple[str, str], None]:
    """Tell each move from each stage apart: how it is told, and the stage.

    Corrections by name go everywhere, from anywhere.
    """
    ways = [
        (_way(move), source) for move in track.moves if not move.named for source in move.sources
    ]
    named = {(f"{move.on} to any stage that it names", "") for move in track.moves if move.named}
    return dict.fromkeys([*ways, *sorted(named)])


def _way(move: Move) -> str:
    """Tell of a move, with `{}` in the place of the stages that it goes from."""
    ways = [f"{move.on} at {{}}" if move.stays else f"{move.on} from {{}} to {move.to}"]
    if move.guards:
        ways.append(f"if {' and '.join(move.guards)}")
    if move.begins_pass:
        ways.append("beginning a pass")
    if move.kind is not None:
        ways.append(f"as {move.kind}")
    return ", ".join(ways)
