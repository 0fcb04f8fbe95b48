"""Read the text of a mapping, and report all its mistakes at once."""

import codecs
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any

from domain.lifecycle.names import suggestion
from domain.lifecycle.text.complaints import Complaint, LifecycleInvalid
from domain.lifecycle.text.place import Place, root_of
from service.command.importing.mapping import (
    Condition,
    EventRule,
    Mapping,
    Party,
    TableForm,
    Template,
    Value,
    columns_of,
)
from service.command.importing.value_text import (
    Columns,
    is_scalar,
    read_template,
    read_time,
    read_value,
)
from service.command.limits import FIRST_LINES_MAX, MAPPED_EVENTS_MAX
from service.tables.detection import DELIMITERS

FORMAT = 1
"""The version of the mapping format that this code reads."""


_SHARED = ("source", "time", "actor", "department", "lead", "account")
"""Keys that may be given once for all events of a row; an event may override them."""

_TABLE_KEYS = (
    *("encoding", "delimiter", "sheet", "header_line", "columns", "blank", "short_rows"),
)

_LEAD_FIELDS = ("id", "email", "phone", "user_id", "anonymous_id", "name")
_LEAD_GROUPS = ("external_ids", "profile")
_ACCOUNT_FIELDS = ("id", "domain", "name")
_ACCOUNT_GROUPS = ("external_ids",)


class MappingInvalid(Exception):
    """The text is not a valid mapping; every mistake found is listed with its line."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        super().__init__("\n".join(str(complaint) for complaint in complaints))
        self.complaints = complaints


def read_mapping(text: str) -> Mapping:
    """Read a mapping.

    Raises:
        MappingInvalid: With every complaint, each with its line and path.
    """
    try:
        root = root_of(text)
    except LifecycleInvalid as error:
        # The YAML reader is the lifecycle's, but this text is a mapping.
        raise MappingInvalid(error.complaints) from None
    mapping = _read(root)
    if root.complaints:
        found = dict.fromkeys(root.complaints)
        raise MappingInvalid(tuple(sorted(found, key=lambda complaint: complaint.line)))
    assert mapping is not None, "what could not be read has been complained about"
    return mapping


def check_columns(mapping: Mapping, header: tuple[str, ...]) -> None:
    """Check that a table has the columns that a mapping reads.

    Raises:
        MappingInvalid: Some are missing, or are in the table twice.
    """
    complaints = []
    for column, line in mapping.mentions.items():
        times = header.count(column)
        if times == 0:
            message = f"the file has no column '{column}'; {suggestion(column, header)}"
            complaints.append(Complaint(line, "", message))
        elif times > 1:
            complaints.append(Complaint(line, "", f"the file has {times} columns '{column}'"))
    if complaints:
        raise MappingInvalid(tuple(sorted(complaints, key=lambda complaint: complaint.line)))


def _read(root: Place) -> Mapping | None:
    keys = root.entries(known=("format", "file", *_SHARED, "events"), required=("format", "events"))
    if (form := keys.get("format")) and form.scalar() != FORMAT:
        form.complain(f"expected {FORMAT}, the mapping format that this version reads")
    table = _read_table(keys["file"]) if "file" in keys else TableForm()
    columns: Columns = {}
    shared = {name: keys[name] for name in _SHARED if name in keys}
    if "events" not in keys:
        return None
    places = keys["events"].items()
    if not 0 < len(places) <= MAPPED_EVENTS_MAX:
        keys["events"].complain(f"expected 1 to {MAPPED_EVENTS_MAX} events, found {len(places)}")
    events = [_read_event(place, shared, columns) for place in places]
    complete = tuple(event for event in events if event is not None)
    if len(complete) == len(places):
        _check_ids(complete, places)
    return Mapping(table=table, events=complete, mentions=columns)


def _read_table(place: Place) -> TableForm:
    keys = place.entries(known=_TABLE_KEYS)
    form: dict[str, Any] = {}
    if "encoding" in keys:
        form["encoding"] = _read_encoding(keys["encoding"])
    if "delimiter" in keys:
        name = keys["delimiter"].one_of(DELIMITERS, kind="a delimiter")
        form["delimiter"] = DELIMITERS.get(name or "", ",")
    if "sheet" in keys:
        form["sheet"] = keys["sheet"].text() or None
    if "header_line" in keys:
        form["header_line"] = keys["header_line"].integer(1, FIRST_LINES_MAX)
    if "columns" in keys:
        form["columns"] = tuple(column.text() for column in keys["columns"].items())
    if "blank" in keys:
        form["blanks"] = frozenset({"", *(blank.text() for blank in keys["blank"].one_or_more())})
    if "short_rows" in keys:
        form["fill_short_rows"] = keys["short_rows"].one_of(("refuse", "fill"), kind="a way") == (
            "fill"
        )
    return TableForm(**form)


def _read_encoding(place: Place) -> str:
    name = place.text()
    try:
        found = codecs.lookup(name).name if name else "utf-8"
        # Some codecs turn bytes into bytes; they are not text encodings.
        "".encode(found)
    except LookupError:
        place.complain(f"'{name}' is not an encoding; try utf-8, cp932 (Japanese Excel) or cp1252")
        return "utf-8"
    return found


def _read_event(place: Place, shared: Mapped[str, Place], columns: Columns) -> EventRule | None:
    own = place.entries(known=("id", "type", *_SHARED, "data", "when"), required=("id", "type"))
    keys = {**shared, **own}
    if "time" not in keys:
        place.complain(
            "`time` is missing; expected {column: …}, or for a table without dates {constant: "
            "2026-01-05} or {file: modified}"
        )
    identity = read_template(keys["id"], columns) if "id" in keys else None
    if identity is not None and not identity.columns:
        keys["id"].complain("an id must contain at least one column, such as '{order_number}/won'")
    values = {
        name: read_value(keys[name], columns) if name in keys else None
        for name in ("type", "source", "actor", "department")
    }
    time = read_time(keys["time"], columns) if "time" in keys else None
    lead = _read_party(keys.get("lead"), _LEAD_FIELDS, _LEAD_GROUPS, columns)
    if identity is not None and lead is not None:
        _check_id_is_not_personal(keys["id"], identity, lead)
    account = _read_party(keys.get("account"), _ACCOUNT_FIELDS, _ACCOUNT_GROUPS, columns)
    data = _read_named(keys["data"], columns) if "data" in keys else {}
    when = _read_conditions(keys["when"], columns) if "when" in keys else ()
    if identity is None or time is None or values["type"] is None:
        return None
    return EventRule(
        id=identity,
        type=values["type"],
        time=time,
        source=values["source"],
        actor=values["actor"],
        department=values["department"],
        lead=lead,
        account=account,
        data=data,
        when=when,
    )


def _check_id_is_not_personal(place: Place, identity: Template, lead: Party) -> None:
    """Refuse personal data in an id: it is in the record, which cannot be erased."""
    naming = (lead.fields[name] for name in ("email", "phone", "name") if name in lead.fields)
    columns = {column for value in naming for column in columns_of(value)}
    if personal := columns & set(identity.columns):
        place.complain(
            f"'{min(personal)}' identifies a person, and an id is permanent; use a column of "
            "numbers, and add one to the table if there is none"
        )


def _read_party(
    place: Place | None, fields: Sequence[str], groups: Sequence[str], columns: Columns
) -> Party | None:
    if place is None:
        return None
    keys = place.entries(known=(*fields, *groups))
    return Party(
        fields=_read_values({name: keys[name] for name in fields if name in keys}, columns),
        groups={name: _read_named(keys[name], columns) for name in groups if name in keys},
    )


def _read_named(place: Place, columns: Columns) -> dict[str, Value]:
    return _read_values(place.entries(), columns)


def _read_values(places: Mapped[str, Place], columns: Columns) -> dict[str, Value]:
    read = {name: read_value(place, columns) for name, place in places.items()}
    return {name: value for name, value in read.items() if value is not None}


def _read_conditions(place: Place, columns: Columns) -> tuple[Condition, ...]:
    """Read the conditions that must all hold for a row to become the event."""
    conditions = []
    for column, test in place.entries().items():
        columns.setdefault(column, test.line)
        if is_scalar(test):
            conditions.append(Condition(column, accepted=frozenset({test.text()})))
            continue
        keys = test.entries(known=("in", "not_in", "blank"))
        conditions.append(
            Condition(
                column,
                accepted=_read_set(keys["in"]) if "in" in keys else None,
                rejected=_read_set(keys["not_in"]) if "not_in" in keys else frozenset(),
                blank=keys["blank"].boolean() if "blank" in keys else None,
            )
        )
    return tuple(conditions)


def _read_set(place: Place) -> frozenset[str]:
    return frozenset(word.text() for word in place.one_or_more())


def _check_ids(events: Sequence[EventRule], places: Sequence[Place]) -> None:
    """Require different ids of unconditional events: otherwise the second one is refused."""
    seen: set[tuple[Template, Value | None]] = set()
    for event, place in zip(events, places, strict=True):
        if event.when:
            continue
        if (event.id, event.source) in seen:
            place.complain(
                "another event of this row has the same id; add text that makes the ids different"
            )
        seen.add((event.id, event.source))
