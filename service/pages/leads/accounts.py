"""`/accounts`: companies on their own track, with the people, deals and orders of each."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead.state import CANCELLED, LOST, OPEN, VALID, WON, AccountState
from domain.lifecycle.definition import UNPLACED, EventKind, Lifecycle, SubjectKind
from domain.lifecycle.names import resolve
from domain.lifecycle.words import Words
from events.records import decode_event
from projections.business.dealings import Dealing, Dealings, Report
from projections.business.projection import NAME as BUSINESS
from projections.business.won_business import What
from projections.figures.stages import STOCK
from projections.funnel.queries import FunnelQueries
from projections.leads.projection import NAME
from projections.leads.queries import Company, Roster, Wanted, WantedCompanies
from service.clock import Clock
from service.feed.log import Act, Log
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import (
    ACCOUNT_EVENTS_MAX,
    DEALING_REPORTS_MAX,
    PAGE_ROWS,
    STAYS_DRAWN_MAX,
)
from service.pages.figures.members import invalid, states_of
from service.pages.figures.numbers import ask, stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import looking_at, uncounted
from service.pages.frame.people import name_of, people_of
from service.pages.frame.rendering import View, page, view_of
from service.pages.leads.lead import stay_row
from service.people.cards import Cards
from service.projected import ProjectedTables
from service.routes.parameters import lifecycle_of
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

FILTERS: Final = ("stage", "segment", "key_role", "owner")
CLASSIFYING: Final = ("segment", "key_role", "owner")
"""Fields of reports about a company that say what kind of customer it is, and whose."""
STATUS_AFTER: Final[Mapping[str, str]] = {
    What.OPENED: OPEN,
    What.UPDATED: OPEN,
    What.REOPENED: OPEN,
    What.WON: WON,
    What.LOST: LOST,
    What.ORDERED: VALID,
    What.AMENDED: VALID,
    What.RENEWED: VALID,
    What.CANCELLED: CANCELLED,
}
"""What a report leaves a deal or an order as, where only a lead's state says so."""


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
    since: datetime | None
    owner: str | None
    owners: list[str]
    """Everyone who works on the lead, of any department."""
    last: Act | None


class DealingRow(NamedTuple):
    """A deal or an order, as it is known now."""

    number: str
    status: str
    """A key of the words."""
    begun_at: datetime
    last: Report
    lead: str | None
    value: str | None
    product: str | None
    expected_close: date | None
    reason: str | None


class ClassifiedRow(NamedTuple):
    """An event that said to which segment a company belongs, its role, or its owner."""

    position: int
    at: datetime
    label: str
    segment: str | None
    role: str | None
    owner: str | None


@router.get("/accounts", response_model=None)
async def get_accounts_page(request: Request) -> Response:
    """Show companies. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    visitor = await admit(request, Scope.LEADS_READ)
    view = view_of(request, asked_of(request, *FILTERS, "after"))
    lifecycle, after = lifecycle_of(request), view.asked.get("after")
    stage = _stage(lifecycle, view.asked.get("stage"))
    if after is not None:
        _id(after)
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        found = await part_of(request, Roster).companies(
            driver, _wanted(view, lifecycle, stage), after=after, limit=PAGE_ROWS
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
        segments=_choices(view, lifecycle.segments),
        roles=_choices(view, lifecycle.account_roles),
        wider=view.without_last(*((name,) for name in FILTERS)),
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
        found = await roster.companies(driver, WantedCompanies(account=id), after=None, limit=1)
        wanted = Wanted(account=id)
        leads = await roster.leads(driver, wanted, at=now, after=None, limit=PAGE_ROWS)
        total = await roster.count(driver, wanted, at=now)
        stays = await part_of(request, FunnelQueries).stays_of(driver, id, limit=STAYS_DRAWN_MAX)
    async with part_of(request, ProjectedTables).reached(None, BUSINESS) as driver:
        dealings = await part_of(request, Dealings).of_company(
            driver, id, [lead.id for lead in leads.leads], limit=DEALING_REPORTS_MAX
        )
    if not found.companies:
        raise _unknown()
    log, ids = part_of(request, Log), [lead.id for lead in leads.leads]
    states = await states_of(log, ids)
    people = await people_of(request, states, page="/accounts/{account_id}")
    types = [
        event.name
        for event in lifecycle.events.values()
        if event.kind is EventKind.FACT
        and event.subject is SubjectKind.LEAD
        and not event.name.startswith("email.")
    ]
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
        last=max(
            (latest[0] for latest in acts.values()), key=lambda act: act.occurred_at, default=None
        ),
        deals=[_dealing(view, one, state.opportunities) for one in dealings.deals],
        orders=[_dealing(view, one, state.orders) for one in dealings.orders],
        stays=[stay_row(view, lifecycle.account, stay, now) for stay in reversed(stays)],
        people_names={lead: people.name(lead) for lead in ids},
        classified=await _classified(view, log, id),
        people=[
            PersonRow(
                lead.id,
                people.name(lead.id),
                people.card(lead.id).section,
                people.card(lead.id).title,
                stage_in(view, lifecycle.lead, lead.stage or UNPLACED),
                states[lead.id].entered_at,
                lead.owner,
                list(states[lead.id].owners.values()),
                acts[lead.id][0] if lead.id in acts else None,
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


def _wanted(view: View, lifecycle: Lifecycle, stage: str | None) -> WantedCompanies:
    """Read the filters of the list. Raises Problem: parameter-invalid."""
    for name, words in (("segment", lifecycle.segments), ("key_role", lifecycle.account_roles)):
        code = view.asked.get(name)
        if code is not None and code not in words:
            raise invalid(f"{name} is one of {', '.join(words)}.")
    asked = {name: view.asked.get(name) for name in FILTERS}
    return WantedCompanies(**{**asked, "stage": stage})


def _choices(view: View, words: Mapping[str, Words]) -> list[tuple[str, str]]:
    return [(code, label_of(words, code, view.codes.language)) for code in words]


def _dealing(view: View, one: Dealing, statuses: Mapping[str, str]) -> DealingRow:
    reasons, reason = view.lifecycle.reasons, one.last.reason
    amount = f"{one.value:,f}" if one.value is not None else None
    return DealingRow(
        one.number,
        f"accounts.is_{statuses.get(one.number) or STATUS_AFTER[one.last.what]}",
        one.begun_at,
        one.last,
        one.lead,
        f"{amount} {one.currency}" if amount is not None and one.currency else amount,
        one.product,
        one.expected_close,
        label_of(reasons, reason, view.codes.language) if reason is not None else None,
    )


async def _classified(view: View, log: Log, account_id: str) -> list[ClassifiedRow]:
    """Read how a company was classified and who was in charge of it, the latest first."""
    head = await log.head()
    first = await log.history_start([account_id], before=head + 1, limit=ACCOUNT_EVENTS_MAX)
    if first is None:
        return []
    entries = await log.history([account_id], after=first - 1, upto=head, limit=ACCOUNT_EVENTS_MAX)
    lifecycle, rows = view.lifecycle, []
    for entry in reversed(entries):
        event = decode_event(entry.record)
        said = {name: event.data.get(name) for name in CLASSIFYING}
        if any(said.values()):
            rows.append(
                ClassifiedRow(
                    entry.position,
                    event.occurred_at,
                    view.codes.event(event.type),
                    _named(view, lifecycle.segments, said["segment"]),
                    _named(view, lifecycle.account_roles, said["key_role"]),
                    said["owner"],
                )
            )
    return rows


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
