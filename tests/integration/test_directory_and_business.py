"""Directory, business and deadlines: incremental projection equals a rebuild from the log."""

import random
from datetime import UTC, datetime, timedelta

from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import compare
from projections.engine.runner import Runner
from service.command.simulating.stream import World, events
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA
from tests.support.ledger_on_postgres import LedgerOnPostgres, ledger_on_postgres
from tests.support.stage_ledgers import catch_up

ENDS = datetime(2026, 11, 1, tzinfo=UTC)
WORLD = World(seed=3, people=60, begins=ENDS - timedelta(days=200), ends=ENDS)
ROWS_AT_LEAST = {"directory": 60, "business": 60, "deadlines": 20}


async def test_incremental_projection_equals_projection_at_once(
    postgres_server: PrivatePostgres,
) -> None:
    projections = [PROJECTIONS[name](SCHEMA) for name in ROWS_AT_LEAST]
    async with ledger_on_postgres(postgres_server) as ledger:
        engine = ledger.engine
        reports = list(events(WORLD))
        # Many are reported late, so that restatements close rows and replace them.
        random.Random(3).shuffle(reports)
        for start in range(0, len(reports), 100):
            await ledger.send(*(_by_anybody(report) for report in reports[start : start + 100]))
            # Each time with a new runner, whose cache is empty, in batches of a few records.
            runner = Runner(engine, schema=SCHEMA, projections=projections, batch_records=37)
            await runner.prepare()
            await catch_up(runner)
        for projection in projections:
            built = await compare(engine, projection, schema=SCHEMA)
            assert built.comparison is not None
            assert built.comparison.differing == 0, built.comparison.first
            assert built.rows > ROWS_AT_LEAST[projection.name]
        assert await _closed(ledger) > 0


async def _closed(ledger: LedgerOnPostgres) -> int:
    """Return how many rows a restatement has closed, in the table of which there are fewer."""
    (row,) = await ledger.as_owner(
        "SELECT LEAST((SELECT count(*) FROM ledger.deadlines WHERE known_to IS NOT NULL),"
        " (SELECT count(*) FROM ledger.business_reports WHERE voided_by IS NOT NULL)) AS closed"
    )
    closed: int = row["closed"]
    return closed


def _by_anybody(event: dict[str, object]) -> dict[str, object]:
    """Leave out the source: the tests' key sends for a source of its own."""
    return {name: value for name, value in event.items() if name != "source"}
