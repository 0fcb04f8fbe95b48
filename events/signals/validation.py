"""What is wrong with a shape: the first complaint, its place and what is expected, as JSON says it.

Never what was found, and in words no names but those of the shape itself: both may be personal.
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
"""The checker's name of a mistake → what it expected, with its bounds. Its own sentences name
things of Python and begin in the middle, so none of them is repeated."""
UNKNOWN = "extra_forbidden"
"""The checker's name of a member that nobody expects."""


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
    kind, place, expected = first["type"], first["loc"], expected_of(first)
    if kind == UNKNOWN:
        return Complaint(kind, place, "Nothing of this name is expected here.", expected)
    found = "is missing" if kind == "missing" else f"is not {expected}"
    return Complaint(kind, place, f"{_what(place)} {found}.", expected)


def _what(place: tuple[int | str, ...]) -> str:
    """Name a place by the field that the shape itself has."""
    if not place:
        return "The whole"
    return f"The field {place[0]}" if len(place) == 1 else f"Something in the field {place[0]}"


def expected_of(error: ErrorDetails) -> str:
    """Say what was expected where the checker found something else."""
    if error["type"] == UNKNOWN:
        return "a name that the shape has"
    # A mistake that is not in the table is one that no shape of ours can make today.
    return EXPECTED.get(error["type"], "another value").format(**error.get("ctx", {}))
