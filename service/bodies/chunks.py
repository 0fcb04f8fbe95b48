"""Parts of a large body that are built and recorded together, one part after another."""

from collections.abc import Iterator
from typing import NamedTuple

from events.strict_json import Items, built_bytes_max
from service.limits import CHUNK_BUILT_BYTES_MAX, CHUNK_ITEMS, ITEM_BUILT_BYTES_MAX


class Chunk(NamedTuple):
    """Consecutive items."""

    texts: list[bytes]
    built_bytes: int
    """The most memory they take, from reading to recording."""


def held_bytes_max(text: bytes) -> int:
    """Return the most memory that is kept for an item once it is read.

    An item that exceeds the limits of an event may take more while it is read, but none of it is
    kept.
    """
    if 2 * len(text) > ITEM_BUILT_BYTES_MAX:
        return ITEM_BUILT_BYTES_MAX
    return min(built_bytes_max(text), ITEM_BUILT_BYTES_MAX)


def chunks_of(items: Items) -> Iterator[Chunk]:
    """Divide the items of a body into chunks."""
    texts: list[bytes] = []
    built_bytes = 0
    for text in items:
        size = held_bytes_max(text)
        if texts and (len(texts) == CHUNK_ITEMS or built_bytes + size > CHUNK_BUILT_BYTES_MAX):
            yield Chunk(texts, built_bytes)
            texts, built_bytes = [], 0
        texts.append(text)
        built_bytes += size
    if texts:
        yield Chunk(texts, built_bytes)
