"""Checks that a lifecycle declares the event types that the service itself writes."""

from collections.abc import Mapping

from domain.lifecycle.definition import (
    EventKind,
    EventType,
    SubjectKind,
)
from domain.lifecycle.service_events import (
    BY_PERIOD,
    CONSEQUENCES,
    DEADLINES,
    FAMILIES,
    FIRST_DAY,
    LAST_DAY,
    OFFERED,
    SELECTIONS,
    WRITTEN,
    Offered,
    is_offered,
)
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.words import Placed


def check_service_events(
    root: Place, events: Mapping[str, Placed[EventType]], *, has_companies: bool
) -> None:
    """Complain about types that are missing, or not declared as the service needs them."""
    for name, subject in WRITTEN.items():
        placed = events.get(name)
        if placed is None and (has_companies or subject is not SubjectKind.ACCOUNT):
            root.complain(f"the event type {name} is missing; the service writes it")
        elif placed is not None and placed.value.subject is not subject:
            placed.place.complain(f"{name} is about the {subject}, not {placed.value.subject}")
    offers = any(
        is_offered(placed.value) and placed.value.subject is not SubjectKind.LEDGER
        for placed in events.values()
    )
    for name, subject in CONSEQUENCES.items():
        placed = events.get(name)
        if placed is None and offers:
            root.complain(f"the event type {name} is missing; taking something back writes it")
        elif placed is not None and (not placed.value.reserved or placed.value.subject != subject):
            placed.place.complain(f"expected a derived event about the {subject}")
    for placed in events.values():
        _check(placed)
    for name in BY_PERIOD:
        if name in events:
            _check_period(events[name])


def _check(placed: Placed[EventType]) -> None:
    event, place = placed.value, placed.place
    if is_offered(event):
        _check_offered(placed, OFFERED[event.name])
    elif event.name.partition(".")[0].casefold() in FAMILIES:
        if event.name not in {*WRITTEN, *OFFERED, *DEADLINES, *SELECTIONS}:
            place.complain("types of this family are the service's own; choose another first word")
        elif not event.reserved:
            place.complain("only the service writes this type; declare it under `derived`")


def _check_period(placed: Placed[EventType]) -> None:
    event, place = placed.value, placed.place
    if event.subject is not SubjectKind.LEDGER:
        place.complain("expected an event about the ledger")
    for name in (FIRST_DAY, LAST_DAY):
        field = event.fields.get(name)
        if field is None or not field.required or field.type != "date":
            place.complain(f"needs `required: [{name}]`, a field of type date")


def _check_offered(placed: Placed[EventType], offered: Offered) -> None:
    event, place = placed.value, placed.place
    if event.kind is not EventKind.DECISION or event.subject is not offered.subject:
        place.complain(f"expected a decision about the {offered.subject}")
    if event.right not in offered.rights:
        place.complain(f"needs `right: {' or '.join(offered.rights)}`")
    for name, type in offered.required.items():
        field = event.fields.get(name)
        if field is None or not field.required or field.type != type:
            place.complain(f"needs `required: [{name}]`, a field of type {type}")
