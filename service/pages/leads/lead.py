"""`/leads/{id}`: where one lead has been, what happened to it and why, and what is due."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead.state import LeadState
from domain.lifecycle.definition import UNPLACED, Lifecycle, Track
from events.lifecycles.known import Lifecycles
from events.limits import INTEGER_MAX
from events.records import OWN_SOURCE
from events.refusals import Refused
from projections.funnel.figures import KnownStay
from projections.funnel.projection import NAME
from projections.funnel.queries import FunnelQueries
from service.bodies.body_memory import MemoryBudgets
from service.clock import Clock
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS, REPORT_FORM_BYTES_MAX, STAYS_DRAWN_MAX
from service.pages.figures.members import EXITS_BY_NAME
from service.pages.figures.numbers import stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.charts import LaneStay, lane
from service.pages.frame.forms import path_here, read_form
from service.pages.frame.people import people_of
from service.pages.frame.rendering import View, page, redirect, view_of
from service.pages.leads.past import lead_then, score_on_page
from service.pages.work.actions import COMPLETED, CONTACT, OUTCOME, SPOKEN, actions_for
from service.pages.work.reporting import (
    RECORDED,
    Refusing,
    recorded_in,
    refusing,
    report_form,
    visitor_in,
    with_recorded,
)
from service.projected import ProjectedTables
from service.reading.histories import latest_history
from service.reading.leads import lead_of
from service.sessions.visiting import admit
from service.shapes.leads import HistoryEvent

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_DATA_SHOWN_MAX: Final = 3
_VALUE_CHARACTERS_MAX: Final = 60


class StayRow(NamedTuple):
    """One stay in the table next to the lane."""

    label: str
    pass_number: int
    since: datetime
    until: datetime | None
    lasted: str
    left_by: str | None
    position: int


class Happening(NamedTuple):
    """A report, with everything that the service derived from it at once."""

    position: int
    time: datetime
    label: str
    derived: Sequence[str]
    moves: Sequence[tuple[str, str]]
    details: str
    reason: str | None
    source: str | None
    """None: the service itself."""
    department: str | None
    cause: int | None
    """The event that led to it, if that is not part of this."""
    late: str | None
    recorded: datetime
    counts: bool
    corrected_by: Sequence[int]


@router.get("/leads/{lead_id}", response_model=None)
async def get_lead_page(request: Request, lead_id: str) -> Response:
    """Show a lead. Raises LogInNeeded, and Problem: scope-missing, lead-unknown."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, "before", "open", "as_of", RECORDED))
    return await _lead_page(request, view, lead_id, given={"type": view.asked.get("open", "")})


@router.post("/leads/{lead_id}/report", response_model=None)
async def post_lead_report(request: Request, lead_id: str) -> Response:
    """Report what a person did. Raises LogInNeeded, and Problem."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX)
    lead = await lead_of(part_of(request, Log), _id(lead_id))
    outcome = await report_form(request, form, {"lead": {"id": lead.id}})
    if isinstance(outcome, Refused):
        why = refusing(view, outcome)
        return await _lead_page(request, view, lead_id, given=form, refused=why)
    here = view.url(f"/leads/{lead.id}")
    wanted = path_here(form["next"]) if "next" in form else here
    if form.get("type") == CONTACT and form.get(OUTCOME) == SPOKEN:
        wanted = view.url(f"/leads/{lead.id}", open=COMPLETED)
    return redirect(with_recorded(wanted, outcome.position))


async def _lead_page(
    request: Request,
    view: View,
    lead_id: str,
    *,
    given: Mapping[str, str],
    refused: Refusing | None = None,
) -> Response:
    log, now = part_of(request, Log), part_of(request, Clock).now()
    lead = await lead_of(log, _id(lead_id))
    before = _before(view.asked.get("before"))
    found = await latest_history(log, lead, before=before, limit=PAGE_ROWS, words=view.codes)
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        queries = part_of(request, FunnelQueries)
        stays = await queries.stays_of(driver, lead.id, limit=STAYS_DRAWN_MAX)
    state, track = lead.state, view.lifecycle.lead
    compiled = part_of(request, Lifecycles).version(state.lifecycle)
    people = await people_of(request, {lead.id: state}, page="/leads/{lead_id}")
    return page(
        "lead.html",
        view,
        lead=lead,
        state=state,
        name=people.name(lead.id),
        card=people.card(lead.id),
        memo=people.of(lead.id).memo,
        no_calls="phone" in state.blocks,
        stage=stage_in(view, track, state.stage or UNPLACED),
        phase=_phase_number(view.lifecycle, state.stage),
        lasted=view.words.lasting(state.entered_at, now) if state.entered_at is not None else None,
        facts=list(_facts(view, state)),
        deadlines=_deadlines(view, state, now),
        drawing=_lane(view, stays, now) if stays else None,
        stays=[stay_row(view, track, stay, now) for stay in reversed(stays)],
        happenings=_happenings(view, found.events),
        is_first=before is None,
        earlier=found.earlier,
        actions=actions_for(view, compiled, state, visitor_in(request).sender, given=given),
        next=given.get("next"),
        refused=refused,
        recorded=recorded_in(view),
        score=await score_on_page(request, view, lead, now),
        then=await lead_then(request, view, lead, now),
        status=refused.status if refused is not None else 200,
    )


def _id(text: str) -> str:
    """Read the id in a path. Raises Problem: lead-unknown."""
    try:
        return str(UUID(text))
    except ValueError:
        raise Problem("lead-unknown", "No lead has this id.") from None


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 0 < int(text) <= INTEGER_MAX:
        raise Problem("parameter-invalid", "before must be the number of a record.")
    return int(text)


def _phase_number(lifecycle: Lifecycle, stage: str | None) -> int:
    """Return the number of a stage's phase, which has a colour; 0 for none."""
    declared = lifecycle.lead.stages.get(stage or "")
    phases = list(lifecycle.phases)
    return phases.index(declared.phase) + 1 if declared is not None and declared.phase else 0


def _facts(view: View, state: LeadState) -> Iterator[tuple[str, str]]:
    """Yield what is known about a lead, without anything personal: name and value."""
    lifecycle, language = view.lifecycle, view.codes.language
    worded: Sequence[tuple[str, Mapping[str, Any], str | None]] = (
        ("origin", lifecycle.origins, state.origin),
        ("market", lifecycle.markets, state.market),
        ("priority", lifecycle.priorities, state.priority),
        ("screened_as", lifecycle.classes, state.screened_as),
    )
    for name, words, code in worded:
        if code is not None:
            yield name, label_of(words, code, language)
    plain = (
        ("channel", state.channel),
        ("grade", state.grade),
        ("owner", state.owner),
        ("revisit_on", state.revisit_on),
    )
    for name, value in plain:
        if value is not None:
            yield name, value
    if state.acquired_at is not None:
        yield "acquired_at", view.words.moment(state.acquired_at)
    for channel in state.blocks:
        yield "blocked", channel


class DueRow(NamedTuple):
    """A deadline that is not met yet."""

    label: str
    due_at: datetime
    is_overdue: bool


def _deadlines(view: View, state: LeadState, now: datetime) -> list[DueRow]:
    named = view.lifecycle.pace.deadlines
    rows = [
        DueRow(label_of(named, name, view.codes.language), due.due_at, due.due_at < now)
        for name, due in state.deadlines.items()
    ]
    return sorted(rows, key=lambda row: row.due_at)


def stay_row(view: View, track: Track, stay: KnownStay, now: datetime) -> StayRow:
    """Describe a stay of a lead or a company."""
    left_by = EXITS_BY_NAME.get(stay.exit_kind or "")
    return StayRow(
        stage_in(view, track, stay.stage),
        stay.pass_number,
        stay.entered_at,
        stay.left_at,
        view.words.lasting(stay.entered_at, stay.left_at or now),
        left_by[view.words.language] if left_by is not None else None,
        stay.entry_position,
    )


def _lane(view: View, stays: Sequence[KnownStay], now: datetime) -> object:
    """Draw the stays: the path from the bottom, then other stages that the lead was in."""
    track, zone = view.lifecycle.lead, view.words.zone
    visited = dict.fromkeys(stay.stage for stay in stays)
    off_path = [stage for stage in visited if stage not in track.path]
    rows = [*track.path, *off_path]
    drawn, pass_number = [], stays[0].pass_number
    for stay in stays:
        begins = stay.pass_number != pass_number
        pass_number = stay.pass_number
        until = stay.left_at or now
        label = stage_in(view, track, stay.stage)
        ended = view.words.moment(stay.left_at) if stay.left_at is not None else ""
        drawn.append(
            LaneStay(
                row=rows.index(stay.stage),
                since=stay.entered_at.astimezone(zone),
                until=max(until, stay.entered_at).astimezone(zone),
                title=f"{label}: {view.words.moment(stay.entered_at)} → {ended}",
                link=view.url(f"/records/{stay.entry_position}"),
                phase=_phase_number(view.lifecycle, stay.stage),
                begins_pass=view.words("lead.pass_begins", number=pass_number) if begins else None,
            )
        )
    return lane([_short(view, row) for row in rows], drawn, label=view.words("lead.lane"))


def _short(view: View, stage: str) -> str:
    return view.codes.stage(None) if stage == UNPLACED else stage


def _happenings(view: View, events: Sequence[HistoryEvent]) -> list[Happening]:
    """Fold what was derived at once into its cause; return the newest first."""
    followers: dict[str, list[HistoryEvent]] = {}
    heads: dict[str, HistoryEvent] = {}
    head_of: dict[str, str] = {}
    for event in events:
        cause = event.get("why", {}).get("cause")
        head = head_of.get(cause["position"]) if cause else None
        if head is not None and _is_at_once(heads[head], event):
            head_of[event["position"]] = head
            followers[head].append(event)
        else:
            head_of[event["position"]] = event["position"]
            heads[event["position"]] = event
            followers[event["position"]] = []
    folded = [_happening(view, heads[head], followers[head]) for head in heads]
    return folded[::-1]


def _is_at_once(cause: HistoryEvent, event: HistoryEvent) -> bool:
    """Whether an event happened and was recorded together with its cause, unlike a deadline."""
    return (cause["time"], cause["recorded_time"]) == (event["time"], event["recorded_time"])


def _happening(view: View, event: HistoryEvent, followers: Sequence[HistoryEvent]) -> Happening:
    why = event.get("why", {})
    cause, lifecycle, language = why.get("cause"), view.lifecycle, view.codes.language
    reason, department = why.get("reason"), event["who"].get("department")
    moves = [
        (_named(view, moved["from"]), _named(view, moved["to"]))
        for one in (event, *followers)
        if (moved := one.get("moved_labels")) is not None
    ]
    is_late = why.get("late", False)
    return Happening(
        position=int(event["position"]),
        time=datetime.fromisoformat(event["time"]),
        label=event.get("type_label") or event["type"],
        derived=[one.get("type_label") or one["type"] for one in followers],
        moves=moves,
        details=_details(event, view),
        reason=label_of(lifecycle.reasons, reason, language) if reason is not None else None,
        source=event["source"] if event["source"] != OWN_SOURCE else None,
        department=label_of(lifecycle.departments, department, language) if department else None,
        cause=int(cause["position"]) if cause else None,
        late=why.get("late_label", "") if is_late else None,
        recorded=datetime.fromisoformat(event["recorded_time"]),
        counts=event.get("counts", True),
        corrected_by=[int(position) for position in event.get("corrected_by", ())],
    )


def _named(view: View, label: str | None) -> str:
    return label if label is not None else view.codes.stage(None)


def _details(event: HistoryEvent, view: View) -> str:
    """Return the first few plain values of what was reported; the record has all of them."""
    lifecycle, language = view.lifecycle, view.codes.language
    worded: Mapping[str, Mapping[str, Any]] = {
        "outcome": lifecycle.outcomes,
        "class": lifecycle.classes,
    }
    plain = (
        label_of(worded[name], str(value), language) if name in worded else f"{name} {value}"
        for name, value in event.get("data", {}).items()
        if isinstance(value, str | int)
        and not isinstance(value, bool)
        and name != "reason"
        and len(str(value)) <= _VALUE_CHARACTERS_MAX
    )
    return " · ".join(islice(plain, _DATA_SHOWN_MAX))
