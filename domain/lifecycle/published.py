"""A lifecycle as `lifecycle.published` holds it: its text, and what was expanded beside it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.lifecycle.calendars import Expansion, Offsets
from domain.lifecycle.compiled import Compiled, compile_lifecycle
from domain.lifecycle.loading import load


def compile_published(published: Mapping[str, Any]) -> Compiled:
    """Compile what was published, from the event's data alone.

    Raises:
        LifecycleInvalid: The text is no lifecycle that this version reads.
    """
    return compile_lifecycle(
        load(published["text"]), version=published["version"], expansion=expansion_of(published)
    )


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
