"""From labels and aliases to codes, and the nearest known names."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from domain.lifecycle.definition import Lifecycle, Words
from domain.limits import NAMES_LISTED_MAX, NAMES_SHOWN_MAX

ANY_LANGUAGE = "*"
"""In a list of languages by preference: the first that the lifecycle has."""
LANGUAGE_DEFAULT = f"en,{ANY_LANGUAGE}"


def nearest(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the known names most similar to this one, the most similar first."""
    return tuple(get_close_matches(name, sorted(known), n=NAMES_SHOWN_MAX, cutoff=0.6))


def suggestion(name: str, known: Collection[str]) -> str:
    """Return the known names, worded to follow a complaint."""
    if len(known) <= NAMES_LISTED_MAX:
        return f"known are {', '.join(known)}" if known else "none are declared"
    near = nearest(name, known)
    return f"nearest known: {', '.join(near)}" if near else f"none of the {len(known)} is similar"


def resolve_stage(lifecycle: Lifecycle, word: str) -> str | None:
    """Find the stage code that a code, label or alias in any language names."""
    stages = {**lifecycle.lead.stages, **lifecycle.account.stages}
    return resolve({code: stage.words for code, stage in stages.items()}, word)


def resolve(things: Mapping[str, Words], word: str) -> str | None:
    """Return the code that a word names; in a checked lifecycle it is unique."""
    wanted = normal(word)
    for code, words in things.items():
        if any(wanted == normal(name) for name in names_of(code, words)):
            return code
    return None


def language_of(lifecycle: Lifecycle, wanted: str) -> str | None:
    """Return the first of the wanted languages, as in `nl,en,*`, that the lifecycle has."""
    languages = lifecycle.languages
    asked = (
        languages[0] if language == ANY_LANGUAGE else language for language in wanted.split(",")
    )
    return next((language for language in asked if language in languages), None)


def names_to_codes(things: Mapping[str, Words]) -> dict[str, str]:
    """Map every name of each code to the code."""
    return {normal(name): code for code, words in things.items() for name in names_of(code, words)}


def names_of(code: str, words: Words) -> Iterator[str]:
    """List all names of a code."""
    yield code
    yield from words.label.values()
    yield from words.aliases


def normal(word: str) -> str:
    """Fold differences that people do not notice: width, case, surrounding space."""
    return unicodedata.normalize("NFKC", word).strip().casefold()
