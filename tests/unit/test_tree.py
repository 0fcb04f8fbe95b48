"""The tree over the leaves is that of RFC 6962, at every size."""

from hashlib import sha256

from events.verification.tree import Tree


def root_of(leaves: list[bytes]) -> bytes:
    """Compute the root as the standard defines it, from the top down."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return sha256(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def test_the_root_is_the_one_of_the_standard_at_every_size() -> None:
    leaves = [sha256(b"\x00%d" % number).digest() for number in range(70)]
    tree = Tree()
    assert tree.root == sha256(b"").digest()
    for size, leaf in enumerate(leaves, start=1):
        tree.add(leaf)
        assert (tree.size, tree.root) == (size, root_of(leaves[:size]))
