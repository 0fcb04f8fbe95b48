"""The people who are credited: their passes, their first touches, their touches. Pure.

lead.qualified      at 9    pass 1: its origin is that of its last stay
origin.corrected    at 11   pass 1 has another origin, which no stay carries yet
lead.restated       at 20   the origins of all passes are those that this states
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.event import Event
from domain.lifecycle.service_events import RESTATED
from projections.business.credit import Person, Touch
from projections.business.won_business import Unit


class Pass(NamedTuple):
    """One pass of a lead, from its stays as they are known."""

    number: int
    begun_at: datetime
    first_entry: int
    last_entry: int
    origin: str | None


class Said(NamedTuple):
    """What an event says about whose work brought its lead."""

    lead: str
    position: int
    is_restated: bool
    """Whether this is all that counts, whatever was said before."""
    has_origin: bool
    origin: str | None
    first_touch: str | None
    origins: Sequence[str | None] = ()
    """The origins of all passes so far, if it is a restatement."""


def said_by(lead: str, event: Event) -> Said:
    """Return what an event says about the origin of its lead. A restatement has the whole state."""
    is_restated = event.type == RESTATED
    stated = event.effects.get("state", event.effects)
    return Said(
        lead,
        event.position,
        is_restated=is_restated,
        has_origin=is_restated or "origin" in event.effects,
        origin=stated.get("origin"),
        first_touch=stated.get("first_touch"),
        origins=event.effects.get("origins", ()),
    )


class Known(NamedTuple):
    """What is known about a person."""

    person: Person
    passes: Sequence[Pass]


def people_in(
    groups: Mapping[str, Iterable[str]],
    passes: Mapping[str, Sequence[Pass]],
    said: Iterable[Said],
    touches: Mapping[str, Sequence[Touch]],
) -> dict[str, Known]:
    """Return what is known about each lead; `groups` names it with all leads that it absorbed.

    `said` is in the order of the ledger, and the passes of each lead are in order.
    """
    own: defaultdict[str, list[Pass]] = defaultdict(list)
    own.update((lead, list(found)) for lead, found in passes.items())
    first: dict[str, str | None] = {}
    for statement in said:
        if statement.is_restated:
            own[statement.lead] = _restated(own[statement.lead], statement.origins)
        if statement.has_origin:
            _correct(own[statement.lead], statement)
        if statement.first_touch is not None or statement.is_restated:
            first[statement.lead] = statement.first_touch
    return {
        lead: Known(_person(lead, list(group), own, touches, first), own[lead])
        for lead, group in groups.items()
    }


def in_pass(unit: Unit, people: Mapping[str, Known]) -> Unit:
    """Name the pass that business belongs to. Without a move, it is the pass under way then."""
    if unit.lead is None or unit.pass_number is not None:
        return unit
    passes = people[unit.lead].passes
    under_way = [found.number for found in passes if found.begun_at <= unit.won_at]
    first = passes[0].number if passes else 1
    return unit._replace(pass_number=under_way[-1] if under_way else first)


def _restated(passes: Sequence[Pass], origins: Sequence[str | None]) -> list[Pass]:
    """State the origins of the passes that a restatement knows to be over."""
    over = dict(enumerate(origins[:-1], start=1))
    return [each._replace(origin=over.get(each.number, each.origin)) for each in passes]


def _correct(passes: list[Pass], said: Said) -> None:
    """Apply an origin stated after the last move of a pass; moves already carry earlier ones."""
    begun = [place for place, found in enumerate(passes) if found.first_entry <= said.position]
    if begun and passes[begun[-1]].last_entry <= said.position:
        passes[begun[-1]] = passes[begun[-1]]._replace(origin=said.origin)


def _person(
    lead: str,
    group: Sequence[str],
    passes: Mapping[str, Sequence[Pass]],
    touches: Mapping[str, Sequence[Touch]],
    first: Mapping[str, str | None],
) -> Person:
    begun = sorted(
        ((passes[other][0].begun_at, first.get(other)) for other in group if passes.get(other)),
        key=lambda start: start[0],
    )
    own = sorted(
        (touch for other in group for touch in touches.get(other, ())), key=lambda touch: touch.at
    )
    return Person(
        origin_by_pass={found.number: found.origin for found in passes.get(lead, ())},
        first_touch=next((touch for _, touch in begun if touch is not None), None),
        touches=[touch.at for touch in own if touch.is_touch],
        inbound=tuple(touch for touch in own if touch.origin is not None),
    )
