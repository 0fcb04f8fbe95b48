"""docs/ledger.md describes every effect that a record can hold, and no other."""

import re
from pathlib import Path

from domain.effects import Effects
from events.revision.affected import _BESIDE_STAYS

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger.md"
_SECTION = re.compile(r"^## Effects$(.*?)^## ", re.MULTILINE | re.DOTALL)
_NAMES = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


def test_every_effect_is_described_and_no_other() -> None:
    found = _SECTION.search(DOCUMENT.read_text(encoding="utf-8"))
    assert found is not None
    rows = _NAMES.findall(found.group(1))
    described = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(described) == sorted(Effects.__annotations__)


def test_an_effect_that_no_stay_shows_is_an_effect() -> None:
    assert set(Effects.__annotations__) >= _BESIDE_STAYS
