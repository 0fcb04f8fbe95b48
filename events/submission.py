"""One sender's submission: signals to decide and refusals to keep, in order."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.event import NOTHING
from domain.lifecycle.change.succession import Occupancy
from domain.signal import Signal
from events.batch.entries import Prepared
from events.refusals import NATIVE, Refused
from events.signals.context import Context


class Item(NamedTuple):
    """One signal, with what would be kept if it is refused."""

    signal: Signal
    content: bytes
    """The JSON from which the fingerprint was made and can be made again."""
    context: Context
    """The context in which it was parsed."""
    dialect: str = NATIVE


class Submission(NamedTuple):
    """Items for the writer. An empty one records nothing and has the writer follow the log."""

    items: tuple[Item | Refused, ...]
    is_strict: bool = False
    """All or nothing: if one item is refused, none is recorded."""
    woken: tuple[str, ...] = ()
    """Leads to bring up to date before the items are decided: something is due for them, or they
    are under an older lifecycle."""

    counted: Occupancy | None = None
    """For a publication: the leads per stage, counted before it was submitted. Counting is slow;
    finding the leads that have moved since is quick."""

    prepared: Mapping[str, Prepared] = NOTHING
    """Woken leads with long histories → what counts for them, decided before."""

    is_own: bool = False
    """Work of the service itself, which must not cause senders to be refused."""

    is_repeated: bool = False
    """Whether its items may have been counted before: the outcome of an earlier attempt is unknown,
    or they are kept refusals."""

    @property
    def size(self) -> int:
        return len(self.items) + len(self.woken)

    @property
    def places(self) -> int:
        """How many queue places it takes."""
        return 0 if self.is_own else len(self.items)


def key_of(item: Item | Refused) -> tuple[str, str] | None:
    """Return the key under which an item would be an event, or already is one.

    None if it has no key, or if the sender may not learn what is recorded under it.
    """
    if isinstance(item, Item):
        return item.signal.source, item.signal.id
    if item.source is None or item.event_id is None or item.fingerprint is None:
        return None
    return (item.source, item.event_id) if item.is_kept else None
