"""The simulated market: the same every time, in the order of reports, and within its period."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.lifecycle.definition import EventKind, Lifecycle
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from service.command.simulating.stream import World, events
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, LedgerInMemory
from tests.support.ledger_in_memory import SENDER as ANYBODY
from tests.support.stories import demand_funnel

ENDS = datetime(2026, 11, 1, tzinfo=UTC)
WORLD = World(seed=7, people=400, begins=ENDS - timedelta(days=300), ends=ENDS)


@pytest.fixture(scope="module")
def reports() -> list[dict[str, Any]]:
    return list(events(WORLD))


def test_the_same_world_reports_the_same_events_byte_for_byte(
    reports: list[dict[str, Any]],
) -> None:
    assert orjson.dumps(list(events(WORLD))) == orjson.dumps(reports)
    other = list(events(WORLD._replace(seed=8)))
    assert not {one["id"] for one in other} & {one["id"] for one in reports}


def test_everything_happens_within_its_time(reports: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(one["time"]) for one in reports]
    assert min(times) >= WORLD.begins
    assert max(times) <= WORLD.ends


def test_some_events_are_reported_twice_and_some_late(reports: list[dict[str, Any]]) -> None:
    again = [id for id, count in Counter(one["id"] for one in reports).items() if count > 1]
    assert len(again) > len(reports) / 200
    times = [datetime.fromisoformat(one["time"]) for one in reports]
    late = sum(later < earlier for earlier, later in itertools.pairwise(times))
    assert late > len(reports) / 200


def test_every_report_can_be_read_and_uses_only_declared_fields(
    reports: list[dict[str, Any]],
) -> None:
    lifecycle: Lifecycle = demand_funnel().lifecycle
    sender = ANYBODY._replace(sources=("test", "*"), scopes=EVERY_RIGHT)
    context = Context(lifecycle, DIGESTS, sender, ENDS)
    for one in reports:
        signal = native.read(one, context)
        assert not isinstance(signal, Refusal), (one, signal)
        undeclared = set(one.get("data", {})) - set(lifecycle.events[one["type"]].fields)
        assert not undeclared, (one["type"], undeclared)


ADMINISTRATORS = {
    "stage.corrected", "origin.corrected", "identity.merged", "identity.unmerged",
    "identity.unlinked", "identity.kept_apart", "event.voided", "event.corrected", "account.merged",
    "lifecycle.published", "calendar.changed", "conflict.dismissed", "account.kept_apart",
}  # fmt: skip
"""Types that need an administrator, who uses ids and positions that only a ledger knows."""


def test_the_whole_vocabulary_is_spoken() -> None:
    said = {one["type"] for one in events(WORLD._replace(people=5_000))}
    offered = {
        name
        for name, type in demand_funnel().lifecycle.events.items()
        if type.kind is not EventKind.DERIVED
    }
    assert offered - said == ADMINISTRATORS


def test_most_decisions_are_legal_where_they_come(reports: list[dict[str, Any]]) -> None:
    """A market that only produces refusals demonstrates nothing."""
    ledger = LedgerInMemory()
    sender = ANYBODY._replace(sources=("test", "*"))
    for one in reports:
        ledger.send(one, sender=sender)
    assert len(ledger.refused) < len(reports) / 50
    stages = {record.event.stage_to for record in ledger.records}
    path = {"AL", "ML", "MAL", "MQL", "SAL", "SQL", "OPP", "WON", "LOST", "DISQUALIFIED"}
    assert path | {"PL", "PROSPECT", "C", "KC"} <= stages
    written = {record.event.type for record in ledger.records}
    assert written >= {"lead.excluded", "identity.conflicted", "lead.reassessed"}
