"""Deadlines in JSON: codes, with labels if a language is requested."""

import re
from datetime import datetime

from domain.lifecycle.definition import Lifecycle
from domain.times import format_optional_utc, format_utc
from events.signals import times
from projections.deadlines.fold import DeadlineRow
from projections.deadlines.projection import DeadlinePage, status_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.reading.leads import in_stage
from service.shapes.deadlines import Deadline, DeadlineLabel, Deadlines

_BETWEEN = "~"
_POSITION = re.compile(r"[0-9]{1,18}")


def describe_page(page: DeadlinePage, lifecycle: Lifecycle, language: str | None) -> Deadlines:
    """Describe a page of deadlines."""
    return {
        "deadlines": [_describe(row, lifecycle, language) for row in page.rows],
        "next": _BETWEEN.join((format_utc(page.next[0]), str(page.next[1]))) if page.next else None,
        "as_of_position": str(page.position),
    }


def read_after(text: str | None) -> tuple[datetime, int] | None:
    """Read the cursor of a page. Raises Problem: parameter-invalid."""
    if text is None:
        return None
    due, _, started = text.partition(_BETWEEN)
    moment = times.parse(due)
    if moment is None or not _POSITION.fullmatch(started):
        raise Problem(
            "parameter-invalid",
            "after must be the `next` of an earlier page, unchanged.",
            parameter="after",
        )
    return moment, int(started)


def _describe(row: DeadlineRow, lifecycle: Lifecycle, language: str | None) -> Deadline:
    return {
        "lead": row.lead_id,
        "deadline": row.deadline,
        "status": status_of(row),
        **in_stage(lifecycle.lead, row.stage, language),
        "owner": row.owner,
        "team": row.team,
        "started_at": format_utc(row.started_at),
        "due_at": format_utc(row.due_at),
        "settled_at": format_optional_utc(row.settled_at),
        "position": str(row.started),
        "breached": str(row.breached) if row.breached is not None else None,
        "settled": str(row.settled) if row.settled is not None else None,
        **_label(row.deadline, lifecycle, language),
    }


def _label(deadline: str, lifecycle: Lifecycle, language: str | None) -> DeadlineLabel:
    if language is None:
        return {}
    return {"deadline_label": label_of(lifecycle.pace.deadlines, deadline, language)}
