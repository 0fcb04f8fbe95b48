"""The table of spellings, tests/data/spellings.csv: what people write, and whom it identifies.

Add rows freely if you know how people fill in forms. `country` is the calling code of the
lifecycle, 81 if empty; `\\u200b` in a cell is the character of that number.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.signal import Identifier
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.native_schema import AccountReference, LeadReference
from events.signals.parties import Parties, read_parties
from events.signals.sender import Sender
from tests.support.stories import demand_funnel

TABLE = Path(__file__).parents[1] / "data" / "spellings.csv"
ROWS_MIN = 30
"""Of each of the kinds that people type."""
DIGESTS = Digests(b"a secret of thirty-two bytes, or more")
NOBODY = Sender("key-1", ("test",), None, frozenset())


class Row(NamedTuple):
    kind: str
    country: str
    one: str
    another: str
    verdict: str
    why: str


def rows() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        _, *lines = csv.reader(table)
    return [Row(*(_unescaped(cell) for cell in line)) for line in lines]


def _unescaped(cell: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), cell)


REPORTED: Mapping[str, Callable[[str], tuple[LeadReference | None, AccountReference | None]]] = {
    "email": lambda text: (LeadReference(email=text), None),
    "phone": lambda text: (LeadReference(phone=text), None),
    "id": lambda text: (LeadReference(user_id=text), None),
    "company": lambda text: (None, AccountReference(name=text)),
    "domain": lambda text: (None, AccountReference(domain=text)),
}


def parties_of(row: Row, text: str) -> Parties:
    lifecycle = demand_funnel().lifecycle
    lifecycle = replace(lifecycle, phone_country=row.country or lifecycle.phone_country)
    context = Context(lifecycle, DIGESTS, NOBODY, datetime(2026, 11, 30, tzinfo=UTC))
    parties = read_parties(*REPORTED[row.kind](text), context)
    assert isinstance(parties, Parties), parties
    return parties


def named_by(row: Row, parties: Parties) -> tuple[Identifier, ...]:
    """Return what names a person; a role mailbox still names its company."""
    if row.kind in ("company", "domain"):
        return (*parties.account_identifiers, *parties.account_name)
    return parties.identifiers


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.kind} {row.one} {row.why}"[:60])
def test_each_spelling_identifies_the_person_it_means(row: Row) -> None:
    one = parties_of(row, row.one) if row.one else Parties()
    named = named_by(row, one)
    if row.verdict == "not an identifier":
        assert not named, "it identifies somebody"
        assert one.ignored or not row.one, "the answer does not name it"
        return
    assert named, one.ignored
    another = parties_of(row, row.another)
    found = named_by(row, another)
    assert found, another.ignored
    assert (named == found) is (row.verdict == "same")


def test_the_table_covers_each_kind() -> None:
    table = rows()
    assert {row.verdict for row in table} == {"same", "different", "not an identifier"}
    counted = Counter(row.kind for row in table)
    assert all(counted[kind] >= ROWS_MIN for kind in ("email", "phone", "company", "id")), counted
    assert len({(row.kind, row.country, row.one, row.another) for row in table}) == len(table)
    countries = {row.country for row in table if row.kind == "phone" and row.verdict == "same"}
    assert len(countries - {""}) >= 8
