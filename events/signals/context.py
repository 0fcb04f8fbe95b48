"""What reading a report needs beside its bytes."""

from datetime import datetime
from typing import NamedTuple

from domain.lifecycle.definition import Lifecycle
from events.signals.digests import Digests
from events.signals.sender import Sender


class Context(NamedTuple):
    """What reading needs beside the event: the rules in force, the sender, the receipt."""

    lifecycle: Lifecycle
    digests: Digests
    sender: Sender
    received_at: datetime
