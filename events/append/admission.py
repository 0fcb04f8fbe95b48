"""The ledger's throughput, which bounds the waiting time in the queue before it.

If only the number of waiting events is bounded, the waiting time depends on the machine: eight
thousand events take one second on one machine and ten on another, and at twice the sustainable
load every sender waits for the full queue. A sender that is refused at once can retry; a sender
that waits too long gives up, and its events are recorded for no one.
"""

from math import inf

from events.limits import (
    APPEND_ITEMS_MAX,
    APPEND_S_MAX,
    PACE_ITEMS_MIN,
    QUEUE_ITEMS_MIN,
    QUEUE_WAIT_S_MAX,
)

SHARE_OF_LAST = 0.3
"""The weight of the last append against all earlier ones."""


class Admission:
    """How much may wait, and how much one append takes. A class, because it learns the pace."""

    def __init__(self) -> None:
        self._items_per_s: float | None = None
        self.append_items_max = APPEND_ITEMS_MAX
        """How many items one append takes. If these take long, as decisions about long histories
        do, all of them are answered late, and their senders may have given up."""

    def learn(self, *, items: int, seconds: float) -> None:
        """Take an append into account. One that is small does not show the pace."""
        if seconds > APPEND_S_MAX:
            self.append_items_max = max(1, int(items * APPEND_S_MAX / seconds))
        elif 2 * seconds < APPEND_S_MAX:
            self.append_items_max = min(2 * self.append_items_max, APPEND_ITEMS_MAX)
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
