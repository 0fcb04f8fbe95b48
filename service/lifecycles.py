"""The published lifecycles, as routes use them."""

from collections.abc import Mapping

from domain.lifecycle.compiled.table import CompiledLifecycle
from events.append.ledger import Ledger


class Lifecycles:
    """The versions that the writer remembers. A class, because it remembers the last in force.

    While the writer's memory is being reread, it has none.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._in_force: CompiledLifecycle | None = None

    @property
    def in_force(self) -> CompiledLifecycle:
        """The lifecycle in force; the last one seen while the writer's memory is being reread."""
        memory = self._ledger.memory
        if memory.lifecycle_version:
            self._in_force = memory.compiled
        assert self._in_force is not None, "a ledger is opened before requests are served"
        return self._in_force

    @property
    def published(self) -> Mapping[int, CompiledLifecycle]:
        """All versions."""
        return self._ledger.memory.lifecycles

    @property
    def last_version(self) -> int:
        return self._ledger.memory.lifecycle_version

    def version(self, version: int) -> CompiledLifecycle:
        """Return a version; the one in force while the writer's memory is being reread."""
        return self.published.get(version, self.in_force)
