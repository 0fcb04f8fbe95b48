"""The text of the rules that keep leads moving: the sections of lifecycle/automation.py."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from domain.lifecycle.automation import Pace
from domain.lifecycle.definition import EventType, Track
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.calendars import read_calendars
from domain.lifecycle.text.sections.contact import (
    read_consent,
    read_dormancy,
    read_recycling,
    read_screening,
)
from domain.lifecycle.text.sections.deadlines import read_deadlines, read_hand_overs
from domain.lifecycle.text.sections.glossary import Glossary
from domain.lifecycle.text.sections.scope import LeadScope
from domain.lifecycle.text.vocabulary import Vocabulary
from domain.lifecycle.text.words import values_of

PACE_KEYS = (
    *("calendars", "fiscal_year_begins", "hand_overs", "deadlines"),
    *("screening", "recycling", "dormancy", "consent"),
)
APRIL = 4


def read_pace(
    keys: Mapping[str, Place],
    *,
    glossary: Glossary,
    lead: Track,
    events: Mapping[str, EventType],
    vocabulary: Vocabulary,
) -> Pace:
    """Read the sections; each may be missing."""
    calendars = read_calendars(keys.get("calendars"), languages=glossary.languages)
    around = LeadScope(glossary, lead, events, vocabulary, calendars)
    begins = keys.get("fiscal_year_begins")
    pace = Pace(
        calendars=values_of(calendars),
        fiscal_year_begins=begins.integer(1, 12) if begins else APRIL,
        hand_overs=read_hand_overs(keys.get("hand_overs"), around),
        deadlines=read_deadlines(keys.get("deadlines"), around),
        screening=read_screening(keys.get("screening"), around),
        recycling=read_recycling(keys.get("recycling"), around),
        dormancy=read_dormancy(keys.get("dormancy"), around),
        consent=read_consent(keys.get("consent"), around),
    )
    for section in ("deadlines", "dormancy"):
        if section in keys:
            _check_circles(keys[section], pace, lead)
            break
    return pace


def _check_circles(place: Place, pace: Pace, lead: Track) -> None:
    """Refuse moves by time alone that lead back to where they began.

    An untouched lead would circle endlessly and write events each time. A stage with two moves by
    time is skipped, because the calendar decides which of them comes first.
    """
    found = defaultdict[str, set[str]](set)
    for stage, to in _ways_of_time(pace, lead):
        found[stage].add(to)
    ways = {stage: targets.pop() for stage, targets in found.items() if len(targets) == 1}
    for begin in ways:
        stages = [begin]
        while (following := ways.get(stages[-1])) is not None and following not in stages:
            stages.append(following)
        if following == begin:
            circle = " → ".join((*stages, begin))
            place.complain(
                f"time alone would move leads in a circle: {circle}; break it at a stage"
            )
            return


def _ways_of_time(pace: Pace, lead: Track) -> Iterator[tuple[str, str]]:
    """Yield source and target of each move that is certain to happen if no one acts."""
    moves = {
        (move.on, source): move
        for move in reversed(lead.moves)
        for source in move.sources
        if not move.named
    }
    moved_by = [
        (deadline.entering, deadline.returns.by)
        for deadline in pace.deadlines.values()
        if deadline.entering is not None and deadline.returns is not None
    ]
    if pace.dormancy is not None:
        moved_by += [(stage, pace.dormancy.by) for stage in sorted(pace.dormancy.stages)]
    for stage, by in moved_by:
        move = moves.get((by, stage))
        if move is not None and not move.guards and not move.stays:
            yield stage, move.to
