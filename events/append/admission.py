"""How fast the ledger takes events, so that the queue before it is bounded in time.

A queue that is bounded in number alone makes everybody wait for as long as the machine is slow:
eight thousand events are a second here and ten seconds there, and at twice the load that can be
sustained everybody waits all of it. What is refused at once can come again; what waits too long is
given up by its sender, and was recorded for nobody.
"""

from events.limits import PACE_ITEMS_MIN, QUEUE_ITEMS_MIN, QUEUE_WAIT_S_MAX

SHARE_OF_LAST = 0.3
"""How much the last append counts for, beside all before it."""


class Admission:
    """Items a second, as the last appends showed it. A class, because it learns."""

    def __init__(self) -> None:
        self._items_per_s: float | None = None

    def learn(self, *, items: int, seconds: float) -> None:
        """Take an append into account, if it tells anything."""
        if items < PACE_ITEMS_MIN and seconds < QUEUE_WAIT_S_MAX:
            return
        last = items / max(seconds, 1e-6)
        before = last if self._items_per_s is None else self._items_per_s
        self._items_per_s = before + SHARE_OF_LAST * (last - before)

    def is_too_long(self, items: int) -> bool:
        """Tell whether a newcomer behind so many items would wait too long."""
        if self._items_per_s is None:
            return False
        return items > max(QUEUE_ITEMS_MIN, self._items_per_s * QUEUE_WAIT_S_MAX)
