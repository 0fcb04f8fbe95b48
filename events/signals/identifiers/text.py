"""Text as people type it, without what nobody sees; and the words that stand for no answer."""

import re
import unicodedata
from collections.abc import Container

from domain.lifecycle.names import normal

_INVISIBLE = "Cf"
"""Unicode's class of zero-width spaces and joiners, byte order marks, soft hyphens and direction
marks: they come along when text is copied from a page or a mail."""
_NOTHING = re.compile(r"[\W_ー]*|[0\W_]*|x{2,}")
"""Punctuation only (the long-vowel mark is typed for a dash), zeros only, or crosses only."""


def tidy(text: str) -> str:
    """Bring text to NFKC, without invisible characters and outer spaces.

    Full-width letters, half-width kana and characters such as ㈱ differ from the usual ones only in
    the way they were typed.
    """
    if text.isascii():
        return text.strip()
    visible = "".join(one for one in text if unicodedata.category(one) != _INVISIBLE)
    return unicodedata.normalize("NFKC", visible).strip()


def is_placeholder(text: str, words: Container[str]) -> bool:
    """Whether tidy text is what programs and people put where they have no answer.

    `words` is the lifecycle's list, folded as `normal` folds.
    """
    folded = text.lower() if text.isascii() else normal(text)
    return folded in words or _NOTHING.fullmatch(folded) is not None
