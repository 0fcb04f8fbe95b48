"""What `lifecycle.published` holds beside the text: holidays and offsets, written out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.lifecycle.calendars import Expansion, Offsets


def expansion_of(published: Mapping[str, Any]) -> Expansion:
    """Read what was expanded. Before calendars were published there was nothing to expand."""
    offsets = published.get("offsets", {})
    holidays = published.get("calendars", {}).get("holidays", {})
    return Expansion(
        offsets=Offsets(
            offsets.get("first_s", 0),
            tuple((since, ahead_s) for since, ahead_s in offsets.get("changes", ())),
        ),
        holidays={
            country: frozenset(map(date.fromisoformat, days)) for country, days in holidays.items()
        },
    )
