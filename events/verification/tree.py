"""The root of the Merkle tree over a log's leaves (RFC 6962 §2.1), computed as leaves stream past.

Keeps at most one hash for each power of two: about two dozen for ten million leaves.
"""

from hashlib import sha256

_NODE_PREFIX = b"\x01"


class Tree:
    """A tree that grows. A class, because it keeps the roots of its perfect subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []
        """Roots of the perfect subtrees, largest first: one for each set bit of the size."""

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        size, root = self.size, leaf
        while size & 1:
            root = _node(self._roots.pop(), root)
            size >>= 1
        self._roots.append(root)
        self.size += 1

    @property
    def root(self) -> bytes:
        """Return the root. The root of an empty tree is the hash of no bytes."""
        if not self._roots:
            return sha256().digest()
        *others, root = self._roots
        for left in reversed(others):
            root = _node(left, root)
        return root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE_PREFIX + left + right).digest()
