"""Report what became of a table, or what would become of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from service.command.importing.refused import Group
from service.command.limits import GROUPS_SHOWN_MAX
from service.command.printing import print_json, print_lines, print_table
from service.command.sending import ImportTally

REVISED_LABELS = {
    "unchanged": "  as recorded",
    "corrected": "  corrected",
    "replaced": "  voided and reported again",
    "left": "  left alone: voided by a person, or erased",
}


class Run(NamedTuple):
    """What one run of the command read, and the results."""

    tally: ImportTally
    groups: Sequence[Group]
    form: str
    """The format of the file."""
    unused: Sequence[str]
    """Columns that the mapping does not use."""
    seconds: float


class Checked(NamedTuple):
    """What only a check reports."""

    first: Mapping[int, Sequence[Mapping[str, Any]]]
    """The events of the first rows, by line, as they would be sent."""
    judged_by: str
    not_judged: int
    """Decisions that precede everything else the table reports about their lead."""
    is_judged_in_part: bool


def print_run(run: Run, *, as_json: bool, refused: Path | None) -> None:
    """Print what was sent and what became of it."""
    tally = run.tally
    if as_json:
        rate = round(tally.events / run.seconds) if run.seconds else None
        print_json(_content(run) | {"events_per_second": rate})
        return
    rows = [*_rows_read(tally), ("events sent", tally.events), ("  recorded", tally.recorded)]
    if tally.revised:
        rows += [(REVISED_LABELS[name], number) for name, number in tally.revised.items()]
    else:
        rows += [("  already recorded", tally.duplicates)]
    rows += [("  refused", tally.refused)]
    _print_counts([*rows, *_ignored(tally)])
    print_lines(f"{run.seconds:.1f} s, {tally.events / max(run.seconds, 0.001):,.0f} events/s")
    _print_groups(run.groups)
    if tally.all_refused:
        where = f"see {refused}" if refused else "use --refused FILE to write them to a file"
        print_lines(f"{tally.all_refused:,} refused in total: {where}")


def print_check(run: Run, checked: Checked, *, as_json: bool) -> None:
    """Print what would be sent."""
    tally = run.tally
    if as_json:
        print_json(
            _content(run)
            | {"first": [{"line": at, "events": events} for at, events in checked.first.items()]}
            | {"judged_by": checked.judged_by, "not_judged": checked.not_judged}
            | {"judged_in_part": checked.is_judged_in_part}
        )
        return
    print_lines(f"The file is read as {run.form}.", "", "The first rows, as they would be sent:")
    for line, events in checked.first.items():
        print_lines(*(f"line {line}: {orjson.dumps(event).decode()}" for event in events))
    print_lines("")
    rows = [*_rows_read(tally), ("events that would be sent", tally.events)]
    rows += [(f"  {name}", number) for name, number in tally.events_by_type.items()]
    _print_counts([*rows, *_ignored(tally)])
    if tally.first_time is not None:
        print_lines(f"They are from {tally.first_time} to {tally.last_time}.")
    if run.unused:
        print_lines(f"Columns not used by the mapping: {', '.join(run.unused)}")
    part = ", but only in part, because the table is too long" if checked.is_judged_in_part else ""
    print_lines(f"Judged by {checked.judged_by}{part}. Nothing was sent.")
    if checked.not_judged:
        print_lines(
            f"{checked.not_judged:,} decisions precede everything else that this table reports "
            "about their leads: they are allowed only if the ledger already knows these leads."
        )
    _print_groups(run.groups)


def _content(run: Run) -> dict[str, Any]:
    return {
        **asdict(run.tally),
        "refused_groups": [asdict(group) for group in run.groups],
        "file": run.form,
        "columns_unused": list(run.unused),
        "seconds": round(run.seconds, 3),
    }


def _rows_read(tally: ImportTally) -> list[tuple[str, int]]:
    return [
        ("rows read", tally.rows),
        ("rows that make no event", tally.rows_without_event),
        ("rows refused, not sent at all", tally.rows_refused),
    ]


def _ignored(tally: ImportTally) -> list[tuple[str, int]]:
    """Return the identifiers that identify no lead; others in their rows do, so no row is lost."""
    found = [(f"  {name}", times) for name, times in tally.ignored.items()]
    return [("identifiers ignored", sum(tally.ignored.values())), *found] if found else []


def _print_counts(rows: Sequence[tuple[str, int]]) -> None:
    counted = [(name, f"{number:,}") for name, number in rows]
    print_table(("", "count"), counted, numbers=("count",))


def _print_groups(groups: Sequence[Group]) -> None:
    if not groups:
        return
    print_lines("", "refused:")
    rows = [
        (f"{group.count:,}", group.reason, group.detail, _lines(group), ", ".join(group.found))
        for group in groups[:GROUPS_SHOWN_MAX]
    ]
    print_table(("count", "reason", "detail", "lines", "found"), rows, numbers=("count",))
    if len(groups) > GROUPS_SHOWN_MAX:
        print_lines(f"and {len(groups) - GROUPS_SHOWN_MAX:,} more kinds")


def _lines(group: Group) -> str:
    more = ", …" if group.count > len(group.lines) else ""
    return ", ".join(map(str, group.lines)) + more
