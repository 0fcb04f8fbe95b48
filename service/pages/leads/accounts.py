"""`/accounts`: companies on their own track, with the people, deals and orders of each."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead.state import OPEN, VALID, AccountState
from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind
from domain.lifecycle.names import resolve
from domain.lifecycle.words import Words
from projections.figures.stages import STOCK
from projections.leads.projection import NAME
from projections.leads.queries import Company, Roster, Wanted
from service.clock import Clock
from service.feed.log import Log
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.figures.members import invalid, states_of
from service.pages.figures.numbers import ask, stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import looking_at, uncounted
from service.pages.frame.people import name_of, people_of
from service.pages.frame.rendering import View, page, view_of
from service.people.cards import Cards
from service.projected import ProjectedTables
from service.routes.parameters import lifecycle_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class CompanyRow(NamedTuple):
    """A company in the list."""

    id: str
    name: str
    stage: str
    since: datetime | None
    segment: str | None
    role: str | None
    owner: str | None
    people: int
    open_deals: int
    orders: int


class PersonRow(NamedTuple):
    """A lead at the company."""

    id: str
    name: str
    section: str | None
    title: str | None
    stage: str
    owner: str | None
    last_at: datetime | None


@router.get("/accounts", response_model=None)
async def get_accounts_page(request: Request) -> Response:
    """Show companies. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    visitor = await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, "stage", "after"))
    lifecycle, after = lifecycle_of(request), view.asked.get("after")
    stage = _stage(lifecycle, view.asked.get("stage"))
    if after is not None:
        _id(after)
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        found = await part_of(request, Roster).companies(
            driver, stage=stage, account=None, after=after, limit=PAGE_ROWS
        )
    async with looking_at(request, {}) as looking:
        stock = await ask(view, looking, STOCK)
    stages = [
        (row.key.name, stock.row_label(row.key), row.counts["standing"])
        for row in stock.rows
        if row.key.track is SubjectKind.ACCOUNT and row.key.name != UNPLACED
    ]
    names = await _names(request, [company.id for company in found.companies])
    return page(
        "accounts.html",
        view,
        looking=looking,
        rows=[_row(view, lifecycle, company, names) for company in found.companies],
        stages=stages,
        stage=stage,
        is_first=after is None,
        next=found.next,
        position=found.position,
        shows_names=sees_personal(visitor.sender),
    )


@router.get("/accounts/{account_id}", response_model=None)
async def get_account_page(request: Request, account_id: str) -> Response:
    """Show a company. Raises LogInNeeded, and Problem: scope-missing, account-unknown."""
    await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request))
    lifecycle, id, now = lifecycle_of(request), _id(account_id), part_of(request, Clock).now()
    roster = part_of(request, Roster)
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        found = await roster.companies(driver, stage=None, account=id, after=None, limit=1)
        wanted = Wanted(account=id)
        leads = await roster.leads(driver, wanted, at=now, after=None, limit=PAGE_ROWS)
        total = await roster.count(driver, wanted, at=now)
    if not found.companies:
        raise _unknown()
    log, ids = part_of(request, Log), [lead.id for lead in leads.leads]
    states = await states_of(log, ids)
    people = await people_of(request, states, page="/accounts/{account_id}")
    types = [event.name for event in lifecycle.events.values()]
    acts = await log.latest_acts(ids, types=types, limit=1)
    named = [people.card(lead).company for lead in ids]
    name = next(filter(None, named), None) or (await _names(request, [id])).get(id)
    company, state = found.companies[0], found.companies[0].state
    return page(
        "account.html",
        view,
        behind=await uncounted(request, NAME),
        company=company,
        state=state,
        name=name,
        called=name_of(id),
        stage=stage_in(view, lifecycle.account, state.stage or UNPLACED),
        segment=_named(view, lifecycle.segments, state.segment),
        role=_named(view, lifecycle.account_roles, state.key_role),
        people=[
            PersonRow(
                lead.id,
                people.name(lead.id),
                people.card(lead.id).section,
                people.card(lead.id).title,
                stage_in(view, lifecycle.lead, lead.stage or UNPLACED),
                lead.owner,
                acts[lead.id][0].occurred_at if lead.id in acts else None,
            )
            for lead in leads.leads
        ],
        total=total,
    )


async def _names(request: Request, account_ids: list[str]) -> Mapping[str, str]:
    """Read what companies were called in reports about themselves, if that may be shown."""
    if not sees_personal(request.state.visitor.sender):
        return {}
    found = await part_of(request, Cards).read({id: (id,) for id in account_ids})
    return {id: data.card.company for id, data in found.items() if data.card.company}


def _row(
    view: View, lifecycle: Lifecycle, company: Company, names: Mapping[str, str]
) -> CompanyRow:
    state: AccountState = company.state
    return CompanyRow(
        company.id,
        names.get(company.id) or name_of(company.id),
        stage_in(view, lifecycle.account, state.stage or UNPLACED),
        state.entered_at,
        _named(view, lifecycle.segments, state.segment),
        _named(view, lifecycle.account_roles, state.key_role),
        state.owner,
        company.people,
        sum(status == OPEN for status in state.opportunities.values()),
        sum(status == VALID for status in state.orders.values()),
    )


def _named(view: View, words: Mapping[str, Words], code: str | None) -> str | None:
    return label_of(words, code, view.codes.language) if code is not None else None


def _stage(lifecycle: Lifecycle, word: str | None) -> str | None:
    if word is None:
        return None
    stages = lifecycle.account.stages
    code = resolve({code: stage.words for code, stage in stages.items()}, word)
    if code is None:
        raise invalid(f"No stage of companies has the name {word}.")
    return code


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise _unknown() from None


def _unknown() -> Problem:
    return Problem("account-unknown", "No company has this id.")
