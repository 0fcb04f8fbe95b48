"""The cost of a selection: survey, rank and record, while other clients keep writing."""

from datetime import UTC, datetime
from time import perf_counter

from events.append.queue import Queue
from events.selections.evidence import Asked
from events.selections.running import Selector
from tests.bench.figures import Figure
from tests.bench.ledgers import written
from tests.bench.mix import Event
from tests.bench.servers import Bench, Unexpected
from tests.support.verified import verify

AT_ONCE = 20_000
PLACES = 40
"""The share of all candidates that a team screens in a week."""


async def measure(bench: Bench) -> list[Figure]:
    """Return how long a selection takes, and how long verifying a ledger with it takes."""
    count = bench.sizes.candidates
    async with written(bench, "bench_selecting") as ledger:
        for start in range(0, count, AT_ONCE):
            upto = min(start + AT_ONCE, count)
            await ledger.append(ledger.batches([_form(number) for number in range(start, upto)]))
        queue = Queue(ledger.ledger, lambda _: None)
        queue.start()
        selector = Selector(
            ledger.founded.engine,
            ledger.founded.schema,
            queue=queue,
            lifecycles=ledger.ledger.lifecycles,
            now=ledger.ledger.now,
            digests=ledger.founded.digests,
        )
        began = perf_counter()
        run = await selector.select(_asked(), key_id="bench")
        seconds = perf_counter() - began
        if (run.data["candidates"], run.data["selected"]) != (count, PLACES):
            raise Unexpected(f"expected {count} candidates, found {run.data}")
        began = perf_counter()
        await verify(ledger.founded.engine, schema=ledger.founded.schema)
        verified = perf_counter() - began
        await queue.close()
    return [
        Figure(f"selection, {count} candidates", "s", seconds),
        Figure(f"verify with a selection, {count} candidates", "s", verified),
    ]


def _asked() -> Asked:
    return Asked(
        id="bench",
        team="bench",
        market=None,
        starts_on="2026-11-02",
        ends_on="2026-11-06",
        begins_at=datetime(2026, 11, 2, tzinfo=UTC),
        capacity=PLACES,
    )


def _form(number: int) -> Event:
    who = {"email": f"{number}@company-{number}.example", "profile": {"industry": "steel"}}
    return {"id": f"form-{number}", "source": "bench", "type": "form.submitted", "lead": who}
