"""A ledger that is written and read in this process, without a port."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from events.append.ledger import Ledger
from events.limits import APPEND_ITEMS_MAX
from events.outcomes import Recorded
from events.refusals import Refusal
from events.signals.context import Context
from events.signals.native import read
from events.signals.sender import Sender
from events.submission import Item, Submission
from service.keys.bootstrap import ADMINISTRATOR
from tests.bench.copying import Copies, read_original
from tests.bench.mix import Event, events_of
from tests.bench.servers import Bench, Founded, Unexpected, founded
from tests.support.postgres import connection_to

SENDER = Sender("bench", ADMINISTRATOR.sources, None, frozenset(ADMINISTRATOR.scopes))
GROWN_AT_ONCE = 20_000
"""Events of one tag: 4,000 leads at 400 companies."""
COPIED_FROM = 60_000
"""Above this many events, a log grows by copies of its last events."""


@dataclass(frozen=True, slots=True)
class Written:
    """A ledger with its writer."""

    bench: Bench
    founded: Founded
    ledger: Ledger
    tags: list[str]
    """The people whose leads it knows."""

    def batches(self, events: Sequence[Event], size: int = APPEND_ITEMS_MAX) -> list[Submission]:
        """Read events into submissions for the writer, one per batch."""
        context = context_of(self.ledger, self.founded)
        items = [item(event, context) for event in events]
        return [Submission(tuple(items[at : at + size])) for at in range(0, len(items), size)]

    async def append(self, batches: Sequence[Submission]) -> float:
        """Append batch after batch; return the seconds it took."""
        began = perf_counter()
        appended = [await self.ledger.append([batch]) for batch in batches]
        seconds = perf_counter() - began
        for one in appended:
            for outcome in one.outcomes[0]:
                if not isinstance(outcome, Recorded):
                    raise Unexpected(f"expected every event recorded, found {outcome}")
        return seconds

    async def grow(self, events: int) -> None:
        """Append `events` events about new leads. Of very many, most are copies."""
        rest = events
        while rest > 0 and rest > events - COPIED_FROM:
            count = min(rest, GROWN_AT_ONCE)
            tag = f"{self.founded.schema}-{len(self.tags)}"
            begins_after = self.ledger.memory.position
            await self.append(self.batches(events_of(tag, count)))
            self.tags.append(tag)
            rest -= count
        if rest > 0:
            await self._copy(rest // GROWN_AT_ONCE, after=begins_after)

    async def _copy(self, times: int, *, after: int) -> None:
        """Copy everything after a position some times, and follow the log."""
        schema, digests, head = self.founded.schema, self.founded.digests, self.ledger.memory
        async with connection_to(self.bench.postgres.owner_url) as driver:
            original = await read_original(driver, schema, self.tags[-1], digests, after=after)
            copies = Copies(
                original, digests, position=head.position, chain=head.chain, at=head.recorded_at
            )
            for _ in range(times):
                self.tags.append(await copies.write(driver, schema))
        self.ledger.forget()
        await self.ledger.append([Submission(())])


@asynccontextmanager
async def written(bench: Bench, schema: str) -> AsyncIterator[Written]:
    """Found a ledger and open its writer."""
    async with founded(bench, schema) as ready:
        ledger = Ledger(ready.engine, schema, ready.digests.seals)
        await ledger.open()
        try:
            yield Written(bench, ready, ledger, [])
        finally:
            await ledger.close()


def context_of(ledger: Ledger, founded: Founded) -> Context:
    return Context(ledger.memory.compiled.lifecycle, founded.digests, SENDER, datetime.now(UTC))


def item(event: Event, context: Context) -> Item:
    signal = read(event, context)
    if isinstance(signal, Refusal):
        raise Unexpected(f"expected every event to be readable, found {signal}")
    return Item(signal, b"{}", context)
