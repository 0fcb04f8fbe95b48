"""The number of events per second that a key may send, for keys with a limit."""

from service.limits import BURST_S


class Allowance:
    """A token bucket. A class, because it runs down.

    It may go into debt by one batch, because a batch is not counted before it has been read. What
    other processes have taken is counted when the writer reports it, a moment later.
    """

    __slots__ = ("_left", "_seen_at", "rate")

    def __init__(self, rate: int, *, now: float) -> None:
        self.rate = rate
        self._left = rate * BURST_S
        self._seen_at = now

    def wait_s(self, now: float) -> float:
        """Return the time until the next event is accepted; 0 is now. `now` is monotonic."""
        self._left = min(self.rate * BURST_S, self._left + (now - self._seen_at) * self.rate)
        self._seen_at = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self.rate

    def take(self, events: int) -> None:
        """Count events that were sent."""
        self._left -= events
