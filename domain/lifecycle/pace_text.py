"""The text of what keeps leads moving: the sections of pace.py, read one after the other."""

from collections.abc import Mapping

from domain.lifecycle.around import Around
from domain.lifecycle.calendars_text import read_calendars
from domain.lifecycle.contact_text import (
    read_consent,
    read_dormancy,
    read_recycling,
    read_screening,
)
from domain.lifecycle.deadlines_text import read_deadlines, read_hand_overs
from domain.lifecycle.definition import EventType, Track
from domain.lifecycle.glossary_text import Glossary
from domain.lifecycle.pace import Pace
from domain.lifecycle.paths import Vocabulary
from domain.lifecycle.reading import Place
from domain.lifecycle.words_text import values_of

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
    around = Around(glossary, lead, events, vocabulary, calendars)
    begins = keys.get("fiscal_year_begins")
    return Pace(
        calendars=values_of(calendars),
        fiscal_year_begins=begins.integer(1, 12) if begins else APRIL,
        hand_overs=read_hand_overs(keys.get("hand_overs"), around),
        deadlines=read_deadlines(keys.get("deadlines"), around),
        screening=read_screening(keys.get("screening"), around),
        recycling=read_recycling(keys.get("recycling"), around),
        dormancy=read_dormancy(keys.get("dormancy"), around),
        consent=read_consent(keys.get("consent"), around),
    )
