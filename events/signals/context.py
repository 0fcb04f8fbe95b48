"""The inputs for reading a report, in addition to its bytes."""

from datetime import datetime
from typing import NamedTuple

from domain.lifecycle.definition import Lifecycle
from events.signals.digests import Digests
from events.signals.sender import Sender


class Context(NamedTuple):
    """Inputs in addition to the event: the rules in force, the sender and the receipt."""

    lifecycle: Lifecycle
    digests: Digests
    sender: Sender
    received_at: datetime
