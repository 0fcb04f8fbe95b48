"""The published lifecycles, as routes use them, and the labels of their codes."""

from collections.abc import Mapping
from typing import Protocol

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Words
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


class Worded(Protocol):
    """What a lifecycle gives a code and words: a stage, a guard, a deadline."""

    @property
    def words(self) -> Words: ...


def label_of(things: Mapping[str, Words] | Mapping[str, Worded], code: str, language: str) -> str:
    """Return the label of a code in a language; the code itself if the lifecycle has none.

    A lead may be in a stage, or an event have a type, that only an earlier version has.
    """
    found = things.get(code)
    words = found.words if found is not None and not isinstance(found, Words) else found
    return code if words is None else words.label.get(language, code)
