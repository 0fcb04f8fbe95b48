"""`/v1/deadlines`: who has to do what by when, and the outcome."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import resolve, suggestion
from projections.deadlines.projection import (
    BREACHED,
    NAME,
    OPEN,
    DeadlineQueries,
    Status,
    WantedDeadlines,
)
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT, PARAMETER_NAME_MAX
from service.projected import ProjectedTables
from service.reading.deadlines import describe_page, read_after
from service.routes.parameters import (
    NO_NUL,
    Lang,
    LeadsReader,
    Limit,
    Name,
    Time,
    WaitFor,
    lifecycle_of,
    moment_in,
)
from service.shapes.deadlines import Deadline, Deadlines
from service.tables.listed import list_sheet
from service.tables.preferred import TABLES, answer_as_preferred, rows_wanted

UNDECIDED = (OPEN, BREACHED)

router = APIRouter(tags=["deadlines"], route_class=ExactRoute)


@router.get("/v1/deadlines", response_model=Deadlines, responses=TABLES)
async def get_deadlines(
    *,
    request: Request,
    _: LeadsReader,
    status: Annotated[
        list[Status] | None, Query(description="Default: those that are still unanswered.")
    ] = None,
    due_by: Time = None,
    deadline: Annotated[Name, Query(description="A code, label or alias of a deadline.")] = None,
    owner: Name = None,
    team: Name = None,
    after: Annotated[str | None, Query(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)] = None,
    limit: Limit = PAGE_DEFAULT,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """List deadlines, the first due first. Filters are combined with AND.

    For settled deadlines, `owner` and `team` are those that the lead had then.
    """
    lifecycle = lifecycle_of(request)
    wanted = WantedDeadlines(
        statuses=tuple(status) if status else UNDECIDED,
        due_by=moment_in("due_by", due_by),
        deadline=_deadline(lifecycle, deadline),
        owner=owner,
        team=team,
    )
    going_on = read_after(after)
    deadlines = part_of(request, DeadlineQueries)
    async with part_of(request, ProjectedTables).reached(wait_for, NAME) as driver:
        rows = rows_wanted(request, limit)
        page = await deadlines.page(driver, wanted, after=going_on, limit=rows)
    content = describe_page(page, lifecycle, lang)
    return await answer_as_preferred(
        request,
        content,
        lambda: list_sheet("deadlines", Deadline, content["deadlines"], lang),
        next=content["next"],
    )


def _deadline(lifecycle: Lifecycle, word: str | None) -> str | None:
    """Find a deadline by any of its names. Raises Problem: parameter-invalid."""
    if word is None:
        return None
    known = lifecycle.pace.deadlines
    code = resolve({name: deadline.words for name, deadline in known.items()}, word)
    if code is None:
        raise Problem(
            "parameter-invalid",
            f"No deadline has this name; {suggestion(word, known)}.",
            parameter="deadline",
        )
    return code
