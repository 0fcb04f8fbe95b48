"""`/leads`: the leads or companies behind a number of the funnel, each with why it counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead import state_json
from domain.lead.state import LeadState
from domain.lifecycle.definition import UNPLACED, Lifecycle, MoveKind, SubjectKind
from domain.lifecycle.names import resolve, suggestion
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries
from projections.figures.question import Cell, Member, RowKey
from projections.figures.rows import track_of, tracks_of
from projections.figures.stages import EXITS, FLOW, STOCK
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.answering import PageRoute, asked_of
from service.pages.funnel import LinkedNumber, list_url, measure_in, stage_in
from service.pages.looking import PARAMETERS, Looking, last_day, looking_at
from service.pages.rendering import View, page, view_of
from service.reading.figures.asking import check_measure, check_row
from service.reading.figures.describing import place_text, read_place
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in (STOCK, FLOW)}


class ListRow(NamedTuple):
    """A lead or company of a list."""

    name: str
    link: str | None
    since: datetime
    lasted: str
    followed: str | None
    """What it left for, if the number is about that."""
    left_at: datetime | None
    position: int
    """The event by which it counts."""
    pass_number: int
    origin: str | None
    owner: str | None
    stage_now: str | None


class Choice(NamedTuple):
    """A stage whose list can be opened."""

    label: str
    is_of_companies: bool
    number: LinkedNumber


@router.get("/leads", response_model=None)
async def get_leads_page(request: Request) -> Response:
    """Show a list. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.LEADS_READ)
    asked = asked_of(request, "figure", "stage", "track", "measure", "after", *PARAMETERS)
    view = view_of(request, asked)
    if "stage" not in asked:
        return await _choose(request, view)
    figure, place = _figure(view), read_place(asked.get("after"))
    queries = part_of(request, FigureQueries)
    async with looking_at(request, asked) as looking:
        question = looking.question(figure)
        cell = _cell(view, figure, looking.lifecycle)
        check_measure(figure, cell, question)
        answer = await queries.answer(looking.driver, figure, looking.lifecycle, question)
        found = await queries.members(
            looking.driver,
            figure,
            looking.lifecycle,
            question,
            cell,
            after=place,
            limit=PAGE_ROWS,
        )
    total = next((row.counts[cell.measure] for row in answer.total if row.key == cell.row), 0)
    if not total:
        check_row(figure, cell, looking.lifecycle, question)
    states = await _states(part_of(request, Log), found.members, cell)
    track = track_of(looking.lifecycle, cell.row.track)
    stage = track.stages.get(cell.row.name)
    words = figure.measure(cell.measure)
    assert words is not None, "checked before"
    return page(
        "leads.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        cell=cell,
        label=stage_in(view, track, cell.row.name),
        stage_definition=stage.words.definition.get(view.codes.language, "") if stage else "",
        measure=measure_in(figure, cell.measure, view),
        measure_definition=words.words.definition[view.words.language],
        formula=figure.formula[view.words.language],
        figure_name=figure.words.label[view.words.language],
        is_of_a_period=figure is FLOW,
        is_of_exits=any(member.then is not None for member in found.members),
        is_of_companies=cell.row.track is SubjectKind.ACCOUNT,
        rows=[
            _row(view, looking, member, states=states, until=question.as_of)
            for member in found.members
        ],
        total=total,
        is_first=place is None,
        next=place_text(found.next) if found.next is not None and total > PAGE_ROWS else None,
        pinned=view.again(**{**looking.pinned(question), "after": None}),
    )


async def _choose(request: Request, view: View) -> Response:
    """Show the stages, of which one has to be chosen."""
    async with looking_at(request, view.asked) as looking:
        question = looking.question(STOCK)
        answer = await part_of(request, FigureQueries).answer(
            looking.driver, STOCK, looking.lifecycle, question
        )
    choices = [
        Choice(
            stage_in(view, track_of(looking.lifecycle, row.key.track), row.key.name),
            row.key.track is SubjectKind.ACCOUNT,
            LinkedNumber(
                row.counts["standing"], list_url(view, looking, STOCK, row.key, "standing")
            ),
        )
        for row in answer.total
        if row.key.name != UNPLACED or row.counts["standing"]
    ]
    return page(
        "stages.html",
        view,
        looking=looking,
        question=question,
        choices=choices,
        pinned=view.again(**looking.pinned(question)),
    )


def _figure(view: View) -> Figure:
    named = view.asked.get("figure", STOCK.name)
    if named not in FIGURES:
        raise _invalid(f"No figure is called {named}; {suggestion(named, FIGURES)}.")
    return FIGURES[named]


def _cell(view: View, figure: Figure, lifecycle: Lifecycle) -> Cell:
    """Read which number is meant. Raises Problem: parameter-invalid."""
    tracks = {str(track.subject): track for track in tracks_of(lifecycle)}
    named = view.asked.get("track", str(SubjectKind.LEAD))
    if named not in tracks:
        raise _invalid(f"No track is called {named}; {suggestion(named, tracks)}.")
    track, word = tracks[named], view.asked["stage"]
    code = resolve({code: stage.words for code, stage in track.stages.items()}, word)
    return Cell(RowKey(track.subject, code or word), view.asked.get("measure", figure.main))


async def _states(log: Log, members: Sequence[Member], cell: Cell) -> Mapping[str, LeadState]:
    """Read what the leads of a page are now."""
    if cell.row.track is not SubjectKind.LEAD:
        return {}
    rows = await log.leads({member.place.subject_id for member in members})
    return {str(row.id): state_json.decode_lead(str(row.state)) for row in rows}


def _row(
    view: View,
    looking: Looking,
    member: Member,
    *,
    states: Mapping[str, LeadState],
    until: datetime,
) -> ListRow:
    track, then = track_of(looking.lifecycle, SubjectKind(member.kind)), member.then
    lead_id, origins = member.place.subject_id, looking.lifecycle.origins
    state = states.get(lead_id)
    origin = state.origin if state is not None else None
    followed = None
    if then is not None:
        to_stage = stage_in(view, track, then.stage) if then.stage is not None else None
        followed = to_stage or EXITS[MoveKind(then.kind or "")][view.words.language]
    return ListRow(
        name=name_of(lead_id),
        link=view.url(f"/leads/{lead_id}") if state is not None else None,
        since=member.at,
        lasted=view.words.lasting(member.at, then.at if then is not None else until),
        followed=followed,
        left_at=then.at if then is not None else None,
        position=then.position if then is not None else member.place.position,
        pass_number=member.pass_number,
        origin=label_of(origins, origin, view.codes.language) if origin is not None else None,
        owner=state.owner if state is not None else None,
        stage_now=stage_in(view, track, state.stage or UNPLACED) if state is not None else None,
    )


def name_of(subject_id: str) -> str:
    """Return what a lead or company is called where no name may be shown.

    The end of an id is random; its beginning is the time, and alike for neighbours.
    """
    return f"…{subject_id[-8:]}"


def _invalid(detail: str) -> Problem:
    return Problem("parameter-invalid", detail)
