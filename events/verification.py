"""Verify a ledger as somebody who distrusts it: everything that can be recomputed is.

Positions, leaves, columns against records, versions per subject, personal data against its digest,
every outcome against the lifecycle version that decided it, and what the writer decides on against
a fold of the history. The log is read at one moment while others go on writing. The states of all
subjects are held in memory: about one kilobyte each.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from domain import states
from domain.lifecycle.definition import SubjectKind
from events import records
from events.audit import UNREADABLE, Audit, Finding, Row, expect
from events.memory import Remembered
from events.past import NotRecalled, Recollection
from events.reader import LedgerReader
from events.records import (
    begins_group,
)
from events.selections.auditing import SelectionAudit
from events.selections.evidence import Run, run_of
from events.sessions import Driver, open_session
from events.statements import Statement, load

PAGE = 5_000
"""Rows read at once: some five megabytes."""
LINK_WINDOW = 50_000
"""Positions of which the identifiers are read at once."""


class Verified(NamedTuple):
    """What was looked at, when nothing was found wrong."""

    position: int
    events: int
    subjects: int
    decided_again: int
    not_decided_again: int
    """Decided by an older version of the deciding code: not verified, only counted."""
    erased: int
    """Events whose personal data has been removed."""
    clock_ahead_s: int
    """How far the ledger's clock is turned. Not 0: one for tests, whose times prove nothing."""


async def verify(
    engine: AsyncEngine, *, schema: str, on_progress: Callable[[int, int], None] | None = None
) -> Verified:
    """Verify the whole ledger; raises Finding at the first thing wrong.

    `on_progress` is told the position reached and the last one.
    """
    sql = {
        **load("events", "ledger.sql", schema),
        **load("events", "verification.sql", schema),
    }
    session = await open_session(engine)
    try:
        async with session.driver.transaction(isolation="repeatable_read", readonly=True):
            return await _verify(session.driver, sql, on_progress or _unheard)
    finally:
        await session.close()


async def _verify(
    driver: Driver, sql: Mapping[str, Statement], on_progress: Callable[[int, int], None]
) -> Verified:
    head = await LedgerReader(sql).head(driver)
    clock_ahead = await driver.fetchval(sql["read_clock"].driver_sql)
    audit = Audit(selections=SelectionAudit(await _planned(driver, sql)))
    async for page in pages(driver, sql["read_everything"], head.position):
        for row in page:
            record = audit.take(row)
            if begins_group(record):
                await _close_group(driver, sql, audit)
            audit.add(record)
        on_progress(audit.position, head.position)
    await _close_group(driver, sql, audit)
    expect(None, "the head stands at the last event", head.position, audit.position)
    await _compare_links(driver, sql, audit, head.position)
    await _compare_subjects(driver, sql, audit)
    return Verified(
        position=head.position,
        events=audit.position,
        subjects=len(audit.subjects),
        decided_again=audit.decided_again,
        not_decided_again=audit.not_decided_again,
        erased=audit.erased,
        clock_ahead_s=round(clock_ahead.total_seconds()),
    )


async def _close_group(driver: Driver, sql: Mapping[str, Statement], audit: Audit) -> None:
    """Judge a group; what takes something back is judged on the histories that it concerns."""
    recollection, reader = Recollection(), LedgerReader(sql)
    while True:
        try:
            return audit.close_group(recollection)
        except NotRecalled as needed:
            upto = audit.group[0].event.position - 1
            if needed.positions:
                await reader.records_at(driver, recollection, needed.positions)
            if needed.histories:
                _, histories = await reader.histories(driver, needed.histories, upto=upto)
                recollection.histories |= histories


async def _planned(driver: Driver, sql: Mapping[str, Statement]) -> dict[int, list[Run]]:
    """Read beforehand where selection runs read their leads: there they are surveyed again."""
    planned: dict[int, list[Run]] = defaultdict(list)
    for row in await driver.fetch(sql["read_selection_runs"].driver_sql):
        try:
            run = run_of(records.decode_event(row["record"]))
            planned[run.read_at].append(run)
        except UNREADABLE:
            # Its record is looked at in its turn, and then it is missed here.
            continue
    return planned


def _unheard(position: int, last: int) -> None:
    del position, last


async def pages(driver: Driver, statement: Statement, upto: int) -> AsyncIterator[Sequence[Row]]:
    """Read the log in order, page by page, up to a position."""
    after = 0
    while after < upto:
        page = await driver.fetch(
            statement.driver_sql,
            *statement.arguments({"after": after, "upto": upto, "limit": PAGE}),
        )
        if not page:
            return
        yield page
        after = page[-1]["position"]


async def _compare_links(
    driver: Driver, sql: Mapping[str, Statement], audit: Audit, upto: int
) -> None:
    """Every identifier that an event linked is there. Removed ones are erased, never invented."""
    for start in range(0, upto, LINK_WINDOW):
        end = min(start + LINK_WINDOW, upto)
        found: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
        for row in await driver.fetch(sql["read_links"].driver_sql, start, end):
            found[row["position"]][row["kind"], str(row["subject_id"])] += 1
        for position, links in found.items():
            told = audit.links.get(position, ())
            if links - Counter(told):
                raise Finding(
                    position, "identifiers are those that events linked", told, tuple(links)
                )


def _remembered(row: Row) -> Remembered | str:
    kind = SubjectKind(row["kind"])
    try:
        state = states.decode(kind, row["state"])
    except UNREADABLE as error:
        return f"no state at all: {error!r}"
    return Remembered(kind, row["version"], row["position"], state)


async def _compare_subjects(driver: Driver, sql: Mapping[str, Statement], audit: Audit) -> None:
    """What the writer decides on is the fold of the history."""
    remaining = dict(audit.subjects)
    cursor, statement = None, sql["read_subjects"]
    while True:
        page = await driver.fetch(statement.driver_sql, cursor, PAGE)
        for row in page:
            subject_id = str(row["subject_id"])
            expected = remaining.pop(subject_id, None)
            found = _remembered(row)
            if found != expected:
                raise Finding(
                    row["position"],
                    f"the state of {row['kind']} {subject_id} is the fold of its events",
                    expected,
                    found,
                )
        if len(page) < PAGE:
            break
        cursor = page[-1]["subject_id"]
    if remaining:
        missing: Any = next(iter(remaining))
        raise Finding(None, "every subject has its state", f"a state of {missing}", "none")
