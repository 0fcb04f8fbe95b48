"""What one sender hands over at once: signals to decide, refusals to keep, in order."""

from typing import NamedTuple

from domain.signals import Signal
from events.refusals import Refused


class Item(NamedTuple):
    """One signal and the bytes that a refusal would keep of it."""

    signal: Signal
    refusal_id: str
    """Minted at receipt, should the ledger refuse it."""
    content: bytes


class Submission(NamedTuple):
    """An empty one records nothing: it has the writer follow the log to its end."""

    items: tuple[Item | Refused, ...]
    is_strict: bool = False
    """All or nothing: one refused item keeps the others out."""
    woken: tuple[str, ...] = ()
    """Leads to bring up to date before the items are decided: something is due for them, or they
    are under an older lifecycle."""

    @property
    def size(self) -> int:
        return len(self.items) + len(self.woken)
