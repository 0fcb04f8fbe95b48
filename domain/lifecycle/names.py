"""The words people use: from a label or alias to the code, and the nearest known names."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from domain.lifecycle.definition import Lifecycle, Words
from domain.limits import NAMES_LISTED_MAX, NAMES_SHOWN_MAX

ANY_LANGUAGE = "*"
"""Among languages in order of preference: whichever the lifecycle has."""
LANGUAGE_DEFAULT = f"en,{ANY_LANGUAGE}"


def nearest(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Find the known names that are most like this one, the most like first."""
    return tuple(get_close_matches(name, sorted(known), n=NAMES_SHOWN_MAX, cutoff=0.6))


def suggestion(name: str, known: Collection[str]) -> str:
    """Say which names are known, in words that fit behind a complaint."""
    if len(known) <= NAMES_LISTED_MAX:
        return f"known are {', '.join(known)}" if known else "none is declared"
    near = nearest(name, known)
    return f"nearest known: {', '.join(near)}" if near else f"none of the {len(known)} is near"


def resolve_stage(lifecycle: Lifecycle, word: str) -> str | None:
    """Find the stage code that a code, label or alias in any language names."""
    stages = {**lifecycle.lead.stages, **lifecycle.account.stages}
    return resolve({code: stage.words for code, stage in stages.items()}, word)


def resolve(things: Mapping[str, Words], word: str) -> str | None:
    """Find the code of the thing that a word names; a checked lifecycle leaves no two."""
    wanted = normal(word)
    for code, words in things.items():
        if any(wanted == normal(name) for name in names_of(code, words)):
            return code
    return None


def language_of(lifecycle: Lifecycle, wanted: str) -> str | None:
    """Return the first language that the lifecycle has words in, of those in `nl,en,*`."""
    languages = lifecycle.languages
    asked = (languages[0] if one == ANY_LANGUAGE else one for one in wanted.split(","))
    return next((one for one in asked if one in languages), None)


def names_to_codes(things: Mapping[str, Words]) -> dict[str, str]:
    """Lay out for looking up what each code is called."""
    return {normal(name): code for code, words in things.items() for name in names_of(code, words)}


def names_of(code: str, words: Words) -> Iterator[str]:
    """List everything that one thing is called."""
    yield code
    yield from words.label.values()
    yield from words.aliases


def normal(word: str) -> str:
    """Fold what people do not see as a difference: width, case, outer space."""
    return unicodedata.normalize("NFKC", word).strip().casefold()
