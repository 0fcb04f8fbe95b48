"""Late reports that carry their own effects, because nothing else changes.

A late visit gives points, and moves nothing. If the lead is in the state that deciding again gives
once its late reports have the effects that they have in the order of time, and if all outcomes are
as before, a restatement would only repeat what is known.
"""

from collections.abc import Mapping, Sequence

import orjson

from domain.deciding.redecide import Outcomes
from domain.effects import Effects
from domain.event import Event, Subject
from domain.lead.evolve import evolve
from domain.lead.state import LATE
from domain.lifecycle.definition import SubjectKind
from events.limits import CONTENT_BYTES_MAX
from events.parts import content_of
from events.revision.affected import Neighbourhood
from events.revision.restate import is_as_before


def carried_by(
    around: Neighbourhood, outcomes: Outcomes, lead_id: str, positions: Sequence[int]
) -> Mapping[int, Event] | None:
    """Return late reports of a lead with the effects that they carry; None if that is not enough.

    Those that have them already are returned as they should be.
    """
    subject, lead = Subject(SubjectKind.LEAD, lead_id), around.leads[lead_id]
    carried: dict[int, Event] = {}
    for position in positions:
        record, decided = around.past.record(position), outcomes.reported.get(position)
        assert record is not None
        if record.event.receiver != subject or decided is None or decided.stage_to is not None:
            return None
        event = record.event._replace(effects=_without_timers(decided.effects))
        if event.changed_subjects != (subject,) or _is_long(event):
            return None
        if LATE in record.event.effects:
            lead = evolve(lead, event)
        carried[position] = event
    outcome = outcomes.leads.get(lead_id)
    if outcome is None or not is_as_before(around, lead_id, outcome, lead):
        return None
    return carried


def _without_timers(effects: Effects) -> Effects:
    """Leave the timers to later events: they have set them since."""
    effects = effects.copy()
    effects.pop("timers", None)
    return effects


def _is_long(event: Event) -> bool:
    """Whether it may need parts, for which there is no room once it has been entered."""
    return len(orjson.dumps(content_of(event))) > CONTENT_BYTES_MAX // 2
