"""Split an event's data: declared fields go into the record, everything else outside it."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, cast

from domain.currencies import CODES, currency_code
from domain.lifecycle.definition import EventType, Field
from domain.lifecycle.names import nearest, normal
from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY
from domain.limits import CODE_CHARACTERS_MAX
from domain.pages import recordable, reduced
from domain.recordable import identifying, is_code
from events.limits import POSITIONS_MAX, TEXT_CHARACTERS_MAX
from events.refusals import Refusal
from events.signals import times

_POSITION = re.compile(r"[1-9][0-9]{0,17}")
_SUBJECT = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?")
"""Without leading zeros, which a telephone number has and an amount does not."""


class Divided(NamedTuple):
    declared: Mapping[str, Any]
    undeclared: Mapping[str, Any]


def divide(data: Mapping[str, Any], event_type: EventType) -> Divided | Refusal:
    """Check the declared fields and separate them from possibly personal data."""
    declared: dict[str, Any] = {}
    undeclared: dict[str, Any] = {}
    fields = event_type.fields
    for name, value in data.items():
        field = fields.get(name)
        if field is None:
            undeclared[name] = value
        elif value is not None:
            given, value = value, coded(field, value)  # noqa: PLW2901 - the code that a word means
            if field.type == "page" and value != given:
                undeclared[name] = given
            expected = mismatch(field, value)
            if expected is not None:
                return Refusal(
                    "event-invalid",
                    f"The field {name} of {event_type.name} is {expected}.",
                    f"/data/{name}",
                    {"expected": expected, **_nearest(field, value)},
                )
            declared[name] = value
    refusal = _backwards(declared)
    if refusal is not None:
        return refusal
    for name, field in fields.items():
        if field.required and declared.get(name, "") == "":
            return Refusal(
                "event-invalid",
                f"{event_type.name} needs the field {name}: {_EXPECTED[field.type]}.",
                f"/data/{name}",
                {"expected": list(field.values) or _EXPECTED[field.type]},
            )
    return Divided(declared, undeclared)


def _backwards(declared: Mapping[str, Any]) -> Refusal | None:
    """Refuse a period that ends before it begins. ISO dates sort by time."""
    first, last = declared.get(FIRST_DAY), declared.get(LAST_DAY)
    if first is None or last is None or first <= last:
        return None
    return Refusal(
        "event-invalid",
        f"The period ends on {last}, before it begins on {first}.",
        f"/data/{LAST_DAY}",
        {"expected": f"{first} or a later day"},
    )


def coded(field: Field, value: object) -> object:
    """Return the code for a label or alias, or the page as recorded; else the value itself."""
    if not isinstance(value, str):
        return value
    if field.type == "page":
        # A longer one is refused, so its segments need not be examined.
        page = reduced(value)
        return recordable(page, field.names) if len(page) <= TEXT_CHARACTERS_MAX else page
    if field.type == "currency":
        return currency_code(value)
    if value in field.values or not field.names:
        return value
    return field.names.get(normal(value), value)


def mismatch(field: Field, value: object) -> str | None:
    """Return what was expected if the value is not of the field's type, else None."""
    if field.values and value not in field.values:
        return f"one of {', '.join(field.values)}"
    if not _TESTS[field.type](value):
        return _expected(field, value)
    if field.at_least is not None and Decimal(cast("int | str", value)) < field.at_least:
        return f"at least {field.at_least}"
    return None


def mismatch_as_recorded(field: Field, value: object) -> str | None:
    """Return what was expected if a record may not hold the value in this form, else None."""
    return mismatch(field, value) or (
        None if coded(field, value) == value else _EXPECTED[field.type]
    )


def _expected(field: Field, value: object) -> str:
    is_short = isinstance(value, str) and len(value) <= CODE_CHARACTERS_MAX
    found = identifying(str(value)) if field.type == "code" and is_short else None
    if found is None:
        return _EXPECTED[field.type]
    return f"a code without {found}: records are never erased, so send an opaque id instead"


def _nearest(field: Field, value: object) -> dict[str, list[str]]:
    """Name the codes whose names are most similar to the value sent, if any."""
    names = {normal(code): code for code in field.values} | dict(field.names)
    similar = nearest(normal(value), names) if isinstance(value, str) else []
    found = [names[name] for name in similar]
    return {"nearest": list(dict.fromkeys(found))} if found else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX


def _is_code(value: object) -> bool:
    return isinstance(value, str) and is_code(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_amount(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, str) and _AMOUNT.fullmatch(value) is not None)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_time(value: object) -> bool:
    return isinstance(value, str) and times.parse(value) is not None


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_currency(value: object) -> bool:
    return value in CODES


def _is_position(value: object) -> bool:
    return isinstance(value, str) and _POSITION.fullmatch(value) is not None


def _is_positions(value: object) -> bool:
    if not isinstance(value, list) or len(value) > POSITIONS_MAX:
        return False
    return all(map(_is_position, value)) and len(set(value)) == len(value)


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


def _is_fields(value: object) -> bool:
    return isinstance(value, dict) and bool(value)


_TESTS: Mapping[str, Callable[[object], bool]] = {
    "code": _is_code,
    "integer": _is_integer,
    "amount": _is_amount,
    "boolean": _is_boolean,
    "time": _is_time,
    "date": _is_date,
    "page": _is_text,
    "currency": _is_currency,
    "position": _is_position,
    "positions": _is_positions,
    "subject": _is_subject,
    "fields": _is_fields,
}
_EXPECTED: Mapping[str, str] = {
    "code": f"a code of up to {CODE_CHARACTERS_MAX} ASCII characters without outer spaces",
    "integer": "an integer",
    "amount": 'a decimal number in a string, such as "1200.50", or an integer',
    "boolean": "true or false",
    "time": "a time, RFC 3339 with an offset",
    "date": "a date, such as 2026-11-22",
    "currency": "an ISO 4217 currency code, such as JPY",
    "page": f"a page's address or path, a string of up to {TEXT_CHARACTERS_MAX} characters",
    "position": 'the position of an event in a string, such as "17"',
    "positions": (
        f'up to {POSITIONS_MAX} different positions of events in strings, such as ["17", "21"]'
    ),
    "subject": "the ledger's id of a lead or an account",
    "fields": "an object of fields and their corrected values",
}
