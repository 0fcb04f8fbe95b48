"""A file of leads, such as a list from a CRM, next to the leads behind a number.

lead,stage,date              or any other identifiers: email, phone, user_id, external_ids.crm
0193…,MQL,2026-09-02         stage and date are optional, and compared if they are there

Rows are named by their lines: what else the file says about a person is not repeated.
"""

import asyncio
import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import StringIO
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import resolve_stage
from domain.times import format_utc
from events.refusals import Refusal
from events.signals.context import Context
from events.signals.native_schema import LeadReference
from events.signals.parties import read_parties
from projections.figures.queries import Standing
from projections.figures.question import Cell, Member
from service.feed.log import Log
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.limits import COMPARED_ROWS_MAX, POINTERS_ASKED
from service.reading.figures.describing import FigureWording, describe_member
from service.reading.leads import ranked
from service.shapes import figures as shapes

LEAD: Final = "lead"
IDENTIFIERS: Final = ("email", "phone", "user_id", "anonymous_id")
SYSTEM: Final = "external_ids."
STAGE, DATE = "stage", "date"


class FileRow(NamedTuple):
    """A row of a file: whom it names, and what it says about the lead."""

    line: int
    reference: LeadReference | None
    """None if the row names nobody."""
    stage: str | None
    date: date | None


class LeadFile(NamedTuple):
    rows: Sequence[FileRow]
    ignored: Sequence[str]
    """Columns that are not compared."""


class IdentifiedRow(NamedTuple):
    """A row with the lead that it means; None if that is not known."""

    row: FileRow
    lead: str | None


def read_file(body: bytes) -> LeadFile:
    """Read a file. Raises Problem: body-unreadable, request-invalid."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("body-unreadable", "A file of leads must be UTF-8.") from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
        naming = [name for name in heading if _identifies(name)]
        if not naming:
            known = ", ".join((LEAD, *IDENTIFIERS, f"{SYSTEM}<system>"))
            raise Problem(
                "request-invalid", f"The first line must name a column that identifies: {known}."
            )
        rows = [
            _row(reader.line_num, dict(zip(heading, cells, strict=False)))
            for cells in reader
            if any(cells)
        ]
    except csv.Error as error:
        detail = f"Line {reader.line_num} is not CSV: {error}."
        raise Problem("body-unreadable", detail) from None
    if len(rows) > COMPARED_ROWS_MAX:
        raise Problem(
            "request-invalid",
            f"A file has up to {COMPARED_ROWS_MAX:,} rows, found {len(rows):,}: compare parts.",
        )
    return LeadFile(rows, [name for name in heading if name not in (*naming, STAGE, DATE)])


async def identify(log: Log, rows: Sequence[FileRow], context: Context) -> list[IdentifiedRow]:
    """Find the lead of each row by its most trusted identifier that names a single one."""
    # Reading twenty thousand telephone numbers takes a second.
    named = await asyncio.to_thread(lambda: [_named(row.reference, context) for row in rows])
    digests = [digest for _, some in named for digest in some]
    pointers: dict[bytes, list[str]] = {}
    for start in range(0, len(digests), POINTERS_ASKED):
        pointers |= await log.pointers(digests[start : start + POINTERS_ASKED])
    return [
        IdentifiedRow(row, lead or _single(some, pointers))
        for row, (lead, some) in zip(rows, named, strict=True)
    ]


class BehindNumber(NamedTuple):
    """What a number counts, and where leads are that it does not count."""

    cell: Cell
    members: Sequence[Member]
    standing: Mapping[str, Standing]
    """Lead of the file that is not behind the number → where it is."""


def describe_file_comparison(
    file: LeadFile,
    found: Sequence[IdentifiedRow],
    behind: BehindNumber,
    wording: FigureWording,
    *,
    limit: int,
) -> shapes.ComparedFile:
    """Describe what is only in the file, only behind the number, or in both and differs."""
    cell = behind.cell
    entries = list(_entries(found, behind, wording))
    differing = [one for one in entries if one["because"] != "same"]
    counts = {name: sum(one["because"] == name for one in entries) for name in _BECAUSE}
    return {
        "figure": wording.figure.name,
        "version": wording.figure.version,
        "track": str(cell.row.track),
        "row": cell.row.name,
        "measure": cell.measure,
        "as_of": format_utc(wording.question.as_of),
        "as_of_position": str(wording.question.known_at),
        "rows": len(file.rows),
        "count": len(behind.members),
        "counts": counts,
        "ignored_columns": list(file.ignored),
        "differences": differing[:limit],
        "truncated": len(differing) > limit,
    }


_BECAUSE: Final = (
    "same",
    "differs",
    "not_in_file",
    "elsewhere",
    "not_known",
    "not_identified",
    "repeated",
)


def _identifies(name: str) -> bool:
    return name in (LEAD, *IDENTIFIERS) or (name.startswith(SYSTEM) and name != SYSTEM)


def _row(line: int, cells: Mapping[str, str]) -> FileRow:
    given = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    reference: dict[str, Any] = {name: given[name] for name in IDENTIFIERS if name in given}
    if LEAD in given:
        reference["id"] = given[LEAD].removeprefix("lead/")
    systems = {
        name.removeprefix(SYSTEM): value for name, value in given.items() if name.startswith(SYSTEM)
    }
    if systems:
        reference["external_ids"] = systems
    try:
        whom = LeadReference.model_validate(reference) if reference else None
    except ValidationError:
        whom = None
    return FileRow(line, whom, given.get(STAGE), _date(line, given.get(DATE)))


def _date(line: int, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError:
        detail = f"Line {line}: the date must be like 2026-09-02, at the beginning of its cell."
        raise Problem("request-invalid", detail) from None


def _named(reference: LeadReference | None, context: Context) -> tuple[str | None, list[bytes]]:
    """Return the lead that a row names by its own id, and digests of identifiers, best first."""
    parties = read_parties(reference, None, context) if reference is not None else None
    if parties is None or isinstance(parties, Refusal):
        return None, []
    found = ranked(parties.identifiers, context.lifecycle)
    return parties.lead_id, [identifier.digest for identifier in found]


def _single(digests: Sequence[bytes], pointers: Mapping[bytes, Sequence[str]]) -> str | None:
    named = (pointers.get(digest, ()) for digest in digests)
    return next((leads[0] for leads in named if len(leads) == 1), None)


def _entries(
    found: Sequence[IdentifiedRow], behind: BehindNumber, wording: FigureWording
) -> Iterator[shapes.FileDifference]:
    """Yield an entry for each row, then one for each lead that no row names."""
    cell = behind.cell
    counted: defaultdict[str, list[Member]] = defaultdict(list)
    for member in behind.members:
        counted[member.place.subject_id].append(member)
    seen: dict[str, int] = {}
    for row, lead in found:
        if lead is None:
            yield _entry(row.line, None, "not_identified")
        elif lead in seen:
            yield {**_entry(row.line, lead, "repeated"), "first_line": seen[lead]}
        elif lead in counted:
            seen[lead] = row.line
            yield _in_both(row, counted[lead], cell, wording)
        else:
            seen[lead] = row.line
            yield _only_in_file(row, lead, behind.standing.get(lead), wording)
    for lead, own in sorted(counted.items()):
        if lead not in seen:
            shown = describe_member(own[0], cell, wording)
            yield {**_entry(None, lead, "not_in_file"), "counted": shown}


def _entry(line: int | None, lead: str | None, because: str) -> shapes.FileDifference:
    return {
        "line": line,
        "subject": f"lead/{lead}" if lead is not None else None,
        "because": because,
        "counted": None,
        "stands": None,
        "fields": [],
    }


def _in_both(
    row: FileRow, members: Sequence[Member], cell: Cell, wording: FigureWording
) -> shapes.FileDifference:
    zone, lifecycle = ZoneInfo(wording.lifecycle.time_zone), wording.lifecycle
    fields: list[shapes.FieldDifference] = []
    stage = _stage(row.stage, lifecycle)
    if stage not in (None, cell.row.name):
        fields.append({"field": STAGE, "file": row.stage, "figure": cell.row.name})
    days = {member.at.astimezone(zone).date() for member in members}
    if row.date is not None and row.date not in days:
        shown = min(days).isoformat()
        fields.append({"field": DATE, "file": row.date.isoformat(), "figure": shown})
    entry = _entry(row.line, members[0].place.subject_id, "differs" if fields else "same")
    return {**entry, "counted": describe_member(members[0], cell, wording), "fields": fields}


def _only_in_file(
    row: FileRow, lead: str, standing: Standing | None, wording: FigureWording
) -> shapes.FileDifference:
    if standing is None:
        return _entry(row.line, lead, "not_known")
    stands: shapes.Stands = {
        "stage": standing.stage,
        "since": format_utc(standing.entered_at),
        "position": str(standing.position),
        "type": standing.type,
    }
    if wording.language is not None:
        stages = wording.lifecycle.lead.stages
        stands["stage_label"] = label_of(stages, standing.stage, wording.language)
    return {**_entry(row.line, lead, "elsewhere"), "stands": stands}


def _stage(word: str | None, lifecycle: Lifecycle) -> str | None:
    return None if word is None else resolve_stage(lifecycle, word) or word
