"""Who speaks: what intake needs to know of the key that a report came with."""

from typing import NamedTuple


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
