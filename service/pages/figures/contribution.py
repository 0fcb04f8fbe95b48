"""`/contribution`: whose leads became business, by every policy, and where they disagree."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.words import Words
from events.lifecycles.known import Lifecycles
from projections.business.credit import Policy
from projections.business.projection import NAME
from projections.business.queries import Crediting
from projections.figures.definition import Measure
from projections.figures.money.bought import OF_NEW
from projections.figures.money.contribution import CONTRIBUTION, MARKETING, OTHERS
from projections.figures.money.funnel_by_side import (
    FUNNEL_BY_SIDE,
    NO_LEAD,
    OTHER,
    REFERRAL,
    UNKNOWN,
)
from projections.figures.question import RowKey
from projections.funnel.queries import FunnelQueries
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.figures.numbers import FigureOnPage, ask
from service.pages.figures.sheets import sheet_of
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import PARAMETERS, PERIOD_DEFAULT, Looking, last_day, looking_at
from service.pages.frame.people import name_of
from service.pages.frame.rendering import View, page, view_of
from service.projected import ProjectedTables
from service.reading.contributions import describe_contribution
from service.reading.figures.periods import PERIODS
from service.routes.parameters import known_position
from service.sessions.visiting import admit
from service.shapes.contribution import Contribution, CreditedBusiness

router = APIRouter(include_in_schema=False, route_class=PageRoute)

DISPUTED: Final = "disputed"
SELDOM: Final = (REFERRAL, OTHER, UNKNOWN, NO_LEAD)
"""Columns of the funnel by side that are left out while they hold nothing."""
POLICIES: Final = tuple(str(policy) for policy in Policy)


class BusinessRow(NamedTuple):
    """A piece of won business."""

    business: str
    won_at: datetime
    value: str | None
    lead: str | None
    name: str
    origin: str | None
    credits: list[bool | None]
    """Whether each policy credits marketing."""
    position: str


class AverageValue(NamedTuple):
    """The average value of some of the business, and the list of it."""

    name: str
    value: str | None
    link: str | None


@router.get("/contribution", response_model=None)
async def get_contribution_page(request: Request) -> Response:
    """Show contribution. Raises LogInNeeded, and Problem: scope-missing, not-found."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, DISPUTED))
    async with looking_at(request, view.asked, CONTRIBUTION.reads) as looking:
        by_side = await ask(view, looking, FUNNEL_BY_SIDE)
        by_policy = await ask(view, looking, CONTRIBUTION)
    question = by_policy.question
    rules = looking.lifecycle.contribution
    if rules is None:
        raise Problem("not-found", "The lifecycle does not define contribution.")
    log, funnel = part_of(request, Log), part_of(request, FunnelQueries)
    async with part_of(request, ProjectedTables).reached(None, NAME) as driver:
        known = await known_position(log, funnel, driver, str(looking.reading.position))
        answer = await part_of(request, Crediting).contribution(
            driver,
            looking.lifecycle,
            rules,
            since=question.since,
            until=question.until,
            known_at=known,
            as_of=question.as_of,
        )
    found = describe_contribution(
        answer,
        rules,
        looking.lifecycle,
        since=question.since,
        until=question.until,
        currency=None,
        language=view.codes.language,
        only_disputed=DISPUTED in view.asked,
        lifecycle_version=part_of(request, Lifecycles).last_version,
    )
    return page(
        "contribution.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        found=found,
        by_side=by_side,
        sides=sheet_of(by_side, only=_is_filled(by_side)),
        by_policy=by_policy,
        shares=sheet_of(by_policy, defined=_policy_in(looking)),
        figures=[
            (one.label, view.again_at(f"/figures/{one.figure.name}", PARAMETERS))
            for one in (by_side, by_policy)
        ],
        averages=_averages(by_policy, found),
        policies=POLICIES,
        rows=[_row(view, one) for one in found["business"][:PAGE_ROWS]],
        shown_max=PAGE_ROWS,
        only_disputed=DISPUTED in view.asked,
        disputed_url=view.again(**{DISPUTED: "yes"}),
        all_url=view.again(**{DISPUTED: None}),
        pinned=view.again(**looking.pinned(question)),
    )


def _is_filled(one: FigureOnPage) -> Callable[[Measure], bool]:
    """Leave out columns that are seldom filled, while they are not."""
    filled = {name for row in one.rows for name, count in row.counts.items() if count}
    return lambda measure: measure.name not in SELDOM or measure.name in filled


def _policy_in(looking: Looking) -> Callable[[RowKey], Words | None]:
    """Explain the rows of policies, but not those of amounts under each."""
    named_by = CONTRIBUTION.named_by
    assert named_by is not None
    words = named_by(looking.lifecycle)
    rows = {str(policy) for policy in Policy}
    return lambda key: words[key.name] if key.name in rows else None


def _averages(by_policy: FigureOnPage, found: Contribution) -> list[AverageValue]:
    """Return the average values of business with and without a touch, each with its list."""
    key = RowKey(SubjectKind.LEAD, f"{OF_NEW}{Policy.ANY_TOUCH}")
    return [
        AverageValue(name, value, by_policy.list_url(key, measure) if value is not None else None)
        for name, measure, value in (
            ("contribution.nurtured", MARKETING, found["nurtured_average"]),
            ("contribution.others", OTHERS, found["other_average"]),
        )
    ]


def _row(view: View, one: CreditedBusiness) -> BusinessRow:
    lead = one["lead"]
    origin = one["origin"]
    return BusinessRow(
        one["business"],
        datetime.fromisoformat(one["won_at"]),
        one["value"],
        view.url(f"/leads/{lead}") if lead is not None else None,
        name_of(lead) if lead is not None else view.words("contribution.nobody"),
        label_of(view.lifecycle.origins, origin, view.codes.language) if origin else None,
        [one["marketing"].get(policy) for policy in POLICIES],
        one["positions"][0],
    )
