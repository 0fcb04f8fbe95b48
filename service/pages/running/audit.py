"""`/audit`: who changed what was recorded, what the ledger obeys, what came in, who saw whom."""

from datetime import datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import (
    ACCOUNT_KEPT_APART,
    ACCOUNT_MERGED,
    CALENDAR_CHANGED,
    CORRECTED,
    COST_RECORDED,
    DISMISSED,
    KEPT_APART,
    KEY_CHANGED,
    KEY_CREATED,
    KEY_REVOKED,
    MERGED,
    PERIOD_CLOSED,
    PUBLISHED,
    READS_SEALED,
    TARGET_SET,
    UNLINKED,
    UNMERGED,
    VOIDED,
)
from events import records
from events.limits import INTEGER_MAX
from service.feed.log import Log, LogEntry
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import AUDIT_ROWS
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.rendering import View, page, view_of
from service.pages.running.intake import INTAKE, intake_page
from service.pages.running.intake import PARAMETERS as INTAKE_PARAMETERS
from service.people.reads import Reads
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

CHANGES: Final = (
    *("stage.corrected", "origin.corrected", "origin.disputed"),
    *(VOIDED, CORRECTED, MERGED, UNMERGED, UNLINKED, KEPT_APART, DISMISSED),
    *(ACCOUNT_MERGED, ACCOUNT_KEPT_APART),
)
"""What changes how the past counts."""
RULES: Final = (
    *(PUBLISHED, CALENDAR_CHANGED, TARGET_SET, PERIOD_CLOSED, COST_RECORDED, "capacity.declared"),
    *(KEY_CREATED, KEY_CHANGED, KEY_REVOKED, READS_SEALED),
)
"""What the ledger obeys, and how it is used."""
SHOWN: Final = {"changes": CHANGES, "rules": RULES}
READS: Final = "reads"


class AuditRow(NamedTuple):
    """A change."""

    position: int
    label: str
    time: datetime
    subject: str | None
    key: str | None
    department: str | None
    reason: str | None
    about: list[int]
    """The events that it changes."""


@router.get("/audit", response_model=None)
async def get_audit_page(request: Request) -> Response:
    """Show changes. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    visitor = await admit(request, Scope.EVENTS_READ)
    view = view_of(request, asked_of(request, "show", "before", *INTAKE_PARAMETERS))
    show, before = view.asked.get("show", "changes"), _before(view)
    may_see_reads = Scope.KEYS_ADMIN in visitor.sender.scopes and sees_personal(visitor.sender)
    if show == READS and may_see_reads:
        reads = await part_of(request, Reads).page(before=before, limit=AUDIT_ROWS)
        following = reads[-1].number if len(reads) == AUDIT_ROWS else None
        return page("reads.html", view, reads=reads, next=following, may_see_reads=True, show=show)
    if show == INTAKE:
        return await intake_page(request, view, may_see_reads=may_see_reads)
    if show not in SHOWN:
        raise Problem("parameter-invalid", f"show is one of {', '.join((*SHOWN, INTAKE, READS))}.")
    log = part_of(request, Log)
    found, following = await log.backwards(before=before, types=SHOWN[show], limit=AUDIT_ROWS)
    return page(
        "audit.html",
        view,
        show=show,
        rows=[_row(view, entry) for entry in found],
        next=following,
        is_first="before" not in view.asked,
        may_see_reads=may_see_reads,
        head=await log.head(),
    )


def _before(view: View) -> int:
    text = view.asked.get("before", str(INTEGER_MAX))
    if not text.isdecimal() or not 0 < int(text) <= INTEGER_MAX:
        raise Problem("parameter-invalid", "before must be the `next` of an earlier page.")
    return int(text)


def _row(view: View, entry: LogEntry) -> AuditRow:
    event, envelope = records.decode(entry.record)
    data, lifecycle, language = event.data, view.lifecycle, view.codes.language
    subject = None
    if event.subject.kind is not SubjectKind.LEDGER:
        subject = view.url(f"/{event.subject.kind.value}s/{event.subject.id}")
    reason, department = data.get("reason"), envelope.department
    named = [data["event"]] if "event" in data else data.get("events", ())
    return AuditRow(
        event.position,
        view.codes.event(event.type),
        event.occurred_at,
        subject,
        envelope.key_id,
        label_of(lifecycle.departments, department, language) if department else None,
        label_of(lifecycle.reasons, reason, language) if reason else None,
        [int(position) for position in named],
    )
