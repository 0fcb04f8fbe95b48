"""A search for leads: by an identifier, or by part of a name for those who may see names.

What was searched for is personal, so the form posts it, and the page of what was found has a token
in its URL that is good for an hour in this session.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead.state import LeadState
from domain.lifecycle.definition import UNPLACED
from events.signals.native_schema import LeadReference
from service.bodies.body_memory import MemoryBudgets
from service.feed.log import Log
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.reporting import Reporting
from service.keys.scopes import Scope
from service.limits import SEARCH_FORM_BYTES_MAX, SEARCH_FOUND_MAX, SEARCH_TERM_CHARACTERS_MAX
from service.pages.figures.members import states_of
from service.pages.figures.numbers import stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_form
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, redirect, view_of
from service.people.searches import Searches
from service.people.searching import NameIndex, folded
from service.reading.leads import find_lead
from service.sessions.visiting import Visitor, admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class FoundRow(NamedTuple):
    """A lead that was found."""

    id: str
    name: str
    company: str | None
    stage: str
    owner: str | None


@router.post("/leads/search", response_model=None)
async def post_search(request: Request) -> Response:
    """Keep what is searched for, and lead to what is found. Raises LogInNeeded, Problem."""
    visitor = await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = await read_form(request, budget, bytes_max=SEARCH_FORM_BYTES_MAX)
    term = form.get("term", "").strip()
    if not term:
        return redirect(view.url("/leads"))
    if len(term) > SEARCH_TERM_CHARACTERS_MAX:
        raise Problem(
            "parameter-invalid",
            f"A search has at most {SEARCH_TERM_CHARACTERS_MAX} characters.",
        )
    session_id = visitor.session.session_id
    token = await part_of(request, Searches).keep(term, session_id=session_id)
    return redirect(view.url("/leads", search=token))


async def found_page(request: Request, view: View, token: str) -> Response:
    """Show what a search finds now. Raises Problem: search-expired."""
    visitor: Visitor = request.state.visitor
    session_id = visitor.session.session_id
    term = await part_of(request, Searches).find(token, session_id=session_id)
    if term is None:
        raise Problem("search-expired", "A search can be opened for an hour, in its session.")
    by_identifier = await _identified(request, visitor, term)
    by_name = await part_of(request, NameIndex).find(term) if sees_personal(visitor.sender) else []
    states = await _surviving(part_of(request, Log), [*by_identifier, *by_name])
    people = await people_of(request, states, page="/leads")
    shown = [lead for lead in states if lead in by_identifier or _is_called(people, lead, term)]
    return page(
        "found.html",
        view,
        term=term,
        rows=[_row(view, lead, states[lead], people) for lead in shown],
        is_truncated=len(by_name) == SEARCH_FOUND_MAX,
        finds_names=people.are_shown,
    )


async def _identified(request: Request, visitor: Visitor, term: str) -> list[str]:
    """Return the lead that an address, a telephone number or an id names, if any."""
    reporting, log = part_of(request, Reporting), part_of(request, Log)
    context = reporting.context(visitor.sender)
    references: list[LeadReference] = []
    if "@" in term:
        references = [LeadReference(email=term)]
    elif any(letter.isdigit() for letter in term):
        references = [LeadReference(phone=term), LeadReference(user_id=term)]
    for reference in references:
        try:
            return [(await find_lead(log, reference, context)).id]
        except Problem:
            # It names no one, or several people.
            continue
    return []


async def _surviving(log: Log, leads: Sequence[str]) -> dict[str, LeadState]:
    """Read the leads, with those that absorbed some of them in their place, in order."""
    states = await states_of(log, leads)
    wanted = [absorbed_by(states, lead) for lead in dict.fromkeys(leads) if lead in states]
    missing = [lead for lead in wanted if lead not in states]
    states = {**states, **await states_of(log, missing)}
    return {lead: states[lead] for lead in dict.fromkeys(wanted) if lead in states}


def absorbed_by(states: Mapping[str, LeadState], lead: str) -> str:
    """Return the lead that absorbed this one, or itself, according to these states."""
    seen = set()
    while lead in states and (other := states[lead].absorbed_by) is not None and lead not in seen:
        seen.add(lead)
        lead = other
    return lead


def _is_called(people: People, lead: str, term: str) -> bool:
    """Whether a lead is called so now: the index may remember what is no longer there."""
    return folded(term) in folded(people.card(lead).text)


def _row(view: View, lead: str, state: LeadState, people: People) -> FoundRow:
    stage = stage_in(view, view.lifecycle.lead, state.stage or UNPLACED)
    return FoundRow(lead, people.name(lead), people.card(lead).company, stage, state.owner)
