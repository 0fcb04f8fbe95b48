"""The figure about campaigns, counted as plainly as possible from a story: no SQL, no stays.

The people of a story are apart: nobody is merged, goes dormant, or is qualified in a second pass.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

FORM, QUALIFIED, DISQUALIFIED = "form.submitted", "lead.qualified", "lead.disqualified"
OPENED, WON = "opportunity.created", "opportunity.won"
BEYOND_MQL = (QUALIFIED, OPENED, WON)
CLASS_AFTER = {WON: "customers", DISQUALIFIED: "disqualified"}


class Told(NamedTuple):
    """An event of a story."""

    person: str
    type: str
    at: datetime
    campaign: str | None = None


class Asked(NamedTuple):
    since: datetime
    until: datetime
    """Exclusive."""
    as_of: datetime
    within: timedelta


Found = dict[tuple[str, str, str], set[str]]
"""Campaign, row and measure → the people who count there, if there are any."""


def campaigns_by_hand(story: Iterable[Told], asked: Asked) -> Found:
    known = sorted((told for told in story if told.at <= asked.as_of), key=lambda told: told.at)
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for person in {told.person for told in known}:
        events = [told for told in known if told.person == person]
        for campaign in {told.campaign for told in events if told.campaign is not None}:
            for row, measure in _of_contact(events, campaign, asked):
                found[campaign, row, measure].add(person)
    return dict(found)


def _of_contact(events: Sequence[Told], campaign: str, asked: Asked) -> Iterable[tuple[str, str]]:
    """Yield where one person counts for a campaign: the first touch in the period decides."""
    touches = [
        told
        for told in events
        if told.campaign == campaign and asked.since <= told.at < asked.until
    ]
    if not touches:
        return
    touched_at = touches[0].at
    matures_at = touched_at + asked.within
    before = [told for told in events if told.at < touched_at]
    is_new = not before
    measures = ["touched"]
    yield "contacts", "contacts"
    yield "contacts", "newly" if is_new else CLASS_AFTER.get(before[-1].type, "held")
    if is_new:
        measures.append("acquired")
        if matures_at <= asked.as_of:
            measures.append("mature")
            yield "contacts", "mature"
    reached = {
        "MQL": next((told.at for told in events if told.type in BEYOND_MQL), None),
        "WON": next((told.at for told in events if told.type == WON), None),
    }
    reached["orders"] = reached["WON"]
    for row, at in reached.items():
        if at is not None and touched_at <= at <= matures_at:
            for measure in measures:
                yield row, measure
