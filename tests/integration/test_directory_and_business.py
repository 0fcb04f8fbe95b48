"""The directory and business projections: incremental projection equals a rebuild from the log."""

from datetime import UTC, datetime, timedelta

import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import compare
from projections.engine.runner import Runner
from service.command.simulating.stream import World, events
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA
from tests.support.ledger_on_postgres import ledger_on_postgres
from tests.support.stage_ledgers import catch_up

ENDS = datetime(2026, 11, 1, tzinfo=UTC)
WORLD = World(seed=3, people=60, begins=ENDS - timedelta(days=200), ends=ENDS)


@pytest.mark.parametrize("name", ["directory", "business"])
async def test_incremental_projection_equals_projection_at_once(
    postgres_server: PrivatePostgres, name: str
) -> None:
    projection = PROJECTIONS[name](SCHEMA)
    async with ledger_on_postgres(postgres_server) as ledger:
        engine = ledger.engine
        reports = list(events(WORLD))
        for start in range(0, len(reports), 100):
            await ledger.send(*(_by_anybody(report) for report in reports[start : start + 100]))
            # Each time with a new runner, whose cache is empty, in batches of a few records.
            runner = Runner(engine, schema=SCHEMA, projections=[projection], batch_records=37)
            await runner.prepare()
            await catch_up(runner, name)
        built = await compare(engine, projection, schema=SCHEMA)
        assert built.comparison is not None
        assert built.comparison.differing == 0, built.comparison.first
        assert built.rows > 60


def _by_anybody(event: dict[str, object]) -> dict[str, object]:
    """Leave out the source: the tests' key sends for a source of its own."""
    return {name: value for name, value in event.items() if name != "source"}
