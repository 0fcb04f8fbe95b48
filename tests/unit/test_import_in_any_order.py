"""An imported table leads to the same funnel, in whatever order its rows are."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.command.importing import time_order
from service.command.importing.mapping_text import read_mapping
from service.command.importing.opening import open_table
from service.command.importing.time_order import in_order_of_time
from service.command.importing.translation import batches_of, translation_of
from service.command.importing.values.readers import Surroundings
from service.command.sending import ImportTally, RefusedRow
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.permuted import LATER, PEOPLE, what_is_known
from tests.support.projected import EVERY_PROJECTION

ROOT = Path(__file__).parents[2]
SAMPLE, MAPPINGS = ROOT / "tests/data/olist_sample", ROOT / "docs/examples/olist"
TABLES = (("olist_mql.csv", "mql.yaml"), ("olist_closed_deals.csv", "deals.yaml"))
NAMES = dict(zip((f"lead-0{number}" for number in range(1, 7)), PEOPLE, strict=True))

Event = dict[str, Any]


def rows_of(table: str, mapping: str) -> Iterator[list[Event]]:
    """Yield the events of each row, with names that the comparisons know."""
    form = read_mapping((MAPPINGS / mapping).read_text(encoding="utf-8"))
    surroundings = Surroundings(ZoneInfo("UTC"), datetime(2026, 11, 29, tzinfo=UTC))
    with open_table(SAMPLE / table, form.table) as opened:
        translate = translation_of(form, opened.header, surroundings)
        refused: list[RefusedRow] = []
        (batch,) = batches_of(
            *(opened.rows, translate),
            events_max=1_000,
            personal=form.personal,
            tally=ImportTally(),
            on_refused=refused.append,
        )
    assert refused == []
    lines: dict[int, list[Event]] = {}
    for line, event in zip(batch.lines, batch.events, strict=True):
        whom = NAMES.get(event["lead"]["external_ids"]["olist"])
        if whom is not None:
            about = {**event["lead"], "user_id": whom, "email": whom}
            del about["external_ids"]
            lines.setdefault(line, []).append({**event, "lead": about})
    yield from lines.values()


def imported(tables: Sequence[Sequence[Sequence[Event]]]) -> dict[str, Any]:
    """Import tables, a request each, and return all that is known afterwards."""
    ledger = LedgerInMemory()
    for table in tables:
        ledger.send(*chain.from_iterable(table))
    ledger.at = LATER
    ledger.let_happen()
    said = {name: says(ledger) for name, says in EVERY_PROJECTION.items()}
    return {**what_is_known(ledger), **said}


def orders_of(rows: Sequence[list[Event]]) -> Iterator[list[list[Event]]]:
    yield list(reversed(rows))
    for seed in (1, 2, 3):
        yield random.Random(seed).sample(rows, len(rows))


def test_the_rows_of_a_table_may_be_in_any_order() -> None:
    leads, deals = (list(rows_of(*table)) for table in TABLES)
    known = imported([leads, deals])
    assert len(leads) == len(NAMES)
    for shuffled in zip(orders_of(leads), orders_of(deals), strict=True):
        assert imported(shuffled) == known


def test_facts_of_two_tables_may_be_in_any_order_among_each_other() -> None:
    """Decisions need a lead: without them a deal may be reported before the form."""
    rows = [
        [event]
        for table in TABLES
        for row in rows_of(*table)
        for event in row
        if not event["type"].startswith("lead.")
    ]
    known = imported([rows])
    for shuffled in orders_of(rows):
        assert imported([shuffled]) == known


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_events_are_sent_in_the_order_of_their_times(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Those of the same time in the order of the rows, however many are sorted in memory."""
    monkeypatch.setattr(time_order, "SORTED_AT_ONCE_EVENTS", at_once)
    times = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    listed = [(line, {"time": f"2026-01-0{time}"}) for line, time in enumerate(times)]
    assert list(in_order_of_time(listed)) == sorted(listed, key=lambda one: one[1]["time"])
