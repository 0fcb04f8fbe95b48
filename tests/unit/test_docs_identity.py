"""The examples of docs/identity.md are events that the service reads."""

import json
import re
from pathlib import Path

from domain.lifecycle.service_events import OFFERED
from events.submissions import Item
from tests.ledger_in_memory import item_of

TEXT = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")
EXAMPLES = [
    json.loads(event)
    for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    for event in re.split(r"\n(?=\{)", block.strip())
]


def test_every_decision_that_the_service_carries_out_is_shown() -> None:
    assert {example["type"] for example in EXAMPLES} == OFFERED.keys()


def test_every_example_is_an_event() -> None:
    for example in EXAMPLES:
        assert isinstance(item_of(example), Item), example
