"""The text of event types and of the fields of their data."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, TypeVar

from domain.lifecycle.definition import (
    NUMBERED_BY,
    EventKind,
    EventType,
    Field,
    Right,
    Role,
    SubjectKind,
    Words,
)
from domain.lifecycle.names import names_to_codes
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.vocabulary import FIELD_TYPES
from domain.lifecycle.text.words import (
    CODE,
    CODE_EXPECTED,
    WORD_KEYS,
    Placed,
    check_code,
    read_words,
)
from domain.limits import CODE_CHARACTERS_MAX, EVENT_NAME_CHARACTERS_MAX, FIELD_MINIMUM_MAX
from domain.pages import path_of
from domain.recordable import is_code

GROUPS: Mapping[str, EventKind] = {
    "facts": EventKind.FACT,
    "decisions": EventKind.DECISION,
    "derived": EventKind.DERIVED,
}
_RIGHTS: Mapping[EventKind, Right] = {
    EventKind.FACT: Right.FACTS,
    EventKind.DECISION: Right.DECISIONS,
    EventKind.DERIVED: Right.ADMINISTRATION,
}
NO_MARK = "none"
"""In place of a mark: clears what was remembered."""
_FIELD_KEYS = ("type", "values", "names", "at_least")
_NUMBERS = ("integer", "amount")
_EVENT_KEYS = (
    *WORD_KEYS,
    "subject",
    "right",
    "departments",
    "reserved",
    "fields",
    "required",
    "restrict",
    "role",
    "stands_as",
    "marks",
)
_EVENT_NAME = re.compile(rf"{CODE.pattern}(\.{CODE.pattern})*")
"""As sending systems write them: `form.submitted`, `A_SUBMITTED`, `Trial2.started`."""

CodeList: TypeAlias = Mapping[str, Words]
"""Codes with their words."""
_Choice = TypeVar("_Choice", bound=StrEnum)

ROLE_FIELDS: Mapping[Role, str] = {
    **NUMBERED_BY,
    Role.ASSIGNS_OWNER: "owner",
    Role.CORRECTS_ORIGIN: "origin",
}
"""The required field that names the deal, the order, or the owner."""


@dataclass(frozen=True, slots=True)
class EventScope:
    """What the text of event types may refer to."""

    languages: Collection[str]
    departments: Collection[str]
    fields: Mapping[str, Field]


def read_fields(
    place: Place | None,
    code_lists: Mapping[str, CodeList],
    word_lists: Mapping[str, Collection[str]],
) -> dict[str, Placed[Field]]:
    """Read named fields of event data, or the attributes of a lead.

    Fields are declared once for all event types, so that a name has the same meaning everywhere.
    """
    fields: dict[str, Placed[Field]] = {}
    pages = {path_of(word): path_of(word) for words in word_lists.values() for word in words}
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        keys = entry.entries(known=_FIELD_KEYS, required=("type",))
        kind = keys["type"].one_of(FIELD_TYPES, kind="a field type") if "type" in keys else None
        codes = _read_codes(keys["values"], code_lists) if "values" in keys else {}
        if codes and kind != "code":
            keys["values"].complain("only a field of type code has a list of values")
        named = _read_names(keys.get("names"), code_lists)
        if "names" in keys and (kind != "code" or "values" in keys):
            keys["names"].complain("only a field of type code without `values` may have `names`")
        least = (
            keys["at_least"].integer(-FIELD_MINIMUM_MAX, FIELD_MINIMUM_MAX)
            if "at_least" in keys
            else None
        )
        if least is not None and kind not in _NUMBERS:
            keys["at_least"].complain("only a field of type integer or amount has a minimum")
        field = Field(
            name=name,
            type=kind or "code",
            values=tuple(codes),
            names=pages if kind == "page" else names_to_codes(codes or named),
            at_least=least,
        )
        fields[name] = Placed(entry, field)
    return fields


def _read_codes(place: Place, code_lists: Mapping[str, CodeList]) -> CodeList:
    if not place.is_list:
        name = place.one_of(code_lists, kind="a list of codes")
        return code_lists[name] if name else {}
    for item in place.items():
        if not is_code(item.text()):
            item.complain(
                f"expected a code of up to {CODE_CHARACTERS_MAX} printable ASCII characters that "
                "identifies no person"
            )
    return {item.text(): Words(label={}) for item in place.items()}


def _read_names(place: Place | None, code_lists: Mapping[str, CodeList]) -> CodeList:
    """Read the list whose words mean its codes; other codes are accepted too."""
    name = place.one_of(code_lists, kind="a list of codes") if place is not None else None
    return code_lists[name] if name else {}


def read_events(place: Place | None, around: EventScope) -> dict[str, Placed[EventType]]:
    """Read the groups of event types; the group determines the kind."""
    events: dict[str, Placed[EventType]] = {}
    for group, types in place.entries(known=GROUPS).items() if place else ():
        for name, entry in types.entries().items():
            if name in events:
                entry.complain(f"occurs twice; the first is on line {events[name].place.line}")
            if not _EVENT_NAME.fullmatch(name) or len(name) > EVENT_NAME_CHARACTERS_MAX:
                entry.complain(
                    f"'{name}' is not one or more codes joined by dots, up to "
                    f"{EVENT_NAME_CHARACTERS_MAX} characters; each is {CODE_EXPECTED}"
                )
            event = _read_event(entry, name=name, kind=GROUPS[group], around=around)
            events[name] = Placed(entry, event)
    return events


def _read_event(place: Place, *, name: str, kind: EventKind, around: EventScope) -> EventType:
    keys = place.entries(known=_EVENT_KEYS)
    return EventType(
        name=name,
        words=read_words(place, keys, languages=around.languages),
        kind=kind,
        subject=read_choice(keys.get("subject"), SubjectKind) or SubjectKind.LEAD,
        right=read_choice(keys.get("right"), Right) or _RIGHTS[kind],
        departments=read_names(keys.get("departments"), around.departments, kind="a department"),
        reserved=kind is EventKind.DERIVED or ("reserved" in keys and keys["reserved"].boolean()),
        fields=_read_event_fields(keys, around.fields),
        role=read_choice(keys.get("role"), Role),
        stands_as=keys["stands_as"].text() or None if "stands_as" in keys else None,
        marks=_read_marks(keys.get("marks")),
    )


def _read_marks(place: Place | None) -> dict[str, str | None]:
    marks: dict[str, str | None] = {}
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        value = entry.text()
        check_code(entry, value or NO_MARK)
        marks[name] = None if value == NO_MARK else value
    return marks


def _read_event_fields(keys: Mapping[str, Place], fields: Mapping[str, Field]) -> dict[str, Field]:
    declared = read_names(keys.get("fields"), fields, kind="a field")
    required = read_names(keys.get("required"), fields, kind="a field")
    for name in set(declared) & set(required):
        keys["required"].complain(f"{name} is also under `fields`; once is enough")
    found = {name: replace(fields[name], required=name in required) for name in required + declared}
    for name, place in keys["restrict"].entries().items() if "restrict" in keys else ():
        if name not in found:
            place.complain(f"{name} is not a field of this event type")
            continue
        values = read_names(place, found[name].values or None, kind=f"a value of {name}")
        if found[name].type != "code":
            place.complain(f"{name} is {found[name].type}; only a code can be restricted")
        found[name] = replace(found[name], values=values)
    return found


def read_names(place: Place | None, known: Collection[str] | None, *, kind: str) -> tuple[str, ...]:
    if place is None:
        return ()
    items = place.items()
    names = [item.text() if known is None else item.one_of(known, kind=kind) for item in items]
    return tuple(dict.fromkeys(name for name in names if name))


def read_choice(place: Place | None, choices: type[_Choice]) -> _Choice | None:
    if place is None:
        return None
    name = place.one_of([str(choice) for choice in choices], kind="possible here")
    return choices(name) if name else None
