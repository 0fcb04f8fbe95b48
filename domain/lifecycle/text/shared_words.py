"""One word, one meaning: an event and a list with the same name concern the same stage.

People use マーケ受入 for both the decision and the list. That is right as long as the decision
leads to the stage of the list; otherwise a figure for one is read as a figure for the other.
"""

from collections.abc import Iterable, Iterator, Mapping

from domain.lifecycle.conditions import Among, Equals, Every, Rule, Some
from domain.lifecycle.definition import EventType, LeadList, Move, Words
from domain.lifecycle.names import normal
from domain.lifecycle.text.words import Placed

_STAGE = "lead.stage"
_SUFFIXES = ("リスト", "リード", " list", " leads")


def check_shared_words(
    events: Mapping[str, EventType], lists: Mapping[str, Placed[LeadList]], moves: Iterable[Move]
) -> None:
    """Refuse a list that shares a name with an event which leads to none of its stages.

    Events without moves and lists that read no stage are not affected.
    """
    stages: dict[str, set[str]] = {}
    for move in moves:
        stages.setdefault(move.on, set()).update(move.sources if move.stays else (move.to,))
    called = {name: code for code in stages for name in _names(events[code].words)}
    for placed in lists.values():
        asked = frozenset(_stages_in(placed.value.condition.rule))
        for name in _names(placed.value.words):
            event = called.get(name)
            if event is not None and asked and asked.isdisjoint(stages[event]):
                placed.place.complain(
                    f"'{name}' is also a name of {event}, which leads to "
                    f"{', '.join(sorted(stages[event]))} and not to {', '.join(sorted(asked))}; "
                    "rename one of them"
                )


def _names(words: Words) -> Iterator[str]:
    """List the names of an entry, without a suffix that says it is a list."""
    for name in (*words.label.values(), *words.aliases):
        folded = normal(name)
        for suffix in _SUFFIXES:
            folded = folded.removesuffix(suffix)
        yield folded


def _stages_in(rule: Rule) -> Iterator[str]:
    """List the stages that a condition requires, not those that it only excludes."""
    match rule:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _stages_in(part)
        case Equals(path, value) if path == _STAGE:
            yield str(value)
        case Among(path, values) if path == _STAGE:
            yield from map(str, values)
        case _:
            pass
