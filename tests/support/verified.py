"""Examine a ledger as `leadledger verify` does, and fail on any finding."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from events.signals.digests import Digests
from events.verification.checkpoint import Checkpoint
from events.verification.findings import Check, Report
from events.verification.verify import Examined, OnPage, examine
from projections.engine.advance import statements
from projections.engine.transactions import snapshot
from tests.support.http_service import SECRET

DIGESTS = Digests(SECRET.encode())


class Verified(NamedTuple):
    """What was examined, when nothing was wrong."""

    position: int
    decided_again: int
    not_decided_again: int
    subjects: int
    clock_ahead_s: int


async def examined(
    engine: AsyncEngine,
    *,
    schema: str,
    digests: Digests | None = DIGESTS,
    checkpoint: Checkpoint | None = None,
    on_page: OnPage | None = None,
) -> tuple[Report, Examined]:
    """Examine a ledger, and return all findings."""
    report = Report()
    async with snapshot(engine, statements(schema)["limit_long_waits"]) as driver:
        found = await examine(
            driver,
            schema=schema,
            report=report,
            digests=digests,
            checkpoint=checkpoint,
            on_page=on_page,
        )
    return report, found


async def verify(
    engine: AsyncEngine, *, schema: str, digests: Digests | None = DIGESTS
) -> Verified:
    """Raise the first Finding; if there is none, return what was examined."""
    report, found = await examined(engine, schema=schema, digests=digests)
    for finding in report.findings:
        raise finding
    decisions = report.section(Check.DECISIONS)
    return Verified(
        found.checkpoint.size,
        decisions.checked,
        decisions.not_checked,
        report.section(Check.STATES).checked,
        found.clock_ahead_s,
    )
