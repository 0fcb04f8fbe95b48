"""`/contribution`: whose leads became business, by every policy, and where they disagree."""

from datetime import datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from events.lifecycles.known import Lifecycles
from projections.business.credit import Policy
from projections.business.projection import NAME
from projections.business.queries import Crediting
from projections.figures.money.contribution import CONTRIBUTION
from projections.figures.money.funnel_by_side import FUNNEL_BY_SIDE
from projections.figures.stages import FLOW
from projections.funnel.queries import FunnelQueries
from service.feed.log import Log
from service.http.parts import part_of
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import PAGE_ROWS
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import PARAMETERS, PERIOD_DEFAULT, last_day, looking_at
from service.pages.frame.people import name_of
from service.pages.frame.rendering import View, page, view_of
from service.projected import ProjectedTables
from service.reading.contributions import describe_contribution
from service.reading.figures.defining import label_in
from service.reading.figures.periods import PERIODS
from service.routes.parameters import known_position
from service.sessions.visiting import admit
from service.shapes.contribution import CreditedBusiness

router = APIRouter(include_in_schema=False, route_class=PageRoute)

DISPUTED: Final = "disputed"
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


@router.get("/contribution", response_model=None)
async def get_contribution_page(request: Request) -> Response:
    """Show contribution. Raises LogInNeeded, and Problem: scope-missing, not-found."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, DISPUTED))
    async with looking_at(request, view.asked) as looking:
        # The period is read as that of the flow is.
        question = looking.question(FLOW)
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
        figures=[
            (
                label_in(figure.words, view.words.language),
                view.again_at(f"/figures/{figure.name}", PARAMETERS),
            )
            for figure in (FUNNEL_BY_SIDE, CONTRIBUTION)
        ],
        policies=POLICIES,
        rows=[_row(view, one) for one in found["business"][:PAGE_ROWS]],
        shown_max=PAGE_ROWS,
        only_disputed=DISPUTED in view.asked,
        disputed_url=view.again(**{DISPUTED: "yes"}),
        all_url=view.again(**{DISPUTED: None}),
        pinned=view.again(**looking.pinned(question)),
    )


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
