"""What one sender hands over at once: signals to decide, refusals to keep, in order."""

from typing import NamedTuple

from domain.signals import Signal
from events.context import Context
from events.refusals import NATIVE, Refused


class Item(NamedTuple):
    """One signal, with what a refusal would keep of it."""

    signal: Signal
    content: bytes
    """The JSON of which the fingerprint was made: it can be made again from it."""
    context: Context
    """With what it was read."""
    dialect: str = NATIVE


class Submission(NamedTuple):
    items: tuple[Item | Refused, ...]
    is_strict: bool = False
    """All or nothing: one refused item keeps the others out."""
    woken: tuple[str, ...] = ()
    """Leads for which something is due: it happens before the items are decided."""

    @property
    def size(self) -> int:
        return len(self.items) + len(self.woken)


def key_of(item: Item | Refused) -> tuple[str, str] | None:
    """Return under which key of the ledger an item would be an event, or is one already.

    None where it names no key, or where the sender may not be told of what is under it.
    """
    if isinstance(item, Item):
        return item.signal.source, item.signal.id
    if item.source is None or item.event_id is None or item.fingerprint is None:
        return None
    return (item.source, item.event_id) if item.is_kept else None
