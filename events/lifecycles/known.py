"""The published lifecycles, as this process knows them."""

from collections.abc import Callable, Mapping
from typing import Protocol

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventType


class Published(Protocol):
    """What a writer, or a process connected to it, remembers: all versions, and the last one."""

    @property
    def lifecycles(self) -> Mapping[int, CompiledLifecycle]: ...

    @property
    def lifecycle_version(self) -> int: ...


class Lifecycles:
    """A class, because a writer replaces its memory, and everyone else asks here.

    A ledger is opened before anyone asks, so there is always a version in force.
    """

    def __init__(self, published: Callable[[], Published]) -> None:
        self._published = published

    @property
    def in_force(self) -> CompiledLifecycle:
        published = self._published()
        return published.lifecycles[published.lifecycle_version]

    @property
    def published(self) -> Mapping[int, CompiledLifecycle]:
        """All versions."""
        return self._published().lifecycles

    @property
    def last_version(self) -> int:
        return self._published().lifecycle_version

    def event_type(self, name: str) -> EventType:
        """Return an event type as declared by the newest lifecycle that has it.

        Raises LookupError if none has.
        """
        published = self._published()
        for version in sorted(published.lifecycles, reverse=True):
            events = published.lifecycles[version].lifecycle.events
            if version <= published.lifecycle_version and name in events:
                return events[name]
        raise LookupError(f"no lifecycle has an event type {name}")

    def version(self, version: int) -> CompiledLifecycle:
        """Return a version; the one in force if this process does not know it yet."""
        return self.published.get(version, self.in_force)
