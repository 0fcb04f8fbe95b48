"""All checks of a ledger: its log, its tables, its projections, its guards."""

from collections import Counter
from contextlib import AsyncExitStack
from typing import NamedTuple

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.database.sessions import borrowed
from events.signals.digests import Digests
from events.verification.checkpoint import Checkpoint
from events.verification.findings import Check, Finding, Report
from events.verification.verify import Examined, OnPage, Page, examine
from migrations.describing import Description, describe
from migrations.running import migrate
from projections.catalogue import PROJECTIONS
from projections.engine.advance import statements
from projections.engine.replica import Replica
from projections.engine.transactions import snapshot
from service.verifying.scratch import Scratch

_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, SQLAlchemyError)


class Asked(NamedTuple):
    """The inputs of a verification, apart from the ledger itself."""

    digests: Digests | None
    """Made with the ledger's secret; without it seals are not checked."""
    checkpoint: Checkpoint | None
    scratch: Scratch


class Verified(NamedTuple):
    """The findings, and the state of the log."""

    report: Report
    examined: Examined


async def verify(engine: AsyncEngine, schema: str, asked: Asked, on_page: OnPage) -> Verified:
    """Verify a ledger, in one read-only snapshot of it."""
    report = Report()
    for check in Check:
        if check not in (Check.PROJECTIONS, Check.CHECKPOINT):
            report.section(check)
    async with AsyncExitStack() as stack:
        fresh = await _fresh(stack, schema, asked.scratch)
        replica = Replica(fresh.engine, schema, report) if fresh.engine is not None else None
        limits = statements(schema)["limit_long_waits"]
        projections = [make(schema) for make in PROJECTIONS.values()]
        async with snapshot(engine, limits) as driver:
            found = await describe(driver, schema=schema)
            if replica is not None:
                await replica.begin(driver, projections)
            examined = await examine(
                driver,
                schema=schema,
                report=report,
                digests=asked.digests,
                checkpoint=asked.checkpoint,
                on_page=_both(on_page, replica),
            )
            if replica is not None:
                await replica.copy(driver)
        if replica is not None:
            await replica.compare()
    _compare_schema(report, fresh, found)
    if replica is None:
        for projection in projections:
            report.section(Check.PROJECTIONS, projection.name).skip(fresh.why_not)
    return Verified(report, examined)


class _Fresh(NamedTuple):
    """What the migrations make of an empty database on this machine."""

    engine: AsyncEngine | None
    description: Description | None
    why_not: str = ""


async def _fresh(stack: AsyncExitStack, schema: str, scratch: Scratch) -> _Fresh:
    if scratch.owner_url is None:
        return _Fresh(None, None, scratch.why_not)
    engine = create_async_engine(scratch.owner_url)
    stack.push_async_callback(engine.dispose)
    try:
        await migrate(engine, schema=schema, serving_role=scratch.serving_role)
        async with borrowed(engine) as driver:
            return _Fresh(engine, await describe(driver, schema=schema))
    except _LOST as error:
        said = str(error).splitlines()[0]
        return _Fresh(None, None, f"no ledger could be made in the private database: {said}")


def _both(on_page: OnPage, replica: Replica | None) -> OnPage:
    async def take_both(page: Page, last: int) -> None:
        if replica is not None:
            await replica.take(page)
        await on_page(page, last)

    return take_both


def _compare_schema(report: Report, fresh: _Fresh, found: Description) -> None:
    """Compare the catalogue with that of a fresh ledger; extra rights count as differences."""
    schema, rights = report.section(Check.SCHEMA), report.section(Check.RIGHTS)
    if fresh.description is None:
        schema.skip(fresh.why_not)
        rights.skip(fresh.why_not)
        return
    expected = fresh.description
    is_same_server = expected.server_version == found.server_version
    objects = _comparable(expected.objects, is_same_server=is_same_server)
    schema.checked, rights.checked = objects.total(), len(found.rights)
    if not is_same_server:
        schema.skip(
            f"PostgreSQL {found.server_version} writes views differently from the version here",
            len(expected.objects) - objects.total(),
        )
    there = _comparable(found.objects, is_same_server=is_same_server)
    for line in sorted((objects - there).elements()):
        schema.note(Finding(None, "the schema is what the migrations make", line, "not so"))
    for line in sorted((there - objects).elements()):
        schema.note(Finding(None, "the schema is what the migrations make", "nothing such", line))
    for line in sorted({*found.rights} - {*expected.rights}):
        what = "only the owner has more rights than the service needs"
        rights.note(Finding(None, what, "no such right", line))


def _comparable(lines: tuple[str, ...], *, is_same_server: bool) -> Counter[str]:
    return Counter(line for line in lines if is_same_server or not line.startswith("view "))
