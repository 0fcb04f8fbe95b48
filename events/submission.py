"""What one sender hands over at once: signals to decide, refusals to keep, in order."""

from typing import NamedTuple

from domain.lifecycle.change.succession import Occupancy
from domain.signal import Signal
from events.refusals import NATIVE, Refused
from events.signals.context import Context


class Item(NamedTuple):
    """One signal, with what a refusal would keep of it."""

    signal: Signal
    content: bytes
    """The JSON of which the fingerprint was made: it can be made again from it."""
    context: Context
    """With what it was read."""
    dialect: str = NATIVE


class Submission(NamedTuple):
    """An empty one records nothing: it has the writer follow the log to its end."""

    items: tuple[Item | Refused, ...]
    is_strict: bool = False
    """All or nothing: one refused item keeps the others out."""
    woken: tuple[str, ...] = ()
    """Leads to bring up to date before the items are decided: something is due for them, or they
    are under an older lifecycle."""

    counted: Occupancy | None = None
    """For a publication: who stood where before it came to the door. Counting takes long; who has
    moved since is soon found."""

    is_own: bool = False
    """Work of the service itself, which must not have those turned away who come meanwhile."""

    @property
    def size(self) -> int:
        return len(self.items) + len(self.woken)

    @property
    def places(self) -> int:
        """How many places it takes in the queue."""
        return 0 if self.is_own else len(self.items)


def key_of(item: Item | Refused) -> tuple[str, str] | None:
    """Return under which key of the ledger an item would be an event, or is one already.

    None where it names no key, or where the sender may not be told of what is under it.
    """
    if isinstance(item, Item):
        return item.signal.source, item.signal.id
    if item.source is None or item.event_id is None or item.fingerprint is None:
        return None
    return (item.source, item.event_id) if item.is_kept else None
