"""The text of the section `client_names`: which facts the calls of analytics clients report."""

from collections.abc import Collection, Mapping

from domain.lifecycle.client_names import USUAL_CALLS, ClientCall, ClientNames
from domain.lifecycle.definition import EventKind, EventType, Right, SubjectKind
from domain.lifecycle.reading import Place
from domain.lifecycle.words import normal

_KEYS = ("calls", "events")
_ANYBODY = (SubjectKind.LEAD, SubjectKind.ACCOUNT)


def read_client_names(place: Place | None, events: Mapping[str, EventType]) -> ClientNames:
    """Read it, or say what holds without it.

    Only facts that every key may report can be named: a client is told nothing of a refusal, so it
    must not be able to report what its key may be refused for.
    """
    if place is None:
        return ClientNames()
    keys = place.entries(known=_KEYS)
    return ClientNames(
        calls={**USUAL_CALLS, **_read_calls(keys.get("calls"), events)},
        events=_read_events(keys.get("events"), events),
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
    found: dict[str, tuple[str, int]] = {}
    facts = _facts(events, about=_ANYBODY)
    for type, entry in place.entries(known=facts).items() if place else ():
        for item in entry.one_or_more():
            name = normal(item.text())
            if name in found:
                item.complain(f"stands twice; the first is on line {found[name][1]}")
            elif name:
                found[name] = (type, item.line)
    return {name: type for name, (type, _) in found.items()}


def _facts(events: Mapping[str, EventType], *, about: Collection[SubjectKind]) -> list[str]:
    return [
        name
        for name, event in events.items()
        if event.kind is EventKind.FACT
        and event.right is Right.FACTS
        and not event.reserved
        and event.subject in about
    ]
