"""What to keep of a log elsewhere, so as to know later that it was only added to."""

from typing import NamedTuple, Self

from events.verification.tree import Tree


class CheckpointUnreadable(ValueError):
    """A checkpoint is the size of the log and the root of its tree: 1234:<64 hex digits>."""


class Checkpoint(NamedTuple):
    """Size and root of the log's Merkle tree at one moment: all that is needed to know it again."""

    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes. Raises CheckpointUnreadable."""
        size, _, root = text.strip().partition(":")
        try:
            found = cls(int(size), bytes.fromhex(root))
        except ValueError:
            raise CheckpointUnreadable(f"{CheckpointUnreadable.__doc__}") from None
        if found.size < 0 or len(found.root) != len(Tree().root):
            raise CheckpointUnreadable(f"{CheckpointUnreadable.__doc__}")
        return found

    def __str__(self) -> str:
        return f"{self.size}:{self.root.hex()}"
