"""What is wrong with a shape: the first complaint, its place and what is expected, as JSON says it.

Never what was found, and in words no names but those of the shape itself: both may be personal.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from events.strict_json.checking import pointer_to

_EXPECTED: Mapping[str, str] = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_type": "an integer",
    "less_than_equal": "at most {le}",
    "list_type": "an array",
    "missing": "a value",
    "model_type": "an object",
    "string_pattern_mismatch": "a string that matches {pattern}",
    "string_too_long": "a string of at most {max_length} characters",
    "string_too_short": "a string of at least {min_length} characters",
    "string_type": "a string",
    "too_long": "an array of at most {max_length}",
    "too_short": "an array of at least {min_length}",
}
"""The checker's name of a mistake → what it expected, with its bounds."""


class Complaint(NamedTuple):
    """The first thing that is wrong."""

    kind: str
    """The checker's name of the mistake."""
    place: tuple[int | str, ...]
    detail: str
    expected: str

    @property
    def pointer(self) -> str:
        return pointer_to(self.place)


def complaint_of(error: ValidationError) -> Complaint:
    """Say the first thing wrong, in one sentence that stands by itself."""
    first = error.errors(include_url=False, include_input=False)[0]
    expected = _expected(first)
    found = "is missing" if first["type"] == "missing" else f"is not {expected}"
    return Complaint(first["type"], first["loc"], f"{_what(first['loc'])} {found}.", expected)


def _what(place: tuple[int | str, ...]) -> str:
    """Name a place by the field that the shape itself has."""
    if not place:
        return "The whole"
    return f"The field {place[0]}" if len(place) == 1 else f"Something in the field {place[0]}"


def _expected(error: ErrorDetails) -> str:
    words = _EXPECTED.get(error["type"])
    if words is None:
        return error["msg"].removeprefix("Input should be ")
    return words.format(**error.get("ctx", {}))
