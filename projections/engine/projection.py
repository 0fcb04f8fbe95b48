"""What a projection is: a name, a fold, and what reads and writes its rows."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from domain.event import Event
from events.database.sessions import Driver
from events.database.statements import Statement

State = TypeVar("State")


class Projection(Protocol[State]):
    """One question's tables, built from the log.

    `State` is what is remembered of a generation from batch to batch, and what the batch changes.
    It is true as long as the checkpoint stands where it was left, and is thrown away otherwise.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Raised whenever the same log would give other rows: then it has to be rebuilt."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Where its rows are, each with the generation that built it."""
        ...

    @property
    def sql(self) -> Mapping[str, Statement]:
        """Its statements. Beside those that it projects with, every projection has three.

        count_rows   (generation) → rows
        delete_rows  (generation, limit) → deleted: how many rows of a generation it removed
        differences  (live, built, shown) → relation, content, live_rows, built_rows, differing: the
                     rows that two generations do not hold equally often, and how many those are
        """
        ...

    def concerns(self, record: str) -> bool:
        """Tell from the text of a record whether the fold must see it.

        Most events move nobody, and decoding them is most of the work of a rebuild. True for too
        many is only slow; false for one that matters is wrong.
        """
        ...

    def begin(self, *, is_complete: bool) -> State:
        """Return an empty memory; a complete one belongs to a generation that has no rows yet."""
        ...

    async def load(
        self, driver: Driver, generation: int, state: State, events: Sequence[Event]
    ) -> None:
        """Read what the memory lacks to fold these events."""
        ...

    def fold(self, state: State, event: Event) -> None:
        """Let one event change the state. No I/O, no clock."""
        ...

    async def relieve(self, driver: Driver, generation: int, state: State) -> None:
        """Write some of the changes if they are too many to keep until a rebuild's end."""
        ...

    async def write(self, driver: Driver, generation: int, state: State) -> None:
        """Write all changes, and remember no more than may be remembered."""
        ...
