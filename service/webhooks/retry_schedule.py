"""How long a receiver is given: the pauses between attempts, and when to stop trying."""

from dataclasses import dataclass

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Pauses that grow, for about a day. Other values are for tests.

    After eleven attempts, which are spread over 25 hours, an event is put aside as a dead letter. A
    webhook to which nothing could be delivered for five days is disabled.
    """

    first_s: float = 5.0
    factor: float = 4.0
    longest_s: float = 6 * 3600
    attempts_max: int = 11
    fails_at_most_s: float = 5 * DAY_S

    def pause_s(self, attempts: int, *, chance: float, asked_s: float = 0.0) -> float:
        """Return how long to wait after so many attempts.

        `chance`, from 0 to 1, spreads those that failed together by a fifth to either side.
        `asked_s` is the receiver's own wish (Retry-After); it is heard within the longest pause.
        """
        grown_s = min(self.first_s * self.factor ** (attempts - 1), self.longest_s)
        return max(grown_s * (0.8 + 0.4 * chance), min(asked_s, self.longest_s))

    def is_over(self, attempts: int) -> bool:
        """Tell whether an event has been tried as often as it may."""
        return attempts >= self.attempts_max
