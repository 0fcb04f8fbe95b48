"""The interface of a projection: a name, a fold, and methods that read and write its rows."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from domain.event import Event
from events.database.sessions import Driver
from events.database.statements import Statement

State = TypeVar("State")


class Projection(Protocol[State]):
    """The tables for one question, built from the log.

    `State` is the memory of a generation between batches, and the changes of the current batch. It
    is valid as long as the checkpoint is unchanged, and is discarded otherwise.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Increase it whenever the same log would give different rows: this requires a rebuild."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables with its rows, each row with the generation that built it."""
        ...

    @property
    def sql(self) -> Mapping[str, Statement]:
        """Its statements. In addition to those for projecting, every projection has one.

        differences  (live, built, shown) → relation, content, live_rows, built_rows, differing: the
                     rows that do not occur equally often in two generations, and their number
        """
        ...

    def concerns(self, record: str) -> bool:
        """Return, from the text of a record alone, whether the fold must see it.

        Most events do not move a lead, and decoding them is most of the work of a rebuild. True for
        too many records is only slow; False for one that matters is wrong. Not called for a record
        with parts: the fold sees every one of these.
        """
        ...

    def begin(self, *, is_complete: bool) -> State:
        """Return an empty memory. It is complete if the generation has no rows yet."""
        ...

    async def load(
        self, driver: Driver, generation: int, state: State, events: Sequence[Event]
    ) -> None:
        """Load the rows that folding these events requires and the memory lacks."""
        ...

    def fold(self, state: State, event: Event) -> None:
        """Apply one event to the state. No I/O, no clock."""
        ...

    async def write(self, driver: Driver, generation: int, state: State) -> None:
        """Write all changes, and trim the memory to its bound."""
        ...
