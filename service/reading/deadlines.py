"""Deadlines in JSON: codes, with labels if a language is requested."""

import re

from domain.lifecycle.definition import Lifecycle
from domain.times import format_optional_utc, format_utc
from events.signals import times
from projections.deadlines.fold import DeadlineRow
from projections.deadlines.projection import Cursor, DeadlinePage, status_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.reading.leads import in_stage
from service.shapes.deadlines import Deadline, DeadlineLabel, Deadlines

_BETWEEN = "~"
_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})")


def describe_page(page: DeadlinePage, lifecycle: Lifecycle, language: str | None) -> Deadlines:
    """Describe a page of deadlines."""
    return {
        "deadlines": [_describe(row, lifecycle, language) for row in page.rows],
        "next": _after(page.next) if page.next is not None else None,
        "as_of_position": str(page.position),
    }


def _after(cursor: Cursor) -> str:
    return f"{format_utc(cursor.due_at)}{_BETWEEN}{cursor.known_from}.{cursor.number}"


def read_after(text: str | None) -> Cursor | None:
    """Read the cursor of a page. Raises Problem: parameter-invalid."""
    if text is None:
        return None
    due, _, place = text.partition(_BETWEEN)
    moment, found = times.parse(due), _PLACE.fullmatch(place)
    if moment is None or found is None:
        raise Problem(
            "parameter-invalid",
            "after must be the `next` of an earlier page, unchanged.",
            parameter="after",
        )
    return Cursor(moment, int(found[1]), int(found[2]))


def _describe(row: DeadlineRow, lifecycle: Lifecycle, language: str | None) -> Deadline:
    entry = row.entry
    return {
        "lead": row.lead_id,
        "deadline": entry.deadline,
        "status": status_of(entry),
        **in_stage(lifecycle.lead, entry.stage, language),
        "owner": entry.owner,
        "team": entry.team,
        "started_at": format_utc(entry.started_at),
        "due_at": format_utc(entry.due_at),
        "settled_at": format_optional_utc(entry.settled_at),
        "position": str(entry.started),
        "breached": str(entry.breached) if entry.breached is not None else None,
        "settled": str(entry.settled) if entry.settled is not None else None,
        **_label(entry.deadline, lifecycle, language),
    }


def _label(deadline: str, lifecycle: Lifecycle, language: str | None) -> DeadlineLabel:
    if language is None:
        return {}
    return {"deadline_label": label_of(lifecycle.pace.deadlines, deadline, language)}
