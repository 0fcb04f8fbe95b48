"""One record of every type, written down: what later versions of the service must still read.

After a new event type or effect, run LEADLEDGER_TEST_WRITE_RECORDS=1 make test, and review the
difference. Once a version has been released, records may be added and never change.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from events.records import decode, whole
from tests.support.every_event import golden_records
from tests.support.stories import demand_funnel

ROOT = Path(__file__).parents[2]
WRITTEN_DOWN = ROOT / "tests" / "data" / "records.ndjson"
DESCRIBED = set(
    re.findall(r"`([\w.]+)`", (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8"))
)


@pytest.fixture(scope="module")
def records() -> list[str]:
    return golden_records()


def test_records_are_as_they_were_written_down(records: list[str]) -> None:
    if os.environ.get("LEADLEDGER_TEST_WRITE_RECORDS"):
        WRITTEN_DOWN.write_text("\n".join(records) + "\n", encoding="utf-8")
    assert records == WRITTEN_DOWN.read_text(encoding="utf-8").splitlines()


def test_every_type_of_the_shipped_lifecycles_has_one(records: list[str]) -> None:
    assert {json.loads(one)["type"] for one in records} == set(demand_funnel().lifecycle.events)


def test_they_are_read(records: list[str]) -> None:
    by_type = {json.loads(record)["type"]: record for record in records}
    texts = {"lifecycle.published": "lifecycle.text", "visit.recorded": "effects.text"}
    for type, record in by_type.items():
        part = [by_type[texts[type]]] if type in texts else []
        assert decode(whole(record, part)).event.type == type
    visit = whole(by_type["visit.recorded"], [by_type["effects.text"]])
    assert decode(visit).event.effects["move"] == {"kind": "entered"}


def test_every_attribute_and_effect_is_described(records: list[str]) -> None:
    decoded: list[dict[str, Any]] = [json.loads(record) for record in records]
    attributes = {name for record in decoded for name in record}
    effects = {name for record in decoded for name in record.get("data", {}).get("effects", ())}
    types = {record["type"] for record in decoded if record["source"] == "leadledger"}
    assert len(effects) > 25
    assert attributes - DESCRIBED == set()
    assert effects - DESCRIBED == set()
    assert types - DESCRIBED == set()
