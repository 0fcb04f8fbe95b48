"""The sender: what intake needs to know about the key that a report was sent with."""

from typing import NamedTuple

from events.records import OWN_SOURCE

ANY_SOURCE = "*"
"""In a key's sources: the key may name any source, as an import does."""


class Sender(NamedTuple):
    """A key's identity and rights."""

    key_id: str
    sources: tuple[str, ...]
    department: str | None
    scopes: frozenset[str]

    @property
    def source(self) -> str:
        """The source of events that name none."""
        return self.sources[0]

    def speaks_for(self, source: str) -> bool:
        """Return whether the key may name this source. No key may name the service's own."""
        return source != OWN_SOURCE and (source in self.sources or ANY_SOURCE in self.sources)
