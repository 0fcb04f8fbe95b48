"""`/conflicts`: what a person has to judge, each with the decisions that settle it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import (
    ACCOUNT_KEPT_APART,
    ACCOUNT_MERGED,
    DISMISSED,
    KEPT_APART,
    MERGED,
    VOIDED,
)
from events.background.timekeeper import Timekeeper
from events.batch.ids import new_id
from events.limits import INTEGER_MAX
from events.refusals import Refused
from events.signals.native import may_report
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import CONFLICTS_SHOWN, REPORT_FORM_BYTES_MAX
from service.pages.figures.members import states_of
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_form
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, redirect, view_of
from service.pages.work.reporting import (
    RECORDED,
    Refusing,
    recorded_in,
    refusing,
    report_event,
    visitor_in,
    with_recorded,
)
from service.reading.conflicts import waiting
from service.routes.parameters import lifecycle_of
from service.sessions.visiting import admit
from service.shapes.leads import Conflict

router = APIRouter(include_in_schema=False, route_class=PageRoute)

RETRY: Final = "retry"
SETTLED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "identifiers": (MERGED, KEPT_APART),
    "shared_identifier": (MERGED, KEPT_APART, DISMISSED),
    "same_name": (ACCOUNT_MERGED, ACCOUNT_KEPT_APART),
    "decisions": (VOIDED,),
}
"""The decisions that settle each kind of conflict."""


class Settling(NamedTuple):
    """A button that settles a conflict, with what its form sends."""

    label: str
    fields: Mapping[str, str]


class ConflictRow(NamedTuple):
    position: int
    kind: str
    time: str
    subject: str
    name: str
    others: list[tuple[str, str]]
    """Address and name of what it contradicts."""
    decisions: list[int]
    """Decisions whose basis was taken back."""
    error: str | None
    settling: list[Settling]


@router.get("/conflicts", response_model=None)
async def get_conflicts_page(request: Request) -> Response:
    """Show what has to be judged. Raises LogInNeeded, and Problem: scope-missing."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, "after", RECORDED))
    return await _conflicts_page(request, view, refused=None)


@router.post("/conflicts", response_model=None)
async def post_conflict_decision(request: Request) -> Response:
    """Settle a conflict by a decision. Raises LogInNeeded, and Problem."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX)
    if form.get("type") == RETRY:
        return await _retry(request, view, form.get("subject", ""))
    outcome = await report_event(request, _decision(request, form))
    if isinstance(outcome, Refused):
        return await _conflicts_page(request, view, refused=refusing(view, outcome))
    return redirect(with_recorded(view.url("/conflicts"), outcome.position))


async def _conflicts_page(request: Request, view: View, *, refused: Refusing | None) -> Response:
    log, after = part_of(request, Log), view.asked.get("after", "0")
    if not after.isdecimal() or int(after) > INTEGER_MAX:
        raise Problem("parameter-invalid", "after must be the `next` of an earlier page.")
    found = await waiting(log, after=int(after), limit=CONFLICTS_SHOWN)
    states = await states_of(log, [lead for one in found["conflicts"] for lead in _leads_in(one)])
    people = await people_of(request, states, page="/conflicts")
    return page(
        "conflicts.html",
        view,
        rows=[_row(request, view, one, people) for one in found["conflicts"]],
        next=found["next"],
        is_first=int(after) == 0,
        recorded=recorded_in(view),
        refused=refused,
        status=refused.status if refused is not None else 200,
    )


def _leads_in(conflict: Conflict) -> Iterator[str]:
    if "lead" in conflict:
        yield conflict["lead"]
        yield from conflict.get("with", ())


def _row(request: Request, view: View, conflict: Conflict, people: People) -> ConflictRow:
    kind = conflict["kind"]
    is_of_companies = "account" in conflict
    subject = conflict["account"] if is_of_companies else conflict["lead"]
    place = "accounts" if is_of_companies else "leads"
    others = list(conflict.get("with", ()))
    return ConflictRow(
        position=int(conflict["position"]),
        kind=kind,
        time=conflict["time"],
        subject=view.url(f"/{place}/{subject}"),
        name=people.name(subject),
        others=[(view.url(f"/{place}/{other}"), people.name(other)) for other in others],
        decisions=[int(position) for position in conflict.get("decisions", ())],
        error=conflict.get("error"),
        settling=list(_settling(request, view, kind, subject, conflict)),
    )


def _settling(
    request: Request, view: View, kind: str, subject: str, conflict: Conflict
) -> Iterator[Settling]:
    """Yield the buttons that this person may press."""
    lifecycle, sender = lifecycle_of(request), visitor_in(request).sender
    if kind == "lead-set-aside":
        if Scope.REFUSALS_WRITE in sender.scopes:
            yield Settling(view.words("conflicts.retry"), {"type": RETRY, "subject": subject})
        return
    for type in SETTLED_BY[kind]:
        event_type = lifecycle.events.get(type)
        if event_type is None or not may_report(sender, event_type):
            continue
        for about in conflict.get("decisions") or conflict.get("with", ()):
            fields = {"type": type, "subject": subject, "about": about}
            yield Settling(view.codes.event(type), {**fields, "event_id": f"page-{new_id()}"})


def _decision(request: Request, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the event that settles a conflict. Raises Problem: request-invalid."""
    lifecycle: Lifecycle = lifecycle_of(request)
    type, about = form.get("type", ""), form.get("about", "")
    if type not in {one for types in SETTLED_BY.values() for one in types}:
        raise Problem("request-invalid", "This form settles no conflict.")
    subject = {lifecycle.events[type].subject.value: {"id": form.get("subject", "")}}
    actor = visitor_in(request).person
    event = {"id": form.get("event_id", ""), "type": type, "actor": actor}
    if type == VOIDED:
        return {**event, "data": {"event": about}}
    return {**event, **subject, "data": {"other": about}}


async def _retry(request: Request, view: View, lead: str) -> Response:
    """Bring a lead up to date that a fault of the service has set aside."""
    visitor_in(request).check(Scope.REFUSALS_WRITE)
    try:
        lead_id = str(UUID(lead))
    except ValueError:
        raise Problem("lead-unknown", "No lead has this id.") from None
    is_restored = await part_of(request, Timekeeper).retry(lead_id)
    if not is_restored:
        raise Problem("internal-error", "The fault persists, and the lead stays set aside.")
    return redirect(view.url("/conflicts"))
