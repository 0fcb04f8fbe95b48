"""Normalize text as people type it, and recognize placeholders."""

import re
import unicodedata
from collections.abc import Container

from domain.lifecycle.names import normal

_INVISIBLE = "Cf"
"""Unicode's class of zero-width spaces and joiners, byte order marks, soft hyphens and direction
marks, which are included when text is copied from a page or a mail."""
_NOTHING = re.compile(r"[\W_ー]*|[0\W_]*|x{2,}")
"""Punctuation only (the long-vowel mark is typed in place of a dash), zeros only, or x's only."""


def tidy(text: str) -> str:
    """Normalize text to NFKC, without invisible characters and outer spaces.

    Full-width letters, half-width kana and characters such as ㈱ differ from the usual ones only in
    how they were typed.
    """
    if text.isascii():
        return text.strip()
    visible = "".join(char for char in text if unicodedata.category(char) != _INVISIBLE)
    return unicodedata.normalize("NFKC", visible).strip()


def is_placeholder(text: str, words: Container[str]) -> bool:
    """Return whether tidy text is what programs and people enter when they have no answer.

    `words` is the lifecycle's list, folded by `normal`.
    """
    folded = text.lower() if text.isascii() else normal(text)
    return folded in words or _NOTHING.fullmatch(folded) is not None
