"""Describe what is wrong with a shape: the first complaint, its place and the value expected.

Never include the value found, or names other than those of the shape itself: both may be personal.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from events.strict_json.checking import pointer_to

EXPECTED: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "an object",
    "enum": "{expected}",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "an integer",
    "int_parsing": "an integer",
    "int_parsing_size": "an integer",
    "int_type": "an integer",
    "less_than_equal": "at most {le}",
    "list_type": "an array",
    "literal_error": "{expected}",
    "missing": "a value",
    "model_type": "an object",
    "path_type": "a path",
    "string_pattern_mismatch": "a string that matches {pattern}",
    "string_too_long": "a string of at most {max_length} characters",
    "string_too_short": "a string of at least {min_length} characters",
    "string_type": "a string",
    "too_long": "an array of at most {max_length}",
    "too_short": "an array of at least {min_length}",
    "uuid_parsing": "a UUID",
    "uuid_type": "a UUID",
}
"""The checker's name of a mistake → what it expected, with its bounds. Its own messages name
Python types and are sentence fragments, so they are never repeated."""
UNKNOWN = "extra_forbidden"
"""The checker's name of an unexpected member."""


class Complaint(NamedTuple):
    """The first thing that is wrong."""

    kind: str
    """The checker's name for the mistake."""
    place: tuple[int | str, ...]
    detail: str
    expected: str

    @property
    def pointer(self) -> str:
        return pointer_to(self.place)


def complaint_of(error: ValidationError) -> Complaint:
    """Describe the first mistake in one complete sentence."""
    first = error.errors(include_url=False, include_input=False)[0]
    kind, place, expected = first["type"], first["loc"], expected_of(first)
    if kind == UNKNOWN:
        return Complaint(kind, place, "No field of this name is expected here.", expected)
    found = "is missing" if kind == "missing" else f"is not {expected}"
    return Complaint(kind, place, f"{_what(place)} {found}.", expected)


def _what(place: tuple[int | str, ...]) -> str:
    """Name a place by its top-level field, whose name is the shape's own."""
    if not place:
        return "The value"
    return f"The field {place[0]}" if len(place) == 1 else f"A value in the field {place[0]}"


def expected_of(error: ErrorDetails) -> str:
    """Describe the value that the checker expected."""
    if error["type"] == UNKNOWN:
        return "a known field"
    # No shape of ours can currently cause a mistake that is missing from the table.
    return EXPECTED.get(error["type"], "another value").format(**error.get("ctx", {}))
