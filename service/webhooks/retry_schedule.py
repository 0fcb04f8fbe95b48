"""How long a receiver gets: the pauses between attempts, and when to give up."""

from dataclasses import dataclass

from service.limits import DAY_S


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Growing pauses, over about a day.

    After eleven attempts, spread over 25 hours, an event becomes a dead letter. A webhook to which
    nothing could be delivered for five days is disabled.
    """

    first_s: float = 5.0
    factor: float = 4.0
    longest_s: float = 6 * 3600
    attempts_max: int = 11
    fails_at_most_s: float = 5 * DAY_S

    def pause_s(self, attempts: int, *, chance: float, asked_s: float = 0.0) -> float:
        """Return how long to wait after this number of attempts.

        `chance`, from 0 to 1, spreads events that failed together by a fifth in either direction.
        `asked_s` is what the receiver asked for (Retry-After), capped at the longest pause.
        """
        grown_s = min(self.first_s * self.factor ** (attempts - 1), self.longest_s)
        return max(grown_s * (0.8 + 0.4 * chance), min(asked_s, self.longest_s))

    def is_over(self, attempts: int) -> bool:
        """Return whether an event has used up its attempts."""
        return attempts >= self.attempts_max
