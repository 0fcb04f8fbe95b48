"""Bound the size of a memory: evict the oldest entries first, a few at a time.

Evicting a hundred thousand states at once takes some tenths of a second, during which no request is
answered. A few more than necessary are evicted, so that it does not happen with every batch.
"""

from itertools import islice
from typing import Final, TypeVar

Key = TypeVar("Key")
T = TypeVar("T")

LITTLE: Final = 500
"""Some milliseconds' worth."""


def forget_oldest(remembered: dict[Key, T], *, most: int) -> dict[Key, T]:
    """Remove the entries beyond `most`, and a few more; return what was removed."""
    excess = len(remembered) - most
    if excess <= 0:
        return {}
    return {key: remembered.pop(key) for key in list(islice(remembered, excess + LITTLE))}
