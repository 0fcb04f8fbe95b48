"""Cache the current funnel's last answers, which stay valid until the projection moves."""

from collections.abc import Hashable

from projections.engine.follower import Standing
from service.http.answer import Answer


class FunnelNow:
    """Answers by query. A class, because they are all forgotten at once.

    There are at most as many as breakdowns times languages.
    """

    def __init__(self) -> None:
        self._standing: Standing | None = None
        self._answers: dict[Hashable, Answer] = {}

    def recall(self, standing: Standing | None, *asked: Hashable) -> Answer | None:
        """Return the answer if the projection is still at the same position."""
        return self._answers.get(asked) if standing == self._standing else None

    def remember(self, standing: Standing, *asked: Hashable, answer: Answer) -> None:
        """Keep an answer for as long as the projection stays at this position."""
        if standing != self._standing:
            self._standing, self._answers = standing, {}
        self._answers[asked] = answer
