"""The words in the text: label, definition and aliases of every named entry."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.lifecycle.definition import (
    Words,
)
from domain.lifecycle.names import names_of, normal
from domain.lifecycle.text.place import Place

WORD_KEYS = ("label", "definition", "aliases")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
CODE_EXPECTED = "a code: an ASCII letter, then letters, digits, _ or -"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Placed(Generic[_Value]):
    """A value read, with its place for complaints."""

    place: Place
    value: _Value


def read_words(
    place: Place,
    entries: Mapping[str, Place],
    *,
    languages: Collection[str],
    defined: bool = False,
) -> Words:
    """Read label, definition and aliases; `defined` means that a definition is required."""
    place.need(("label", "definition") if defined else ("label",), entries)
    label = _read_in_languages(entries.get("label"), languages)
    definition = _read_in_languages(entries.get("definition"), languages)
    aliases = entries["aliases"].items() if "aliases" in entries else []
    return Words(
        label=label, definition=definition, aliases=tuple(alias.text() for alias in aliases)
    )


def read_named(
    place: Place | None,
    *,
    languages: Collection[str],
    defined: bool = False,
    other_keys: Collection[str] = (),
) -> dict[str, Placed[Words]]:
    """Read a mapping of codes to words; the caller reads `other_keys`."""
    named: dict[str, Placed[Words]] = {}
    for code, entry in place.entries().items() if place else ():
        check_code(entry, code)
        words = read_words(
            entry,
            entry.entries(known=(*WORD_KEYS, *other_keys)),
            languages=languages,
            defined=defined,
        )
        named[code] = Placed(entry, words)
    return named


def check_code(place: Place, code: str) -> None:
    if not CODE.fullmatch(code):
        place.complain(f"'{code}' is not {CODE_EXPECTED}")


def values_of(placed: Mapping[str, Placed[_Value]]) -> dict[str, _Value]:
    return {code: placed.value for code, placed in placed.items()}


def _read_in_languages(place: Place | None, languages: Collection[str]) -> dict[str, str]:
    if place is None:
        return {}
    entries = place.entries(known=languages, required=languages)
    return {language: entry.text() for language, entry in entries.items()}


def check_names(family: Mapping[str, Placed[Words]]) -> None:
    """Refuse a code, label or alias that names two entries."""
    owners: dict[str, str] = {}
    for code, placed in family.items():
        for name in names_of(code, placed.value):
            owner = owners.setdefault(normal(name), code)
            if owner != code and name:
                line = family[owner].place.line
                placed.place.complain(f"'{name}' already names {owner} on line {line}")
