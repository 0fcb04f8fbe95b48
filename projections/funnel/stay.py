"""A stay as the fold keeps it, and its traits, which are JSON there.

traits    {"campaign":"expo"}   at the entry
changes   [["2026-04-01T00:00:00Z",9,{"campaign":"expo","owner":"sato"}]]   all, from then on
"""

from datetime import datetime
from typing import NamedTuple

import orjson

from domain.lead.stays import Stay as RestatedStay
from domain.lead.stays import not_before
from domain.times import format_utc
from domain.traits import Traits, applied


class Stay(NamedTuple):
    """A stay that has not ended. A tuple, because a replay makes millions of them."""

    subject_id: str
    kind: str
    stage: str
    before: str
    """Stages that the pass had entered before, in order of first entry, space-separated. It
    determines which stages count as reached, whichever path the lifecycle names."""
    origin: str | None
    channel: str | None
    month: str
    pass_number: int
    is_first_entry: bool
    entered_at: datetime
    entry_position: int
    entry_kind: str | None
    known_from: int
    number: int
    """Its number among those that one restatement made known; 0 if another event began it."""
    acquired: str | None
    """The month in which the person had become known, if that was before the entry or with it."""
    traits: str
    """Its traits at the entry, as JSON: a plain value, like all others here."""
    changes: str | None
    """When they changed while it went on, by which event, and what they were then, as JSON."""
    pass_origin: str | None
    """The origin that the next stay will carry. Differs from `origin` after a correction."""
    pass_channel: str | None
    known_since: str | None
    """The month of acquisition that the next stay will carry."""


STAY_COLUMNS = Stay._fields[: Stay._fields.index("pass_origin")]
ENDED_COLUMNS = (
    *STAY_COLUMNS,
    *("left_at", "exit_position", "exit_kind", "next_stage", "known_to"),
)
"""A stay that has ended is a plain tuple in this order: a long replay has millions of them, and the
garbage collector skips plain tuples of plain values."""

STAY_WIDTH = len(STAY_COLUMNS)


def traits_of(stay: Stay) -> Traits:
    """Return the traits of a stay as they are now."""
    latest: Traits = (
        orjson.loads(stay.changes)[-1][2] if stay.changes else orjson.loads(stay.traits)
    )
    return latest


def with_change(stay: Stay, at: datetime, position: int, traits: Traits) -> Stay:
    changes = orjson.loads(stay.changes) if stay.changes else []
    since = datetime.fromisoformat(changes[-1][0]) if changes else stay.entered_at
    changes.append([format_utc(not_before(since, at)), position, traits])
    return stay._replace(changes=as_json(changes))


def as_json(content: object) -> str:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def with_restated_traits(begun: Stay, new: RestatedStay, traits: Traits) -> tuple[Stay, Traits]:
    """Give a stay the traits that the restatement says it had; return those at its end as well."""
    traits = applied(traits, new.traits)
    begun = begun._replace(traits=as_json(traits), changes=None)
    for at, position, changes in new.changes:
        traits = applied(traits, changes)
        begun = with_change(begun, at, position, traits)
    return begun, traits
