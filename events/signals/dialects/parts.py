"""Parts of a client's message: read as what they must be, or complained about with their place."""

from collections.abc import Mapping
from typing import Any

from events.strict_json.checking import pointer_to


class Misshapen(Exception):
    """A part of the message is not what it must be."""

    def __init__(self, *path: str, expected: str) -> None:
        super().__init__(path, expected)
        self.pointer = pointer_to(path)
        self.expected = expected


def mapping_in(message: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the object at a path; an empty one where it, or what it stands in, is null or absent.

    Raises Misshapen where something else stands there.
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
    """Return a string that is not empty, or None for anything else."""
    value = message.get(name)
    return value if isinstance(value, str) and value else None


def as_id(value: object) -> Any:
    """Write an integer as text, and return anything else as it is.

    Official clients pass on an id as their caller has it: in most databases an integer. Nothing
    else has one spelling only, so nothing else is an id.
    """
    return str(value) if type(value) is int else value


def id_in(message: Mapping[str, Any], name: str) -> str | None:
    """Return an id that is not empty, or None for anything else."""
    value = as_id(message.get(name))
    return value if isinstance(value, str) and value else None


def required_id(message: Mapping[str, Any], name: str) -> str:
    """Return an id that is not empty. Raises Misshapen for anything else."""
    value = id_in(message, name)
    if value is None:
        raise Misshapen(name, expected="an id: a string of at least one character, or an integer")
    return value


def required_text(message: Mapping[str, Any], name: str) -> str:
    """Return a string that is not empty. Raises Misshapen for anything else."""
    value = text_in(message, name)
    if value is None:
        raise Misshapen(name, expected="a string of at least one character")
    return value


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: clients write null, and some an empty string."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
