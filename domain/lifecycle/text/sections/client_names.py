"""The text of the section `client_names`: which facts the calls of analytics clients report."""

from collections.abc import Collection, Mapping

from domain.lifecycle.client_names import (
    USUAL_CALLS,
    ClientCall,
    ClientNames,
    Identifying,
    PersonField,
)
from domain.lifecycle.definition import EventKind, EventType, Right, SubjectKind
from domain.lifecycle.names import normal
from domain.lifecycle.text.place import Place

_KEYS = ("calls", "events", "identifying")
_IDENTIFYING_KEYS = ("types", "properties")
_ANYBODY = (SubjectKind.LEAD, SubjectKind.ACCOUNT)


def read_client_names(place: Place | None, events: Mapping[str, EventType]) -> ClientNames:
    """Read the section, or return the defaults.

    Only facts that every key may report can be named. A client does not learn of a refusal, so it
    must not be able to report anything that its key could be refused for.
    """
    if place is None:
        return ClientNames()
    keys = place.entries(known=_KEYS)
    return ClientNames(
        calls={**USUAL_CALLS, **_read_calls(keys.get("calls"), events)},
        events=_read_events(keys.get("events"), events),
        identifying=_read_identifying(keys.get("identifying"), events),
    )


def _read_calls(place: Place | None, events: Mapping[str, EventType]) -> Mapping[ClientCall, str]:
    calls: dict[ClientCall, str] = {}
    known = [str(call) for call in ClientCall]
    for name, entry in place.entries(known=known).items() if place else ():
        call = ClientCall(name)
        about = SubjectKind.ACCOUNT if call is ClientCall.COMPANY else SubjectKind.LEAD
        facts = _facts(events, about=(about,))
        calls[call] = entry.one_of(facts, kind=f"a fact about the {about}") or ""
    return calls


def _read_events(place: Place | None, events: Mapping[str, EventType]) -> Mapping[str, str]:
    return _by_name(place, known=_facts(events, about=_ANYBODY))


def _read_identifying(place: Place | None, events: Mapping[str, EventType]) -> Identifying:
    """Read which properties name a person; without an event type they would never be read."""
    if place is None:
        return Identifying()
    keys = place.entries(known=_IDENTIFYING_KEYS, required=_IDENTIFYING_KEYS)
    facts = _facts(events, about=(SubjectKind.LEAD,))
    types = keys["types"].one_or_more() if "types" in keys else ()
    named = [item.one_of(facts, kind="a fact about the lead") for item in types]
    properties = _by_name(keys.get("properties"), known=[str(field) for field in PersonField])
    return Identifying(
        types=frozenset(name for name in named if name),
        properties={name: PersonField(field) for name, field in properties.items()},
    )


def _by_name(place: Place | None, *, known: Collection[str]) -> Mapping[str, str]:
    """Read lists of client names by meaning; a name may have only one meaning."""
    found: dict[str, tuple[str, int]] = {}
    for meaning, entry in place.entries(known=known).items() if place else ():
        for item in entry.one_or_more():
            name = normal(item.text())
            if name in found:
                item.complain(f"occurs twice; the first is on line {found[name][1]}")
            elif name:
                found[name] = (meaning, item.line)
    return {name: meaning for name, (meaning, _) in found.items()}


def _facts(events: Mapping[str, EventType], *, about: Collection[SubjectKind]) -> list[str]:
    return [
        name
        for name, event in events.items()
        if event.kind is EventKind.FACT
        and event.right is Right.FACTS
        and not event.reserved
        and event.subject in about
    ]
