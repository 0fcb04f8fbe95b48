"""Read parts of a client's message as the type required, or raise with the place at fault."""

from collections.abc import Mapping
from typing import Any

from events.strict_json.checking import pointer_to


class Misshapen(Exception):
    """A part of the message does not have the type required."""

    def __init__(self, *path: str, expected: str) -> None:
        super().__init__(path, expected)
        self.pointer = pointer_to(path)
        self.expected = expected


def mapping_in(message: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the object at a path; an empty one if it, or a parent, is null or absent.

    Raises Misshapen if the value is anything else.
    """
    found: Any = message
    for depth, name in enumerate(path, start=1):
        found = found.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise Misshapen(*path[:depth], expected="an object")
    assert isinstance(found, Mapping)
    return found


def text_in(message: Mapping[str, Any], name: str) -> str | None:
    """Return a non-empty string, or None for anything else."""
    value = message.get(name)
    return value if isinstance(value, str) and value else None


def as_id(value: object) -> Any:
    """Write an integer as text, and return anything else unchanged.

    Official clients pass on an id in their caller's type, which is often an integer. No other type
    has exactly one spelling per value, so no other type is an id.
    """
    return str(value) if type(value) is int else value


def id_in(message: Mapping[str, Any], name: str) -> str | None:
    """Return a non-empty id, or None for anything else."""
    value = as_id(message.get(name))
    return value if isinstance(value, str) and value else None


def required_id(message: Mapping[str, Any], name: str) -> str:
    """Return a non-empty id. Raises Misshapen for anything else."""
    value = id_in(message, name)
    if value is None:
        raise Misshapen(name, expected="an id: a string of at least one character, or an integer")
    return value


def required_text(message: Mapping[str, Any], name: str) -> str:
    """Return a non-empty string. Raises Misshapen for anything else."""
    value = text_in(message, name)
    if value is None:
        raise Misshapen(name, expected="a string of at least one character")
    return value


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out empty values: clients write null, and some an empty string."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
