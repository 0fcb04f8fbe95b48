"""The named things that all other sections of the text refer to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import Words
from domain.lifecycle.reading import Place
from domain.lifecycle.words_text import Placed, read_named

SECTIONS = (
    *("phases", "departments", "classes", "reasons", "origins", "markets", "priorities"),
    *("outcomes", "segments", "account_roles"),
)
_DEFINED = ("classes", "reasons")
"""Sections whose entries need a definition beside the label."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Glossary:
    languages: tuple[str, ...]
    phases: Mapping[str, Placed[Words]]
    departments: Mapping[str, Placed[Words]]
    classes: Mapping[str, Placed[Words]]
    reasons: Mapping[str, Placed[Words]]
    origins: Mapping[str, Placed[Words]]
    markets: Mapping[str, Placed[Words]]
    priorities: Mapping[str, Placed[Words]]
    outcomes: Mapping[str, Placed[Words]]
    segments: Mapping[str, Placed[Words]]
    account_roles: Mapping[str, Placed[Words]]


def read_glossary(keys: Mapping[str, Place]) -> Glossary:
    languages = _read_languages(keys.get("languages"))
    named = {
        section: read_named(keys.get(section), languages=languages, defined=section in _DEFINED)
        for section in SECTIONS
    }
    return Glossary(languages=languages, **named)


def _read_languages(place: Place | None) -> tuple[str, ...]:
    if place is None:
        return ()
    items = place.items()
    if place.is_list and not items:
        place.complain("name at least one language")
    read = [item.matching(_LANGUAGE, expected="a language code, as ja or en") for item in items]
    return tuple(dict.fromkeys(language for language in read if language))
