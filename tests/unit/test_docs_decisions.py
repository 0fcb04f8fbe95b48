"""The examples of what the service carries out itself are events that it reads."""

import json
import re
from pathlib import Path

from domain.lifecycle.service_events import OFFERED
from events.submission import Item
from tests.support.ledger_in_memory import item_of

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "".join(
    (DOCS / name).read_text(encoding="utf-8") for name in ("identity.md", "deadlines.md")
)
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
