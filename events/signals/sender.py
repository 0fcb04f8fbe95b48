"""Who speaks: what intake needs to know of the key that a report came with."""

from typing import NamedTuple

from events.records import OWN_SOURCE

ANY_SOURCE = "*"
"""Among a key's sources: it may speak for whatever source it names, as an import does."""


class Sender(NamedTuple):
    """A key's identity and what it may do."""

    key_id: str
    sources: tuple[str, ...]
    department: str | None
    scopes: frozenset[str]

    @property
    def source(self) -> str:
        """The source that events get which name none."""
        return self.sources[0]

    def speaks_for(self, source: str) -> bool:
        """Whether an event may say that it is from this source. Our own is nobody's."""
        return source != OWN_SOURCE and (source in self.sources or ANY_SOURCE in self.sources)
