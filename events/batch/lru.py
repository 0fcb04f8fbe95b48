"""Keep what is remembered within bounds: what was learned first goes first, a little at a time.

To let go of a hundred thousand states at once takes some tenths of a second, in which nobody is
answered. A little more than needed goes, so that it is not done with every batch.
"""

from itertools import islice
from typing import Final, TypeVar

Key = TypeVar("Key")
T = TypeVar("T")

LITTLE: Final = 500
"""Some milliseconds' worth."""


def forget_oldest(remembered: dict[Key, T], *, most: int) -> dict[Key, T]:
    """Remove what is beyond `most`, and a little with it; return what it was."""
    excess = len(remembered) - most
    if excess <= 0:
        return {}
    return {key: remembered.pop(key) for key in list(islice(remembered, excess + LITTLE))}
