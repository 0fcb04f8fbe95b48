"""The list behind a number: leads or companies, each with why it counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from fastapi import Request
from starlette.responses import Response

from domain.lead import state_json
from domain.lead.state import LeadState
from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from domain.lifecycle.names import resolve, suggestion
from projections.figures.catalogue import FIGURES
from projections.figures.definition import Figure
from projections.figures.question import (
    Cell,
    FigureAnswer,
    Member,
    Question,
    RowKey,
    Then,
)
from projections.figures.rows import cohort_track, track_of, tracks_of
from projections.figures.stages import EXITS, FLOW, STOCK
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.limits import PAGE_ROWS
from service.pages.figures.numbers import (
    UNREPORTED,
    VALUES,
    part_named,
    row_label,
    stage_in,
    value_label,
)
from service.pages.frame.looking import BREAKDOWN, Looking, last_day, looking_at
from service.pages.frame.looking import PARAMETERS as MOMENTS
from service.pages.frame.people import People, name_of, people_of
from service.pages.frame.rendering import View, page
from service.reading.figures.asking import check_measure, check_row
from service.reading.figures.defining import label_in
from service.reading.figures.describing import place_text, read_place
from service.reading.figures.periods import DAY

PARAMETERS = ("figure", "row", "track", "measure", *VALUES, UNREPORTED, "after")
"""Which number is meant, in addition to what was asked of its figure."""
FILTERS: Final = (
    (BREAKDOWN, *VALUES, UNREPORTED),
    ("period", "from", "to"),
    ("as_of",),
    ("known_at",),
)
"""What may be left out of a list's address, so that it shows more."""
ON_THE_FUNNEL: Final = frozenset({STOCK.name, FLOW.name})
"""Figures whose numbers are on `/funnel`; any other has a page of its own."""

EXITS_BY_NAME: Final = {str(kind): words for kind, words in EXITS.items()}


class ListRow(NamedTuple):
    """A lead or company of a list."""

    id: str
    name: str
    company: str | None
    """What the person's company is called, if that may be shown."""
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


async def members_page(request: Request, view: View) -> Response:
    """Show the list behind a number. Raises Problem: parameter-invalid."""
    asked = view.asked
    figure, place = figure_of(view), read_place(asked.get("after"))
    async with looking_at(request, asked, figure.reads) as looking:
        question = looking.question(figure)
        cell = cell_named(view, figure, looking.lifecycle)
        check_measure(figure, cell, question)
        driver, lifecycle = looking.driver, looking.lifecycle
        answer = await looking.queries.answer(driver, figure, lifecycle, question)
        found = await looking.queries.members(
            driver, figure, lifecycle, question, cell, after=place, limit=PAGE_ROWS
        )
    total = _count(answer, cell)
    if not total:
        check_row(figure, cell, looking.lifecycle, question)
    is_of_companies = cell.row.track is SubjectKind.ACCOUNT
    ids = [] if is_of_companies else [member.place.subject_id for member in found.members]
    states = await states_of(part_of(request, Log), ids)
    people = await people_of(request, states, page="/leads")
    track = track_of(looking.lifecycle, cell.row.track)
    stage = track.stages.get(cell.row.name)
    measure = figure.measure(cell.measure)
    assert measure is not None, "checked before"
    language = view.words.language
    return page(
        "members.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        label=row_label(view, looking, figure, cell.row),
        cohort=_cohort(view, looking, question),
        value=_value(view, looking, question, cell),
        stage_definition=_definition(figure, cell, stage, view),
        measure=label_in(measure.words, language),
        measure_definition=measure.words.definition[language],
        formula=figure.formula[language],
        figure_name=figure.words.label[language],
        is_of_a_period=question.since is not None or question.until is not None,
        is_of_companies=is_of_companies,
        shows_people=people.are_shown,
        rows=[
            _row(view, looking, member, figure, states=states, people=people, until=question.as_of)
            for member in found.members
        ],
        total=total,
        is_first=place is None,
        next=place_text(found.next) if found.next is not None and total > PAGE_ROWS else None,
        pinned=view.again(**{**looking.pinned(question), "after": None}),
        came_from=_came_from(view, looking, figure),
        wider=view.without_last(*FILTERS),
        hidden=[name for name in view.asked if name not in ("as_of", "known_at", "lang", "after")],
        compare_url=view.again_at("/compare", [name for name in view.asked if name != "after"]),
        compared=[name for name in view.asked if name not in ("lang", "after")],
    )


def _came_from(view: View, looking: Looking, figure: Figure) -> tuple[str, str]:
    """Return the name and the address of the page that has the number, with its filters."""
    if figure.name in ON_THE_FUNNEL:
        return view.words("funnel.title"), view.again_at("/funnel", (*MOMENTS, BREAKDOWN))
    address = view.again_at(f"/figures/{figure.name}", looking.given(figure))
    return label_in(figure.words, view.words.language), address


def _definition(figure: Figure, cell: Cell, stage: object, view: View) -> str:
    words = figure.row_words.get(cell.row.name) or getattr(stage, "words", None)
    return words.definition.get(view.words.language, "") if words is not None else ""


def _cohort(view: View, looking: Looking, question: Question) -> str | None:
    """Say from which stage to which a cohort is followed, and for how long."""
    if not question.base:
        return None
    track = cohort_track(looking.lifecycle, question)
    stages = [stage_in(view, track, code) for code in (question.base, question.target) if code]
    days = question.within // DAY
    within = view.words("figures.within", days=days) if days else ""
    return " ".join(filter(None, (" → ".join(stages), within)))


def _value(view: View, looking: Looking, question: Question, cell: Cell) -> str | None:
    if cell.value is None:
        return None
    return value_label(view, looking, question.by, cell.value)


def _count(answer: FigureAnswer, cell: Cell) -> int:
    """Return the number that a list explains."""
    if cell.value is None:
        rows = answer.total
    else:
        rows = next((part.rows for part in answer.parts if part.value == cell.value), ())
    return next((row.counts[cell.measure] for row in rows if row.key == cell.row), 0)


def figure_of(view: View) -> Figure:
    """Return the figure that a URL names. Raises Problem: parameter-invalid."""
    named = view.asked.get("figure", STOCK.name)
    if named not in FIGURES:
        raise invalid(f"No figure is called {named}; {suggestion(named, FIGURES)}.")
    return FIGURES[named]


def cell_named(view: View, figure: Figure, lifecycle: Lifecycle) -> Cell:
    """Read which number is meant. Raises Problem: parameter-invalid."""
    tracks = {str(track.subject): track for track in tracks_of(lifecycle)}
    named = view.asked.get("track", str(SubjectKind.LEAD))
    if named not in tracks:
        raise invalid(f"No track is called {named}; {suggestion(named, tracks)}.")
    track, word = tracks[named], view.asked.get("row", "")
    code = resolve({code: stage.words for code, stage in track.stages.items()}, word)
    measure = view.asked.get("measure", figure.main)
    return Cell(RowKey(track.subject, code or word), measure, part_named(view.asked))


async def states_of(log: Log, lead_ids: Sequence[str]) -> Mapping[str, LeadState]:
    """Read what the leads of a page are now."""
    if not lead_ids:
        return {}
    rows = await log.leads(set(lead_ids))
    return {str(row.id): state_json.decode_lead(str(row.state)) for row in rows}


def _row(
    view: View,
    looking: Looking,
    member: Member,
    figure: Figure,
    *,
    states: Mapping[str, LeadState],
    people: People,
    until: datetime,
) -> ListRow:
    track, then = track_of(looking.lifecycle, SubjectKind(member.kind)), member.then
    subject_id, origins = member.place.subject_id, looking.lifecycle.origins
    state = states.get(subject_id)
    origin = state.origin if state is not None else None
    followed = _followed(view, track, figure, then) if then is not None else None
    return ListRow(
        id=subject_id,
        name=people.name(subject_id) if state is not None else name_of(subject_id),
        company=people.card(subject_id).company,
        link=view.url(f"/{'leads' if state is not None else 'accounts'}/{subject_id}"),
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


def _followed(view: View, track: Track, figure: Figure, then: Then) -> str:
    """Say what followed: a stage, how a stay ended, or what the figure calls it."""
    if then.stage is not None:
        return stage_in(view, track, then.stage)
    kind, language = then.kind or "", view.words.language
    measure = figure.measure(kind)
    if measure is not None:
        return label_in(measure.words, language)
    return EXITS_BY_NAME[kind][language] if kind in EXITS_BY_NAME else kind


def invalid(detail: str) -> Problem:
    return Problem("parameter-invalid", detail)
