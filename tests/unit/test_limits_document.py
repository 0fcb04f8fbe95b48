"""docs/limits.md is accurate: every row is compared with the code, and no bound is missing."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from events import limits as event_limits
from service import limits as service_limits
from service.http.problem import KINDS
from service.settings import describe_settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "limits.md"
NOT_FOR_SENDERS = {"DAY_S", "KIB", "MIB", "OTHER_FILES", "WRITER_SILENT_S"}
"""Units, and what is bounded for our own sake."""
FURTHER_INSIDE = "# Further inside"
_BOUND = re.compile(r"^([A-Z][A-Z_]+): Final = (?![A-Z][a-z])", re.MULTILINE)
_ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \| `([\w.]+)` \|$", re.MULTILINE)
_PROBLEM = re.compile(r"(\d{3}) `([a-z-]+)`")


class Row(NamedTuple):
    what: str
    limit: str
    sees: str
    name: str


ROWS = [Row(*found) for found in _ROW.findall(DOCUMENT.read_text(encoding="utf-8"))]


def shown(name: str, value: float) -> str:
    """Write a bound as the document does."""
    if "BYTES" in name:
        return f"{value / 1024**2:g} MiB" if value >= 1024**2 else f"{value / 1024:g} KiB"
    if name.endswith("_S") or "WAIT_S" in name:
        return f"{value:g} s"
    return f"{value:,}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_says_what_holds(row: Row) -> None:
    module, _, name = row.name.rpartition(".")
    assert row.limit == shown(name, getattr(import_module(module), name))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_sender_sees_a_problem_that_exists(row: Row) -> None:
    for status, code in _PROBLEM.findall(row.sees):
        assert KINDS[code].status == int(status)
    settings = {one.variable for one in describe_settings()}
    assert set(re.findall(r"LEADLEDGER_\w+", row.what)) <= settings


def test_no_bound_is_missing() -> None:
    bounds = {
        f"{module.__name__}.{name}"
        for module in (event_limits, service_limits)
        for name in _BOUND.findall(inspect.getsource(module).partition(FURTHER_INSIDE)[0])
        if name not in NOT_FOR_SENDERS
    }
    assert bounds <= {row.name for row in ROWS}


def test_a_wrong_number_is_noticed() -> None:
    row = next(one for one in ROWS if one.name == "service.limits.HEADERS_MAX")
    with pytest.raises(AssertionError):
        test_a_row_says_what_holds(row._replace(limit="99"))
