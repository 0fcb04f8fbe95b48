"""`/`: the last week and this month, and everything that needs attention."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from events.lifecycles.known import Lifecycles
from projections.business.projection import NAME as BUSINESS
from projections.business.queries import Crediting
from projections.deadlines.projection import DeadlineQueries, DueCounts
from projections.figures.actuals import TARGETS_READ
from projections.figures.money.bought import ORDERS, VALUE
from projections.figures.money.funnel_by_side import FUNNEL_BY_SIDE
from projections.figures.over_time.durations import AGEING
from projections.figures.question import Cell, RowKey
from projections.figures.rows import acquired_at
from projections.figures.stages import FLOW
from projections.leads.queries import Roster
from projections.plans.projection import PlanQueries
from service.feed.log import Log
from service.http.parts import part_of
from service.intake.store import IntakeStore, SourceHeard
from service.keys.scopes import Scope
from service.limits import PAGE_MAX
from service.pages.figures.numbers import FigureOnPage, LinkedNumber, ask
from service.pages.figures.planned import (
    PlanOfMonth,
    TargetRow,
    actuals_of,
    plan_of,
    plans_of_month,
    target_row,
)
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import Looking, looking_at
from service.pages.frame.rendering import View, page, redirect, view_of
from service.projected import ProjectedTables
from service.reading.conflicts import waiting
from service.reading.figures.achieving import Achieved, achieved, progress_in
from service.reading.figures.periods import (
    DAY,
    MONTHS_OF_A_YEAR,
    Calendar,
    Period,
    calendar_of,
    period_named,
)
from service.reading.rosters import due_by_owner, staffed_stages
from service.refusals.store import OpenRefusals, RefusalStore
from service.sessions.visiting import Visitor, admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

COLUMNS: Final[Mapping[str, str]] = {
    "last_week": "today.last_week",
    "week_before": "today.week_before",
    "this_month": "today.this_month",
    "last_month": "today.last_month",
    "last_year": "today.last_year",
}
"""The periods that are compared, with the keys of their names: a whole week with the one before,
the month to date with the whole last month and the same month of last year."""
OWNERS_SHOWN_MAX: Final = 20
"""People with overdue work: the worst first, and no more than fit on a screen."""


class TodayRow(NamedTuple):
    """What newly arrived in one stage, by period."""

    label: str
    code: str
    numbers: Mapping[str, LinkedNumber]
    plan: PlanOfMonth | None
    """What is planned for this month."""


class Attention(NamedTuple):
    """The counts of what needs attention, as far as the visitor may see them."""

    mine: DueCounts
    owners: list[DueCounts]
    overdue: int
    unassigned: int
    conflicts: int
    refusals: Sequence[OpenRefusals]
    silent: Sequence[SourceHeard]
    """Sources that have sent nothing for longer than usual."""
    is_truncated: bool
    """Whether there is more than was counted."""


@router.get("/", response_model=None)
async def get_today_page(request: Request) -> Response:
    """Show where things stand, or lead on to work those who may not see figures.

    Raises LogInNeeded, and Problem: scope-missing.
    """
    visitor = await admit(request)
    view = view_of(request, asked_of(request))
    scopes = visitor.sender.scopes
    if Scope.PROJECTIONS_READ not in scopes and Scope.LEADS_READ in scopes:
        return redirect(view.url("/worklist"))
    visitor.check(Scope.PROJECTIONS_READ)
    compiled = part_of(request, Lifecycles).in_force
    async with looking_at(request, view.asked, TARGETS_READ) as looking:
        calendar = calendar_of(looking.lifecycle)
        today = looking.now.astimezone(calendar.zone).date()
        periods = _periods(today, calendar)
        month = period_named("this_month", today, calendar)
        flows = {
            name: await ask(view, looking, FLOW, **_bounds(period))
            for name, period in periods.items()
        }
        ages = await ask(view, looking, AGEING)
        working_days = next(iter(compiled.calendars.values()), None)
        actuals = actuals_of(looking, **_bounds(month))
        plans = part_of(request, PlanQueries)
        targets = await achieved(actuals, plans, looking.driver, working_days)
        planned = plans_of_month(targets, month, looking.lifecycle)
    amounts = await _amounts(request, looking, periods, calendar)
    attention = await _attention(request, visitor, looking, calendar)
    return page(
        "today.html",
        view,
        looking=looking,
        today=today,
        spans={
            name: f"{period.first:%m-%d} ~ {period.beyond - DAY:%m-%d}"
            for name, period in periods.items()
        },
        columns=COLUMNS,
        rows=_rows(flows, looking, planned),
        amounts=amounts,
        amount_plan=_amount_plan(amounts, looking, planned),
        other_targets=_other_targets(view, looking, targets, month),
        currency=looking.lifecycle.contribution.currency if looking.lifecycle.contribution else "",
        progress=progress_in(working_days, month.first, month.beyond - DAY, today=today),
        stalled=_stalled(ages, looking),
        attention=attention,
        is_empty=looking.reading.position == 0
        or not any(
            row.counts.get("after") or row.counts.get("in")
            for flow in flows.values()
            for row in flow.rows
        ),
    )


def _periods(today: date, calendar: Calendar) -> dict[str, Period]:
    """Return the periods of the columns."""
    last_week = period_named("last_week", today, calendar)
    this_month = period_named("this_month", today, calendar)
    month = calendar.month_of(today)
    return {
        "last_week": last_week,
        "week_before": Period(last_week.first - DAY * 7, last_week.first),
        "this_month": Period(this_month.first, today + DAY),
        "last_month": period_named("last_month", today, calendar),
        "last_year": Period(
            calendar.first_day(month - MONTHS_OF_A_YEAR),
            calendar.first_day(month - MONTHS_OF_A_YEAR + 1),
        ),
    }


def _bounds(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": (period.beyond - DAY).isoformat()}


def _rows(
    flows: Mapping[str, FigureOnPage],
    looking: Looking,
    planned: Mapping[tuple[str, Cell], Decimal],
) -> list[TodayRow]:
    """Return the stages from the one in which leads are acquired to the last of the path."""
    rows = []
    for stage in _stages(looking):
        key = RowKey(SubjectKind.LEAD, stage)
        numbers = {name: _first_entries(flow, key) for name, flow in flows.items()}
        plan = plan_of(planned.get((FLOW.name, Cell(key, "first"))), numbers["this_month"].value)
        rows.append(TodayRow(flows["this_month"].row_label(key), stage, numbers, plan))
    return rows


def _stages(looking: Looking) -> Sequence[str]:
    track = looking.lifecycle.lead
    return track.path[track.path.index(acquired_at(track)) :]


def _amount_plan(
    amounts: Mapping[str, Decimal] | None,
    looking: Looking,
    planned: Mapping[tuple[str, Cell], Decimal],
) -> PlanOfMonth | None:
    """Return what is planned for the value of this month's business."""
    rules = looking.lifecycle.contribution
    if amounts is None or rules is None:
        return None
    plan = planned.get((FUNNEL_BY_SIDE.name, _value_of_orders(rules.currency)))
    return plan_of(plan, amounts["this_month"])


def _value_of_orders(currency: str) -> Cell:
    return Cell(RowKey(SubjectKind.LEAD, f"{ORDERS}_{VALUE}_{currency}"), "total")


def _other_targets(
    view: View, looking: Looking, targets: Sequence[Achieved], month: Period
) -> list[TargetRow]:
    """Return the targets of the month that are not next to their numbers in the first table."""
    rules = looking.lifecycle.contribution
    shown = {Cell(RowKey(SubjectKind.LEAD, stage), "first") for stage in _stages(looking)}
    if rules is not None:
        shown.add(_value_of_orders(rules.currency))
    days = month.first, month.beyond - DAY
    return [
        target_row(view, looking, one)
        for one in targets
        if (one.target.starts_on, one.target.ends_on) == days
        and (one.actual is None or one.actual.compared.cell not in shown)
    ]


def _first_entries(flow: FigureOnPage, key: RowKey) -> LinkedNumber:
    row = next((row for row in flow.rows if row.key == key), None)
    return flow.number(row, "first") if row is not None else LinkedNumber(0, None)


async def _amounts(
    request: Request, looking: Looking, periods: Mapping[str, Period], calendar: Calendar
) -> Mapping[str, Decimal] | None:
    """Return the value of the business won in each period, in the currency of the lifecycle.

    Read once for all periods, because the time goes into reading the business.
    """
    rules = looking.lifecycle.contribution
    if rules is None:
        return None
    since = min(period.first for period in periods.values())
    async with part_of(request, ProjectedTables).reached(None, BUSINESS) as driver:
        answer = await part_of(request, Crediting).contribution(
            driver, looking.lifecycle, rules, since=calendar.begins(since)
        )
    credited = answer.contribution.credited
    return {
        name: sum(
            (
                one.value
                for one in credited
                if one.value is not None and _is_in(one.unit.won_at, period, calendar)
            ),
            Decimal(),
        )
        for name, period in periods.items()
    }


def _is_in(moment: datetime, period: Period, calendar: Calendar) -> bool:
    return calendar.begins(period.first) <= moment < calendar.begins(period.beyond)


def _stalled(ages: FigureOnPage, looking: Looking) -> list[tuple[str, LinkedNumber]]:
    """Return the leads of the last stage before the goal that wait longer than 85 in 100 did."""
    stage = looking.lifecycle.lead.path[-2]
    row = next((row for row in ages.rows if row.key == RowKey(SubjectKind.LEAD, stage)), None)
    if row is None:
        return []
    return [(ages.heading(name), ages.number(row, name)) for name in ("to_p95", "above")]


async def _attention(
    request: Request, visitor: Visitor, looking: Looking, calendar: Calendar
) -> Attention | None:
    """Count what waits, if the visitor may see leads."""
    if Scope.LEADS_READ not in visitor.sender.scopes:
        return None
    async with part_of(request, ProjectedTables).reached(None, "deadlines") as driver:
        due = await due_by_owner(part_of(request, DeadlineQueries), driver, looking.now, calendar)
        free = await part_of(request, Roster).unassigned(
            driver, staffed_stages(looking.lifecycle), limit=PAGE_MAX
        )
    today = looking.now.astimezone(calendar.zone).date()
    mine = next((one for one in due if one.owner == visitor.person), DueCounts(visitor.person))
    judged = await waiting(part_of(request, Log), after=0, limit=PAGE_MAX)
    sees_refusals = Scope.EVENTS_READ in visitor.sender.scopes
    return Attention(
        mine,
        [one for one in due if one.overdue or one.today][:OWNERS_SHOWN_MAX],
        sum(one.overdue for one in due),
        len(free.charges),
        len(judged["conflicts"]),
        await part_of(request, RefusalStore).waiting() if sees_refusals else (),
        await part_of(request, IntakeStore).silent(today) if sees_refusals else (),
        is_truncated=len(free.charges) == PAGE_MAX or judged["next"] is not None,
    )
