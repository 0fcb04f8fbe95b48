"""Leads by filter, the lists, one person's worklist, companies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from domain.lifecycle.definition import LeadList, Lifecycle
from domain.lifecycle.names import resolve, resolve_stage, suggestion
from events.database.sessions import Driver
from events.lifecycles.known import Lifecycles
from projections.funnel.projection import NAME as STAYS
from projections.leads.projection import NAME
from projections.leads.queries import Roster, Wanted, WantedCompanies
from service.clock import Clock
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT, PARAMETER_NAME_MAX, WORK_LEADS_MAX
from service.projected import ProjectedTables
from service.reading.rosters import (
    Tasks,
    describe_company,
    describe_leads,
    describe_list,
    judging_stages,
    staffed_stages,
)
from service.routes.parameters import (
    NO_NUL,
    Lang,
    LeadsReader,
    Limit,
    Name,
    ProjectionsReader,
    WaitFor,
    lifecycle_of,
)
from service.shapes import roster as shapes
from service.tables.listed import list_sheet
from service.tables.preferred import TABLES, answer_as_preferred, rows_wanted

router = APIRouter(tags=["leads"], route_class=ExactRoute)

AfterId = Annotated[UUID | None, Query(description="Continue after this id: `next` of a page.")]


@router.get(
    "/v1/leads",
    response_model=shapes.Leads,
    responses={**TABLES, 404: {"description": "No list has this name"}},
)
async def get_leads(
    *,
    request: Request,
    _: LeadsReader,
    stage: Annotated[Name, Query(description="A code, label or alias of a stage.")] = None,
    owner: Name = None,
    grade: Name = None,
    market: Name = None,
    origin: Name = None,
    account: UUID | None = None,
    on_list: Annotated[
        Name, Query(alias="list", description="A list's code, label or alias.")
    ] = None,
    after: AfterId = None,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """List leads in their current state, in the order of their ids.

    Filters are combined with AND. Absorbed leads are not listed: the lead that absorbed them
    represents them.
    """
    lifecycle = lifecycle_of(request)
    wanted = Wanted(
        stage=_stage(lifecycle, stage),
        owner=owner,
        grade=grade,
        market=market,
        origin=origin,
        account=str(account) if account is not None else None,
        list=_list(lifecycle, on_list) if on_list is not None else None,
    )
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        rows = rows_wanted(request, limit)
        leads = await _leads(driver, request, wanted, after=after, limit=rows, lang=lang)
    return await answer_as_preferred(
        request,
        leads,
        lambda: list_sheet("leads", shapes.ListedLead, leads["leads"], lang),
        next=leads["next"],
    )


@router.get("/v1/lists", response_model=shapes.Lists, tags=["lists"])
async def get_lists(
    request: Request, _: ProjectionsReader, lang: Lang, wait_for: WaitFor = None
) -> Response:
    """Read the named lists and their current sizes. Lists overlap: never add sizes up."""
    lifecycles, roster = part_of(request, Lifecycles), part_of(request, Roster)
    lifecycle = lifecycles.in_force.lifecycle
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        now = part_of(request, Clock).now()
        sizes, position = await roster.list_sizes(driver, lifecycle, at=now)
    return json_answer(
        shapes.Lists(
            lists=[
                {
                    **describe_list(lead_list, lang),
                    "leads": sizes[code],
                    "acquired_within_days": lead_list.acquired_within_days,
                    "held_before_days": lead_list.held_before_days,
                }
                for code, lead_list in lifecycle.lists.items()
            ],
            as_of_position=str(position),
            lifecycle=lifecycles.last_version,
        )
    )


@router.get("/v1/lists/{name}", response_model=shapes.OneList, tags=["lists"], responses=TABLES)
async def get_list(
    *,
    request: Request,
    _: LeadsReader,
    name: Annotated[str, Path(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)],
    after: AfterId = None,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read the leads that are on a list now; name it by its code, its label or any alias."""
    lifecycle = lifecycle_of(request)
    lead_list = _list(lifecycle, name)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        wanted, rows = Wanted(list=lead_list), rows_wanted(request, limit)
        leads = await _leads(driver, request, wanted, after=after, limit=rows, lang=lang)
    return await answer_as_preferred(
        request,
        shapes.OneList({**describe_list(lead_list, lang), **leads}),
        lambda: list_sheet(lead_list.code, shapes.ListedLead, leads["leads"], lang),
        next=leads["next"],
    )


@router.get("/v1/worklist", response_model=shapes.WorkList, tags=["work"])
async def get_worklist(
    *,
    request: Request,
    _: LeadsReader,
    owner: Annotated[str, Query(min_length=1, max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)],
    limit: Annotated[Limit, Field(description="Applies to leads without an owner.")] = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read one person's work: due today, callbacks, returned leads, and leads without an owner.

    The last are leads in stages where sales works, and leads that wait to be judged.
    """
    lifecycle = lifecycle_of(request)
    # The stays show how each lead got to its stage.
    tables, roster = part_of(request, ProjectedTables), part_of(request, Roster)
    tables.check_runs(STAYS)
    async with tables.reached(wait_for, NAME) as driver:
        own = await roster.in_charge(driver, owner, after=None, limit=WORK_LEADS_MAX)
        free = await roster.unassigned(driver, staffed_stages(lifecycle), limit=limit)
        judging = judging_stages(lifecycle)
        unjudged = await roster.unassigned(driver, judging, limit=limit)
    tasks = Tasks(lifecycle, lang, now=part_of(request, Clock).now())
    return json_answer(
        shapes.WorkList(
            owner=owner,
            today=tasks.today.isoformat(),
            due=tasks.due(own.charges),
            callbacks=tasks.callbacks(own.charges),
            returned=tasks.returned(own.charges),
            unassigned=tasks.all(free.charges),
            to_be_judged=tasks.standing_at(judging, (*own.charges, *unjudged.charges)),
            truncated=len(own.charges) == WORK_LEADS_MAX,
            as_of_position=str(own.position),
        )
    )


@router.get("/v1/accounts", response_model=shapes.Accounts, tags=["accounts"], responses=TABLES)
async def get_accounts(
    *,
    request: Request,
    _: LeadsReader,
    stage: Annotated[Name, Query(description="A code, label or alias of a stage.")] = None,
    segment: Annotated[Name, Query(description="A code of a segment.")] = None,
    key_role: Annotated[Name, Query(description="A code of a role, such as defend.")] = None,
    owner: Annotated[Name, Query(description="The salesperson in charge of the company.")] = None,
    after: AfterId = None,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """List companies in their current state, in the order of their ids."""
    lifecycle = lifecycle_of(request)
    code = _stage(lifecycle, stage)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        page = await part_of(request, Roster).companies(
            driver,
            WantedCompanies(stage=code, segment=segment, key_role=key_role, owner=owner),
            after=str(after) if after is not None else None,
            limit=rows_wanted(request, limit),
        )
    companies = [describe_company(company, lifecycle, lang) for company in page.companies]
    return await answer_as_preferred(
        request,
        shapes.Accounts(accounts=companies, next=page.next, as_of_position=str(page.position)),
        lambda: list_sheet("accounts", shapes.Account, companies, lang),
        next=page.next,
    )


@router.get("/v1/accounts/{account_id}", response_model=shapes.AccountWithPeople, tags=["accounts"])
async def get_account(
    *,
    request: Request,
    _: LeadsReader,
    account_id: Annotated[UUID, Path(description="The ledger's id for the account.")],
    after: AfterId = None,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read a company in its current state, with its known leads."""
    roster, id = part_of(request, Roster), str(account_id)
    lifecycle = lifecycle_of(request)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        found = await roster.companies(driver, WantedCompanies(account=id), after=None, limit=1)
        wanted = Wanted(account=id)
        people = await _leads(driver, request, wanted, after=after, limit=limit, lang=lang)
    if not found.companies:
        raise Problem("account-unknown", "No company has this id; GET /v1/accounts lists them.")
    company = describe_company(found.companies[0], lifecycle, lang)
    return json_answer(shapes.AccountWithPeople({**company, **people}))


async def _leads(
    driver: Driver,
    request: Request,
    wanted: Wanted,
    *,
    after: UUID | None,
    limit: int,
    lang: Lang,
) -> shapes.Leads:
    """Return one page of leads, in the form shared by all responses that list leads."""
    lifecycle = lifecycle_of(request)
    now = part_of(request, Clock).now()
    page = await part_of(request, Roster).leads(
        driver,
        wanted,
        at=now,
        after=str(after) if after is not None else None,
        limit=limit,
    )
    return describe_leads(page, lifecycle, lang, at=now)


def _stage(lifecycle: Lifecycle, word: str | None) -> str | None:
    """Find a stage by any of its names. Raises Problem: parameter-invalid."""
    if word is None:
        return None
    code = resolve_stage(lifecycle, word)
    if code is None:
        known = (*lifecycle.lead.stages, *lifecycle.account.stages)
        raise Problem(
            "parameter-invalid",
            f"No stage has this name; {suggestion(word, known)}.",
            parameter="stage",
        )
    return code


def _list(lifecycle: Lifecycle, word: str) -> LeadList:
    """Find a list by any of its names. Raises Problem: not-found."""
    code = resolve({code: known.words for code, known in lifecycle.lists.items()}, word)
    if code is None:
        names = suggestion(word, tuple(lifecycle.lists))
        raise Problem("not-found", f"No list has this name; {names}.")
    return lifecycle.lists[code]
