"""One word, one thing: an event and a list that are called alike tell of the same stage.

People say マーケ受入 of the decision and of the list. That is right as long as the decision leads
to where the list looks; where it does not, a figure of the one is read as one of the other.
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
    """Refuse a list that an event is called like, although it leads to none of its stages.

    An event that moves nobody and a list that asks for no stage tell of none.
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
                    f"'{name}' is also what {event} is called, which leads to "
                    f"{', '.join(sorted(stages[event]))} and not to {', '.join(sorted(asked))}; "
                    "call one of them something else"
                )


def _names(words: Words) -> Iterator[str]:
    """List what something is called, without saying that it is a list."""
    for name in (*words.label.values(), *words.aliases):
        folded = normal(name)
        for suffix in _SUFFIXES:
            folded = folded.removesuffix(suffix)
        yield folded


def _stages_in(rule: Rule) -> Iterator[str]:
    """List the stages that a condition asks for; not those that it only excludes."""
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
