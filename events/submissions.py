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
    items: tuple[Item | Refused, ...]
    is_strict: bool = False
    """All or nothing: one refused item keeps the others out."""
    woken: tuple[str, ...] = ()
    """Leads for which something is due: it happens before the items are decided."""

    @property
    def size(self) -> int:
        return len(self.items) + len(self.woken)
