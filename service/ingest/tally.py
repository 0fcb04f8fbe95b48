"""Count the outcomes of a stream's lines as they are recorded."""

from collections import Counter
from dataclasses import dataclass, field

from domain.signal import Ignored
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from service.http.problem import of_refusal
from service.limits import IGNORED_SHOWN_MAX, REFUSALS_SHOWN_MAX
from service.metrics import Metrics
from service.shapes.reports import RefusedLine, Stream, StreamCounts


@dataclass(slots=True)
class Tally:
    """The outcomes of the lines so far."""

    lines: int = 0
    recorded: int = 0
    duplicates: int = 0
    refused: int = 0
    refusals: list[RefusedLine] = field(default_factory=list)
    ignored: Counter[Ignored] = field(default_factory=Counter)
    """Identifiers that were ignored because they identify no one, in recorded lines."""

    def count(self, numbers: list[int], outcomes: list[Outcome], metrics: Metrics) -> None:
        """Add the outcomes of one submission, with the numbers of its lines."""
        recorded, duplicates, refused = metrics.decided(outcomes)
        self.recorded += recorded
        self.duplicates += duplicates
        self.refused += refused
        for outcome in outcomes:
            if isinstance(outcome, Recorded):
                for ignored in outcome.ignored:
                    if ignored in self.ignored or len(self.ignored) < IGNORED_SHOWN_MAX:
                        self.ignored[ignored] += 1
        if not refused:
            return
        for number, outcome in zip(numbers, outcomes, strict=True):
            if isinstance(outcome, Refused) and len(self.refusals) < REFUSALS_SHOWN_MAX:
                self.refusals.append(_refused_line(number, outcome))

    def so_far(self) -> StreamCounts:
        """Describe what is certainly on disk; later lines may be as well."""
        return {
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "refused": self.refused,
        }

    def describe(self) -> Stream:
        """Describe the outcomes of all lines."""
        described: Stream = {
            "lines": self.lines,
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "refused": self.refused,
            "refusals": self.refusals,
        }
        if self.ignored:
            described["ignored"] = [
                {"kind": ignored.kind, "reason": ignored.reason, "count": count}
                for ignored, count in self.ignored.items()
            ]
        return described


def _refused_line(number: int, refused: Refused) -> RefusedLine:
    shown: RefusedLine = {
        "line": number,
        "reason": refused.refusal.reason,
        "detail": refused.refusal.detail,
        "problem": of_refusal(refused.refusal),
    }
    if refused.event_id is not None:
        shown["id"] = refused.event_id
    if refused.refusal.pointer is not None:
        shown["pointer"] = refused.refusal.pointer
    if refused.is_kept:
        shown["refusal"] = refused.refusal_id
    return shown
