"""Check a ledger in its database: the log, the answers, the refusals, the states, the figures."""

from collections.abc import Sequence

from sqlalchemy import URL

from projections.engine.rebuild import compare
from projections.engine.runner import Runner
from projections.funnel.projection import stage_intervals
from service.engine import make_engine
from tests.safety.log_check import Violation, check_log, check_refusals
from tests.safety.traffic import Answer
from tests.support.http_service import SCHEMA, settings_for
from tests.support.postgres import connection_to
from tests.support.verified import Verified, verify


async def check_ledger(app_url: URL, answers: Sequence[Answer]) -> Verified:
    """Raise Violation or Finding unless the ledger matches the answers and is consistent."""
    async with connection_to(app_url) as connection:
        log = await connection.fetch("SELECT record FROM ledger.events ORDER BY position")
        kept = await connection.fetch("SELECT CAST(refusal_id AS text) AS id FROM ledger.refusals")
    check_log([row["record"] for row in log], answers)
    check_refusals({row["id"] for row in kept}, answers)
    engine = make_engine(settings_for(), app_url)
    try:
        verified = await verify(engine, schema=SCHEMA)
        projection = stage_intervals(SCHEMA)
        runner = Runner(engine, schema=SCHEMA, projections=[projection])
        await runner.prepare()
        while (await runner.step()).records:
            pass
        comparison = (await compare(engine, projection, schema=SCHEMA)).comparison
        if comparison is None or comparison.differing:
            raise Violation(f"projections: expected those of a rebuild, found {comparison}")
    finally:
        await engine.dispose()
    return verified
