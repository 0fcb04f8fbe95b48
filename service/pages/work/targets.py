"""`/targets`: what departments planned and what has come of it; periods that were closed."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY, PERIOD_CLOSED, READ_AT
from events.batch.ids import new_id
from events.lifecycles.known import Lifecycles
from events.refusals import Refused
from projections.figures.actuals import TARGETS_READ
from projections.figures.stages import FLOW
from projections.plans.projection import PlanQueries
from service.bodies.body_memory import MemoryBudgets
from service.http.parts import part_of
from service.keys.scopes import Scope
from service.limits import REPORT_FORM_BYTES_MAX
from service.pages.figures.numbers import LinkedNumber
from service.pages.figures.planned import (
    MOMENT,
    TargetRow,
    actuals_of,
    figure_label,
    linked,
    number_parameters,
    target_row,
)
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import read_form
from service.pages.frame.looking import (
    PARAMETERS,
    PERIOD_DEFAULT,
    Looking,
    last_day,
    looking_at,
)
from service.pages.frame.rendering import View, page, redirect, view_of
from service.pages.work.reporting import (
    RECORDED,
    Refusing,
    recorded_in,
    refusing,
    report_event,
    visitor_in,
    with_recorded,
)
from service.reading.figures.achieving import Achieved, achieved, wanted_plans
from service.reading.figures.closing import ConfirmedNumber, ConfirmedPeriod, closed_periods
from service.reading.figures.periods import PERIODS
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class TargetPeriod(NamedTuple):
    """The targets for the same days."""

    first: date
    last: date
    rows: Sequence[TargetRow]


class ClosedRow(NamedTuple):
    """A number of a closed period."""

    label: str
    confirmed: LinkedNumber
    current: LinkedNumber
    changed: int | None
    compare: str | None


class ClosedTable(NamedTuple):
    """A closed period."""

    period: ConfirmedPeriod
    label: str | None
    """The figure that was closed; None: all."""
    rows: Sequence[ClosedRow]


@router.get("/targets", response_model=None)
async def get_targets_page(request: Request) -> Response:
    """Show targets. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, RECORDED))
    return await _targets_page(request, view)


@router.post("/targets", response_model=None)
async def post_closing_form(request: Request) -> Response:
    """Close a period. Raises LogInNeeded, and Problem: scope-missing, request-invalid."""
    visitor = await admit(request, Scope.PROJECTIONS_READ)
    visitor.check(Scope.DECISIONS_WRITE)
    view = view_of(request, asked_of(request))
    budget = part_of(request, MemoryBudgets).senders
    form = await read_form(request, budget, bytes_max=REPORT_FORM_BYTES_MAX)
    data = {name: form[name] for name in (FIRST_DAY, LAST_DAY, "figure", READ_AT) if name in form}
    outcome = await report_event(
        request,
        {
            "id": form.get("event_id", ""),
            "type": PERIOD_CLOSED,
            "actor": visitor.person,
            "data": data,
        },
    )
    if isinstance(outcome, Refused):
        return await _targets_page(request, view, form, refusing(view, outcome))
    days = {"from": data[FIRST_DAY], "to": data[LAST_DAY]}
    return redirect(with_recorded(view.url("/targets", **days), outcome.position))


async def _targets_page(
    request: Request,
    view: View,
    form: Mapping[str, str] | None = None,
    refused: Refusing | None = None,
) -> Response:
    async with looking_at(request, view.asked, TARGETS_READ) as looking:
        about = looking.question(FLOW)
        actuals = actuals_of(looking)
        plans, lifecycles = part_of(request, PlanQueries), part_of(request, Lifecycles)
        calendar = next(iter(lifecycles.in_force.calendars.values()), None)
        targets = await achieved(actuals, plans, looking.driver, calendar)
        closed = await closed_periods(actuals, looking.queries, plans, looking.driver)
    return page(
        "targets.html",
        view,
        looking=looking,
        question=about,
        last_day=last_day(about, view.words.zone),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        pinned=view.again(**looking.pinned(about)),
        is_empty=looking.reading.position == 0,
        planned=_periods(view, looking, targets),
        closed=[_closed(view, looking, period) for period in closed],
        form=_form(request, view, looking, form or {}),
        recorded=recorded_in(view),
        refused=refused,
        status=refused.status if refused is not None else 200,
    )


def _periods(view: View, looking: Looking, targets: Sequence[Achieved]) -> list[TargetPeriod]:
    """Return the targets by their days, each period with those of all departments."""

    def days(one: Achieved) -> tuple[date, date]:
        return one.target.starts_on, one.target.ends_on

    return [
        TargetPeriod(first, last, [target_row(view, looking, one) for one in found])
        for (first, last), found in groupby(targets, key=days)
    ]


def _closed(view: View, looking: Looking, period: ConfirmedPeriod) -> ClosedTable:
    closing = period.closing
    return ClosedTable(
        period,
        figure_label(view, looking.lifecycle, closing.figure) if closing.figure else None,
        [_closed_row(view, looking, period, number) for number in period.numbers],
    )


def _closed_row(
    view: View, looking: Looking, period: ConfirmedPeriod, number: ConfirmedNumber
) -> ClosedRow:
    moment = {name: looking.asked[name] for name in MOMENT if name in looking.asked}
    confirmed = {"known_at": str(period.closing.read_at)}
    other = moment or {"known_at": str(looking.reading.position)}
    return ClosedRow(
        figure_label(view, looking.lifecycle, number.figure),
        linked(view, number.confirmed, confirmed),
        linked(view, number.current, moment),
        number.changed,
        view.url(
            "/compare",
            **number_parameters(number.current),
            **confirmed,
            **{f"other_{name}": value for name, value in other.items()},
        )
        if number.changed != 0
        else None,
    )


class ClosingForm(NamedTuple):
    """The form that closes a period."""

    event_id: str
    starts_on: str
    ends_on: str
    figure: str
    figures: Sequence[tuple[str, str]]
    read_at: str


def _form(
    request: Request, view: View, looking: Looking, given: Mapping[str, str]
) -> ClosingForm | None:
    """Return the form with the days that are shown; None for those who may not close a period."""
    lifecycle = looking.lifecycle
    visitor = visitor_in(request)
    if Scope.DECISIONS_WRITE not in visitor.sender.scopes or PERIOD_CLOSED not in lifecycle.events:
        return None
    shown = wanted_plans(looking.question(FLOW), lifecycle, limit=0)
    first, last = shown.first_day, shown.last_day
    return ClosingForm(
        given.get("event_id") or new_id(),
        given.get(FIRST_DAY, first.isoformat() if first is not None else ""),
        given.get(LAST_DAY, last.isoformat() if last is not None else ""),
        given.get("figure", ""),
        [(code, figure_label(view, lifecycle, code)) for code in lifecycle.actuals],
        given.get(READ_AT, str(looking.reading.position)),
    )
