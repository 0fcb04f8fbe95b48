"""The data of `lifecycle.published` besides the text: holidays, offsets, calendar changes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.lifecycle.calendars import CalendarChange, Expansion, Offsets, hours_in


def expansion_of(published: Mapping[str, Any]) -> Expansion:
    """Read the expansion. Before calendars could be published there was nothing to expand."""
    offsets = published.get("offsets", {})
    calendars = published.get("calendars", {})
    return Expansion(
        offsets=Offsets(
            offsets.get("first_s", 0),
            tuple((since, ahead_s) for since, ahead_s in offsets.get("changes", ())),
        ),
        holidays={
            country: frozenset(map(date.fromisoformat, days))
            for country, days in calendars.get("holidays", {}).items()
        },
        changes={
            name: tuple(_change(*change) for change in changes)
            for name, changes in calendars.get("changes", {}).items()
        },
    )


def _change(first: str, last: str, closed: bool, hours: str = "") -> CalendarChange:  # noqa: FBT001 - as it is stored
    return CalendarChange(first, last, closed, hours_in(hours))
