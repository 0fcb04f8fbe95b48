"""Edit the text of a lifecycle as a reader of a document would apply a block of it."""

import re
from typing import Any

import yaml

TRIALS = """
events:
  facts:
    trial.requested: {label: {ja: 試用申込, en: trial requested}}
lead:
  moves:
    - {on: trial.requested, from: [unplaced, AL], to: ML, guards: [known]}
"""
"""A block that adds a fact, by which a person becomes known."""


def edited(text: str, *blocks: str) -> str:
    """Insert blocks, each into the section named in its first line.

    Moves go before the existing ones, because the first match is used.
    """
    content = parsed(text)
    for block in blocks:
        content = _merged(content, parsed(block))
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def parsed(text: str) -> Any:
    """Read YAML as this project does: `on` is a word, not a boolean."""
    return yaml.safe_load(re.sub(r"([{\s])on:", r'\1"on":', text))


def _merged(before: Any, block: Any) -> Any:
    if not (isinstance(before, dict) and isinstance(block, dict)):
        return block
    merged = dict(before)
    for key, value in block.items():
        merged[key] = value + before[key] if key == "moves" else _merged(before.get(key), value)
    return merged
