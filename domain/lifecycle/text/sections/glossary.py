"""The named entries that all other sections of the text refer to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import Side, TargetFigure, Words
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.words import WORD_KEYS, Placed, read_named

SECTIONS = (
    *("phases", "departments", "classes", "reasons", "origins", "markets", "priorities"),
    *("outcomes", "segments", "account_roles", "sides"),
    *("target_figures", "industries", "jobs", "positions", "regions"),
)
_DEFINED = ("classes", "reasons", "sides", "target_figures")
"""Sections whose entries need a definition in addition to the label."""

_INCLUDES = "includes"
_OF_FIGURE = ("departments", "amount")
_ORIGINS = "origins"
_OTHER_KEYS = {
    "departments": (_INCLUDES,),
    "sides": (_ORIGINS,),
    "target_figures": _OF_FIGURE,
}
"""Section → keys of its entries that are not words."""

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
    sides: Mapping[str, Placed[Words]]
    target_figures: Mapping[str, Placed[Words]]
    industries: Mapping[str, Placed[Words]]
    jobs: Mapping[str, Placed[Words]]
    positions: Mapping[str, Placed[Words]]
    regions: Mapping[str, Placed[Words]]


def read_glossary(keys: Mapping[str, Place]) -> Glossary:
    languages = _read_languages(keys.get("languages"))
    named = {
        section: read_named(
            keys.get(section),
            languages=languages,
            defined=section in _DEFINED,
            other_keys=_OTHER_KEYS.get(section, ()),
        )
        for section in SECTIONS
    }
    return Glossary(languages=languages, **named)


def read_parts(departments: Mapping[str, Placed[Words]]) -> dict[str, tuple[str, ...]]:
    """Read which departments are the sum of others and not separate departments."""
    parts: dict[str, tuple[str, ...]] = {}
    for name, placed in departments.items():
        keys = placed.place.entries(known=(*WORD_KEYS, _INCLUDES))
        if _INCLUDES not in keys:
            continue
        items = keys[_INCLUDES].items()
        read = [item.one_of(departments, kind="a department") for item in items]
        parts[name] = tuple(dict.fromkeys(part for part in read if part))
        if name in parts[name] or any(part in parts for part in parts[name]):
            keys[_INCLUDES].complain("expected departments that include no others")
    return parts


def read_sides(glossary: Glossary) -> dict[str, Side]:
    """Read the origins of each side. Sides are summed separately, so no origin belongs to two."""
    sides: dict[str, Side] = {}
    taken: dict[str, str] = {}
    for name, placed in glossary.sides.items():
        keys = placed.place.entries(known=(*WORD_KEYS, _ORIGINS), required=(_ORIGINS,))
        items = keys[_ORIGINS].items() if _ORIGINS in keys else []
        origins = tuple(item.one_of(glossary.origins, kind="an origin") or "" for item in items)
        for item, origin in zip(items, origins, strict=True):
            if taken.setdefault(origin, name) != name:
                item.complain(f"{origin} already belongs to the side {taken[origin]}")
        sides[name] = Side(placed.value, tuple(dict.fromkeys(origins)))
    return sides


def read_target_figures(glossary: Glossary) -> dict[str, TargetFigure]:
    """Read the default departments of figures, and which figures are money."""
    figures: dict[str, TargetFigure] = {}
    for name, placed in glossary.target_figures.items():
        keys = placed.place.entries(known=(*WORD_KEYS, *_OF_FIGURE))
        items = keys["departments"].items() if "departments" in keys else []
        read = [item.one_of(glossary.departments, kind="a department") for item in items]
        figures[name] = TargetFigure(
            words=placed.value,
            departments=tuple(dict.fromkeys(department for department in read if department)),
            is_amount="amount" in keys and keys["amount"].boolean(),
        )
    return figures


def _read_languages(place: Place | None) -> tuple[str, ...]:
    if place is None:
        return ()
    items = place.items()
    if place.is_list and not items:
        place.complain("name at least one language")
    read = [item.matching(_LANGUAGE, expected="a language code such as ja or en") for item in items]
    return tuple(dict.fromkeys(language for language in read if language))
