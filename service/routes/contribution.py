"""`/v1/contribution`: whose leads became business, under several policies side by side."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain.currencies import CODES, currency_code
from events.lifecycles.known import Lifecycles
from projections.business.projection import NAME
from projections.business.queries import Crediting
from projections.funnel.queries import FunnelQueries
from service.feed.log import Log
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import CURRENCY_CHARACTERS_MAX
from service.projected import ProjectedTables
from service.reading.contributions import describe_contribution
from service.routes.parameters import (
    KnownAt,
    Lang,
    ProjectionsReader,
    Time,
    WaitFor,
    known_position,
    moment_in,
)
from service.shapes.contribution import Contribution

router = APIRouter(tags=["contribution"], route_class=ExactRoute)


@router.get(
    "/v1/contribution",
    response_model=Contribution,
    responses={404: {"description": "The lifecycle does not define contribution"}},
)
async def get_contribution(
    *,
    request: Request,
    _: ProjectionsReader,
    since: Annotated[
        Time, Query(alias="from", description="Business won at or after this time.")
    ] = None,
    until: Annotated[Time, Query(alias="to", description="Business won before this time.")] = None,
    known_at: KnownAt = None,
    currency: Annotated[
        str | None,
        Query(
            max_length=CURRENCY_CHARACTERS_MAX,
            description="Adds up the amounts in this currency (ISO 4217) instead of the "
            "lifecycle's; amounts in others are listed separately.",
        ),
    ] = None,
    disputed: Annotated[
        bool, Query(description="List only business on which the policies disagree.")
    ] = False,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Read marketing's contribution to the won business, by number and by value.

    A piece of business is a won deal with its orders, or an order alone: by order date, net of
    cancellations. Business without any lead counts towards the total. Each piece lists the events
    that it is based on.
    """
    lifecycles, crediting = part_of(request, Lifecycles), part_of(request, Crediting)
    lifecycle = lifecycles.in_force.lifecycle
    rules = lifecycle.contribution
    if rules is None:
        raise Problem(
            "not-found",
            "The lifecycle in force does not define contribution; add the section `contribution`.",
        )
    begin, end = moment_in("from", since), moment_in("to", until)
    code = _currency(currency)
    log, funnel = part_of(request, Log), part_of(request, FunnelQueries)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        answer = await crediting.contribution(
            driver,
            lifecycle,
            rules,
            since=begin,
            until=end,
            known_at=await known_position(log, funnel, driver, known_at),
            currency=code,
        )
    content = describe_contribution(
        answer,
        rules,
        lifecycle,
        since=begin,
        until=end,
        currency=code,
        language=lang,
        only_disputed=disputed,
        lifecycle_version=lifecycles.last_version,
    )
    return json_answer(content)


def _currency(text: str | None) -> str | None:
    """Read a currency. Raises Problem: parameter-invalid."""
    code = currency_code(text) if text is not None else None
    if code is not None and code not in CODES:
        raise Problem(
            "parameter-invalid",
            "currency must be an ISO 4217 code, such as JPY.",
            parameter="currency",
        )
    return code
