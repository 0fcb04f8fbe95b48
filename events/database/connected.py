"""Read subjects with all that they are linked to, such as the leads that they absorbed.

The counterpart of `domain.lead.absorption.connected` for states that are not in memory: one query
for all that are one link further away, instead of one for each subject.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TypeVar

Found = TypeVar("Found")


async def read_connected(
    subject_ids: Iterable[str],
    *,
    read: Callable[[Collection[str]], Awaitable[Mapping[str, Found]]],
    linked: Callable[[Found], Iterable[str]],
) -> dict[str, Found]:
    """Read subjects and all that they are linked to, directly or through others, each once.

    It ends, because a subject is linked to when it is read, and read once. `read` bounds how many.
    """
    found: dict[str, Found] = {}
    waiting = set(subject_ids)
    while waiting:
        news = await read(sorted(waiting))
        found |= news
        waiting = {other for new in news.values() for other in linked(new)} - found.keys()
    return found
