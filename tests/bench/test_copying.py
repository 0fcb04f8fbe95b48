"""A log that has grown by copies is one that the ledger could have written."""

from collections.abc import Iterator

import pytest

from events.submission import Submission
from tests.bench import ledgers
from tests.bench.ledgers import context_of, item, written
from tests.bench.servers import Bench, running_bench
from tests.bench.sizes import QUICK
from tests.support.verified import verify


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running_bench(QUICK) as running:
        yield running


async def test_copies_verify_and_their_leads_are_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "COPIED_FROM", 1_600)
    monkeypatch.setattr(ledgers, "GROWN_AT_ONCE", 800)
    async with written(bench, "copied") as log:
        await log.grow(4_000)
        assert log.tags == ["copied-0", "copied-1", *(f"copied-1c{n}" for n in (1, 2, 3))]
        context = context_of(log.ledger, log.founded)
        cookies = [{"anonymous_id": f"c-{tag}-0"} for tag in log.tags]
        visits = [
            {"id": f"again-{number}", "type": "visit.recorded", "lead": cookie, "data": {}}
            for number, cookie in enumerate(cookies)
        ]
        before = await verify(log.founded.engine, schema="copied", digests=log.founded.digests)
        await log.append([Submission(tuple(item(visit, context) for visit in visits))])
        after = await verify(log.founded.engine, schema="copied", digests=log.founded.digests)
    assert before.decided_again > 5 * 800
    assert (after.position, after.subjects) == (before.position + len(visits), before.subjects)
