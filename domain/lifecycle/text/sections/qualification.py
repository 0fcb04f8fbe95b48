"""The text of qualification."""

from collections.abc import Mapping
from decimal import Decimal

from domain.lifecycle.conditions import AtLeast, Every, condition_of
from domain.lifecycle.definition import EventType, SubjectKind, Track
from domain.lifecycle.qualification import Mode, Qualification
from domain.lifecycle.service_events import SELECTIONS
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_choice, read_names
from domain.lifecycle.text.sections.identity_and_exclusion import read_decision
from domain.lifecycle.text.sections.scoring import require_service_event
from domain.lifecycle.text.vocabulary import Vocabulary

CAPACITY_EVENT = "capacity.declared"
CAPACITY_FIELDS = ("team", "starts_on", "ends_on", "capacity")

ATTRIBUTES_AND_BEHAVIOUR = condition_of(
    Every((AtLeast("lead.fit", 1), AtLeast("lead.interest", Decimal("0.01"))))
)
"""The default condition: fit and interest together, neither alone."""


def read_qualification(
    place: Place | None,
    *,
    lead: Track,
    events: Mapping[str, EventType],
    vocabulary: Vocabulary,
) -> Qualification | None:
    """Read how leads qualify. This is judged for any event, so it cannot read the event."""
    if place is None:
        return None
    wanted = ("at", "qualifies_by")
    keys = place.entries(
        known=(*wanted, "mode", "when", "unscreened", "contact_by"), required=wanted
    )
    mode = read_choice(keys.get("mode"), Mode) or Mode.SELECTION
    at = (keys["at"].one_of(lead.stages, kind="a stage") if "at" in keys else None) or ""
    condition = ATTRIBUTES_AND_BEHAVIOUR
    if "when" in keys:
        condition = read_condition(keys["when"], vocabulary.without_event()) or UNREADABLE
    elif "lead.fit" not in vocabulary.paths:
        place.complain("without a section `scoring`, give `when`: which leads are likely enough")
    if mode is Mode.SELECTION:
        _check_events(place, events)
    return Qualification(
        mode=mode,
        at=at,
        qualifies_by=read_decision(keys.get("qualifies_by"), events, lead=lead, at=at),
        condition=condition,
        unscreened=read_names(keys.get("unscreened"), lead.stages, kind="a stage"),
        contact_by=read_names(keys.get("contact_by"), None, kind="a channel"),
    )


def _check_events(place: Place, events: Mapping[str, EventType]) -> None:
    for name in SELECTIONS:
        require_service_event(place, events, name, SubjectKind.LEDGER)
    declared = events.get(CAPACITY_EVENT)
    if declared is None:
        return
    missing = [
        name
        for name in CAPACITY_FIELDS
        if name not in declared.fields or not declared.fields[name].required
    ]
    if missing:
        place.complain(f"{CAPACITY_EVENT} needs `required: [{', '.join(missing)}]`")
    if declared.subject is not SubjectKind.LEDGER:
        place.complain(f"{CAPACITY_EVENT} is about the ledger, not {declared.subject}")
