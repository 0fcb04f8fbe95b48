"""`/selections`: narrow the candidates to what can be screened, first dry and then for real."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from domain.lead.state import LeadState
from domain.lifecycle.definition import Lifecycle
from events.batch.ids import new_id
from events.limits import INTEGER_MAX
from events.selections.running import Selector
from events.signals.validation import complaint_of
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import PAGE_DEFAULT, REPORT_FORM_BYTES_MAX
from service.pages.figures.members import states_of
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_form
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, redirect, view_of
from service.pages.work.reporting import Refusing, visitor_in
from service.reading.selections import SelectionQueries, describe_trial
from service.routes.parameters import lifecycle_of
from service.routes.selections import PROBLEMS, RUN_ID, NewSelection, selection_asked
from service.sessions.visiting import admit
from service.shapes.selections import Selection, SelectionWithLeads

router = APIRouter(include_in_schema=False, route_class=PageRoute)

RUNS_SHOWN: Final = 20


class RankedRow(NamedTuple):
    """A candidate."""

    rank: int
    id: str
    name: str
    company: str | None
    score: str
    is_selected: bool


@router.get("/selections", response_model=None)
async def get_selections_page(request: Request) -> Response:
    """Show the runs. Raises LogInNeeded, and Problem: scope-missing, not-found."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, "run"))
    run = view.asked.get("run")
    found = None
    if run is not None:
        if not re.fullmatch(RUN_ID, run):
            raise Problem("not-found", "No selection has this id.")
        found = await part_of(request, SelectionQueries).one(run, after=0, limit=PAGE_DEFAULT)
    return await _selections_page(request, view, {}, found=found)


@router.post("/selections", response_model=None)
async def post_selection_form(request: Request) -> Response:
    """Run a selection, or try it out. Raises LogInNeeded, and Problem: scope-missing."""
    await admit(request, Scope.SELECTIONS_WRITE)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = dict(await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX))
    is_dry = form.pop("dry", None) is not None
    try:
        found = await _run(request, form, is_dry=is_dry)
    except Problem as problem:
        refused = Refusing(view.words("refused.other"), problem.detail, problem.status)
        return await _selections_page(request, view, form, refused=refused)
    if is_dry:
        return await _selections_page(request, view, form, found=found)
    return redirect(view.url("/selections", run=found["id"]))


async def _run(request: Request, form: dict[str, str], *, is_dry: bool) -> SelectionWithLeads:
    """Run a selection. Raises Problem."""
    capacity = form.get("capacity")
    given = {**form, "capacity": int(capacity) if capacity and capacity.isdecimal() else capacity}
    try:
        wanted = NewSelection.model_validate(given)
    except ValidationError as error:
        first = complaint_of(error)
        raise Problem("request-invalid", f"{first.pointer}: {first.detail}") from None
    asked, selector = selection_asked(wanted, lifecycle_of(request)), part_of(request, Selector)
    try:
        if is_dry:
            return describe_trial(asked, await selector.try_out(asked), limit=PAGE_DEFAULT)
        await selector.select(asked, key_id=visitor_in(request).sender.key_id)
    except tuple(PROBLEMS) as error:
        raise Problem(PROBLEMS[type(error)], f"{error}.") from None
    return await part_of(request, SelectionQueries).one(asked.id, after=0, limit=PAGE_DEFAULT)


async def _selections_page(
    request: Request,
    view: View,
    form: dict[str, str],
    *,
    found: SelectionWithLeads | None = None,
    refused: Refusing | None = None,
) -> Response:
    ranking = found["leads"] if found is not None else []
    states = await states_of(part_of(request, Log), [one["lead"] for one in ranking])
    people = await people_of(request, states, page="/selections")
    runs: list[Selection] = await part_of(request, SelectionQueries).page(
        before=INTEGER_MAX, limit=RUNS_SHOWN
    )
    lifecycle: Lifecycle = lifecycle_of(request)
    language = view.codes.language
    return page(
        "selections.html",
        view,
        found=found,
        ranking=_ranking(found, states, people) if found is not None else [],
        runs=runs,
        form={**form, "id": form.get("id") or new_id()},
        markets=[
            (code, words.label.get(language, code)) for code, words in lifecycle.markets.items()
        ],
        may_run=Scope.SELECTIONS_WRITE in visitor_in(request).sender.scopes,
        refused=refused,
        recorded=None,
        status=refused.status if refused is not None else 200,
    )


def _ranking(
    found: SelectionWithLeads, states: Mapping[str, LeadState], people: People
) -> list[RankedRow]:
    return [
        RankedRow(
            one["rank"],
            one["lead"],
            people.name(one["lead"]),
            people.card(one["lead"]).company,
            one["score"],
            one["selected"],
        )
        for one in found["leads"]
        if one["lead"] in states
    ]
