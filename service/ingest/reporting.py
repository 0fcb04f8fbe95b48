"""What recording a report takes, in whatever form it comes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from events.lifecycles.known import Lifecycles
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.sender import Sender
from events.submission_queue import SubmissionQueue
from service.intake.unrecorded import Unrecorded
from service.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Reporting:
    """From an item's bytes to its outcome: they are read in a context, submitted and counted."""

    queue: SubmissionQueue
    lifecycles: Lifecycles
    digests: Digests
    metrics: Metrics
    unrecorded: Unrecorded
    """Counts what is answered without the ledger."""
    now: Callable[[], datetime]
    """The time by the ledger's clock."""

    def context(self, sender: Sender) -> Context:
        """Collect what reading a sender's report needs in addition to its bytes."""
        return Context(self.lifecycles.in_force.lifecycle, self.digests, sender, self.now())
