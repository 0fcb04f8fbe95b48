"""`/refusals`: reports that were refused, each to be retried or dismissed."""

from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from events.refusals import Refused
from service.bodies.body_memory import MemoryBudgets
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import MOVE_NOT_ALLOWED, in_words
from service.ingest.reporting import Reporting
from service.ingest.retry import retry
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.limits import REFUSALS_ON_PAGE, REPORT_FORM_BYTES_MAX
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_form
from service.pages.frame.rendering import View, page, redirect, view_of
from service.pages.work.reporting import (
    RECORDED,
    Refusing,
    recorded_in,
    refusing,
    title_of,
    visitor_in,
    with_recorded,
)
from service.refusals.cursors import NEWEST, parse_cursor
from service.refusals.describing import describe_refusal, stored_refusal
from service.refusals.store import RefusalFilter, RefusalStore
from service.routes.parameters import lifecycle_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

STATUSES = ("open", "retried", "dismissed")


class RefusalOnPage(NamedTuple):
    """A refused report."""

    id: str
    received: str
    reason: str
    title: str
    detail: str
    pointer: str | None
    source: str | None
    type: str | None
    event_id: str | None
    times: int
    position: str | None


@router.get("/refusals", response_model=None)
async def get_refusals_page(request: Request) -> Response:
    """Show refused reports. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.EVENTS_READ)
    view = view_of(request, asked_of(request, "status", "reason", "before", RECORDED))
    return await _refusals_page(request, view, refused=None)


@router.post("/refusals/{refusal_id}/retry", response_model=None)
async def post_refusal_again(request: Request, refusal_id: str) -> Response:
    """Retry a refusal. Raises LogInNeeded, and Problem: scope-missing, not-found."""
    visitor = await admit(request, Scope.REFUSALS_WRITE)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX)
    reporting, store = part_of(request, Reporting), part_of(request, RefusalStore)
    row = await store.one(_id(refusal_id))
    keys = part_of(request, KeyStore)
    (outcome,) = await retry(reporting, keys, store, [row], by=visitor.sender)
    if isinstance(outcome, Refused):
        return await _refusals_page(request, view, refused=refusing(view, outcome))
    return redirect(with_recorded(view.url("/refusals"), outcome.position))


@router.post("/refusals/{refusal_id}/dismiss", response_model=None)
async def post_refusal_dismissal(request: Request, refusal_id: str) -> Response:
    """Dismiss a refusal. Raises LogInNeeded, and Problem: scope-missing, not-found."""
    visitor = await admit(request, Scope.REFUSALS_WRITE)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX)
    reason = form.get("reason", "").strip()
    if not reason:
        raise Problem("request-invalid", "Say why no more will be done about it.")
    store, by = part_of(request, RefusalStore), visitor.sender.key_id
    await store.dismiss(_id(refusal_id), reason=reason, by=by)
    return redirect(view.url("/refusals"))


async def _refusals_page(request: Request, view: View, *, refused: Refusing | None) -> Response:
    status, before = view.asked.get("status", "open"), view.asked.get("before")
    if status not in STATUSES:
        raise Problem("parameter-invalid", f"status is one of {', '.join(STATUSES)}.")
    cursor = NEWEST if before is None else parse_cursor(before)
    if cursor is None:
        raise Problem("parameter-invalid", "before must be the `next` of an earlier page.")
    store = part_of(request, RefusalStore)
    wanted = RefusalFilter(status=status, reason=view.asked.get("reason"))
    found = await store.page(wanted, before=cursor, limit=REFUSALS_ON_PAGE)
    return page(
        "refusals.html",
        view,
        rows=[_row(request, view, row) for row in found.rows],
        shown=status,
        statuses=STATUSES,
        waiting=await store.waiting(),
        next=found.next.text if found.next is not None else None,
        is_first=before is None,
        may_settle=Scope.REFUSALS_WRITE in visitor_in(request).sender.scopes,
        recorded=recorded_in(view),
        refused=refused,
        status=refused.status if refused is not None else 200,
    )


def _row(request: Request, view: View, row: RowMapping) -> RefusalOnPage:
    sender = visitor_in(request).sender
    shown = describe_refusal(row, lifecycle_of(request), shows_personal=sees_personal(sender))
    problem, type = shown["problem"], shown["type"]
    worded = in_words(stored_refusal(row), row["type"], view.codes)
    # Only a move that is not allowed has words in every language, and these quote no sender.
    is_worded = worded.reason == MOVE_NOT_ALLOWED and row["type"] in view.lifecycle.events
    return RefusalOnPage(
        id=shown["refusal"],
        received=shown["received_time"],
        reason=shown["reason"],
        title=title_of(view, shown["reason"]),
        detail=worded.detail if is_worded else problem["detail"],
        pointer=problem.get("pointer"),
        source=shown["source"],
        type=view.codes.event(type) if type is not None else None,
        event_id=shown["id"],
        times=shown["times"],
        position=shown.get("position"),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem("not-found", "No refusal has this id.") from None
