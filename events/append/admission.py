"""The ledger's throughput, which bounds the waiting time in the queue before it.

If only the number of waiting events is bounded, the waiting time depends on the machine: eight
thousand events take one second on one machine and ten on another, and at twice the sustainable
load every sender waits for the full queue. A sender that is refused at once can retry; a sender
that waits too long gives up, and its events are recorded for no one.
"""

from math import inf

from events.limits import PACE_ITEMS_MIN, QUEUE_ITEMS_MIN, QUEUE_WAIT_S_MAX

SHARE_OF_LAST = 0.3
"""The weight of the last append against all earlier ones."""


class Admission:
    """Items per second, measured on the last appends. A class, because it learns."""

    def __init__(self) -> None:
        self._items_per_s: float | None = None

    def learn(self, *, items: int, seconds: float) -> None:
        """Take an append into account, unless it is too small to measure."""
        if items < PACE_ITEMS_MIN and seconds < QUEUE_WAIT_S_MAX:
            return
        last = items / max(seconds, 1e-6)
        before = last if self._items_per_s is None else self._items_per_s
        self._items_per_s = before + SHARE_OF_LAST * (last - before)

    @property
    def items_max(self) -> float:
        """How many items may wait: behind more than these, a newcomer would wait too long."""
        if self._items_per_s is None:
            return inf
        return max(QUEUE_ITEMS_MIN, self._items_per_s * QUEUE_WAIT_S_MAX)
