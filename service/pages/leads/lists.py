"""`/leads`: the list behind a number, one of the named lists, or a choice of all of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import UNPLACED, LeadList, Lifecycle, SubjectKind
from domain.lifecycle.names import resolve, suggestion
from domain.lifecycle.scoring import Grade
from domain.lifecycle.words import Words
from projections.figures.stages import STOCK
from projections.leads.projection import NAME
from projections.leads.queries import Listed, Roster, Wanted
from service.clock import Clock
from service.feed.log import Log
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.figures import members
from service.pages.figures.members import invalid, members_page, states_of
from service.pages.figures.numbers import LinkedNumber, ask, stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import BREAKDOWN, COHORT, PARAMETERS, looking_at, uncounted
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, view_of
from service.pages.leads.searching import found_page
from service.projected import ProjectedTables
from service.routes.parameters import lifecycle_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

ROSTER = ("list", "owner")
"""What chooses leads as they are now; both may be given."""
SEARCH = "search"


class Choice(NamedTuple):
    """A stage or a list that can be opened."""

    label: str
    definition: str
    is_of_companies: bool
    number: LinkedNumber


class RosterRow(NamedTuple):
    """A lead of a list as it is now."""

    id: str
    name: str
    company: str | None
    stage: str
    since: datetime | None
    grade: str | None
    market: str | None
    origin: str | None
    owner: str | None
    revisit_on: str | None
    position: int


@router.get("/leads", response_model=None)
async def get_leads_page(request: Request) -> Response:
    """Show a list. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.LEADS_READ)
    of_figures = (*members.PARAMETERS, *COHORT, BREAKDOWN, *PARAMETERS)
    asked = asked_of(request, *of_figures, *ROSTER, SEARCH)
    view = view_of(request, asked)
    if "row" in asked:
        return await members_page(request, view)
    if SEARCH in asked:
        return await found_page(request, view, asked[SEARCH])
    if asked.keys() & set(ROSTER):
        return await _roster_page(request, view)
    return await _choose(request, view)


async def _choose(request: Request, view: View) -> Response:
    """Show the stages and the lists, of which one has to be chosen."""
    lifecycle, now = lifecycle_of(request), part_of(request, Clock).now()
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        sizes, _ = await part_of(request, Roster).list_sizes(driver, lifecycle, at=now)
    async with looking_at(request, view.asked) as looking:
        stock = await ask(view, looking, STOCK)
    stages = [
        Choice(
            stock.row_label(row.key),
            "",
            is_of_companies=row.key.track is SubjectKind.ACCOUNT,
            number=stock.number(row, "standing"),
        )
        for row in stock.rows
        if row.key.name != UNPLACED or row.counts["standing"]
    ]
    language = view.codes.language
    lists = [
        Choice(
            lead_list.words.label.get(language, code),
            lead_list.words.definition.get(language, ""),
            is_of_companies=False,
            number=LinkedNumber(
                sizes[code], view.url("/leads", list=code) if sizes[code] else None
            ),
        )
        for code, lead_list in lifecycle.lists.items()
    ]
    return page(
        "stages.html",
        view,
        looking=looking,
        question=stock.question,
        choices=stages,
        lists=lists,
        finds_names=sees_personal(request.state.visitor.sender),
        pinned=view.again(**looking.pinned(stock.question)),
    )


async def _roster_page(request: Request, view: View) -> Response:
    """Show the leads that are on a list, or that one person is in charge of, as they are now."""
    lifecycle, now = lifecycle_of(request), part_of(request, Clock).now()
    lead_list = _list(lifecycle, view.asked["list"]) if "list" in view.asked else None
    wanted = Wanted(list=lead_list, owner=view.asked.get("owner"))
    after = view.asked.get("after")
    if after is not None and len(after) != len(_AN_ID):
        raise invalid("after must be the `next` of an earlier page, unchanged.")
    roster, language = part_of(request, Roster), view.codes.language
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        found = await roster.leads(driver, wanted, at=now, after=after, limit=PAGE_ROWS)
        total = await roster.count(driver, wanted, at=now)
    states = await states_of(part_of(request, Log), [lead.id for lead in found.leads])
    people = await people_of(request, states, page="/leads")
    rows = [_row(view, lifecycle, lead, people) for lead in found.leads]
    owner = wanted.owner
    return page(
        "roster.html",
        view,
        behind=await uncounted(request, NAME),
        label=lead_list.words.label.get(language, lead_list.code) if lead_list else owner,
        definition=lead_list.words.definition.get(language, "") if lead_list else "",
        owner=owner,
        is_a_list=lead_list is not None,
        rows=rows,
        shows_people=people.are_shown,
        total=total,
        position=found.position,
        is_first=after is None,
        next=found.next if total > PAGE_ROWS else None,
        # What is left has to choose leads still.
        wider=view.without_last(*zip(ROSTER)) if view.asked.keys() >= set(ROSTER) else None,
    )


_AN_ID = "00000000-0000-0000-0000-000000000000"


def _row(view: View, lifecycle: Lifecycle, lead: Listed, people: People) -> RosterRow:
    language = view.codes.language

    def named(words: Mapping[str, Words] | Mapping[str, Grade], code: str | None) -> str | None:
        return label_of(words, code, language) if code is not None else None

    return RosterRow(
        id=lead.id,
        name=people.name(lead.id),
        company=people.card(lead.id).company,
        stage=stage_in(view, lifecycle.lead, lead.stage or UNPLACED),
        since=lead.entered_at,
        grade=named(lifecycle.grades, lead.grade),
        market=named(lifecycle.markets, lead.market),
        origin=named(lifecycle.origins, lead.origin),
        owner=lead.owner,
        revisit_on=lead.revisit_on.isoformat() if lead.revisit_on is not None else None,
        position=lead.position,
    )


def _list(lifecycle: Lifecycle, word: str) -> LeadList:
    """Find a list by any of its names. Raises Problem: parameter-invalid."""
    code = resolve({code: known.words for code, known in lifecycle.lists.items()}, word)
    if code is None:
        raise invalid(f"No list has this name; {suggestion(word, tuple(lifecycle.lists))}.")
    return lifecycle.lists[code]
