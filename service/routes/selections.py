"""`/v1/selections`: narrow the candidates down to what inside sales can screen."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from domain.lifecycle.definition import Lifecycle
from domain.limits import CODE_CHARACTERS_MAX
from domain.recordable import is_code
from events.batch.ids import new_id
from events.limits import CANDIDATES_MAX, INTEGER_MAX
from events.selections.evidence import Asked
from events.selections.running import NothingToSelect, RunExists, Selector
from events.selections.surveying import CapacityUnknown, TooManyCandidates
from service.bodies.json_body import described_body, read_model
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT
from service.reading.selections import SelectionQueries, describe_trial
from service.routes.parameters import LeadsReader, Limit, SelectionsWriter, lifecycle_of
from service.shapes import selections as shapes

RUN_ID = r"^[A-Za-z0-9_-]{1,64}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
DATE = {"format": "date"}
_CODE = Field(min_length=1, max_length=CODE_CHARACTERS_MAX)
PROBLEMS: Mapping[type[Exception], str] = {
    CapacityUnknown: "capacity-unknown",
    TooManyCandidates: "too-many-candidates",
    NothingToSelect: "selection-not-declared",
    RunExists: "selection-id-reused",
}

router = APIRouter(tags=["selections"], route_class=ExactRoute)


class NewSelection(BaseModel):
    """The request for a run."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Annotated[
        str | None,
        Field(
            pattern=RUN_ID,
            description="Identifies the run: a repeated request with the same id returns the "
            "same run. Default: a new id.",
        ),
    ] = None
    team: Annotated[str, _CODE]
    starts_on: Annotated[
        str, Field(pattern=DAY, description="The period's first day.", json_schema_extra=DATE)
    ]
    ends_on: Annotated[
        str, Field(pattern=DAY, description="The period's last day.", json_schema_extra=DATE)
    ]
    market: Annotated[
        str | None, Field(description="Only leads of this market. Default: all leads.")
    ] = None
    capacity: Annotated[
        int | None,
        Field(
            ge=0,
            le=CANDIDATES_MAX,
            description="How many leads can be screened in the period. Default: the number "
            "declared by `capacity.declared` for the same team, market and days.",
        ),
    ] = None


_NEW_SELECTION: TypeAdapter[NewSelection] = TypeAdapter(NewSelection)


@router.post(
    "/v1/selections",
    response_model=shapes.SelectionWithLeads,
    status_code=201,
    responses={
        200: {"description": "A dry run", "model": shapes.SelectionWithLeads},
        409: {
            "description": "The id belongs to another run, or the lifecycle declares no selection"
        },
    },
    openapi_extra=described_body(_NEW_SELECTION),
)
async def post_selections(
    *,
    request: Request,
    sender: SelectionsWriter,
    dry_run: Annotated[
        bool, Query(description="Only report who would be selected; record nothing.")
    ] = False,
) -> Response:
    """Run a selection: the best candidates become qualified, as many as can be screened.

    The response comes when the run is complete. If it is lost, send the request again with the same
    id; a run that was interrupted by a crash resumes automatically.
    """
    wanted = await read_model(request, _NEW_SELECTION)
    asked = selection_asked(wanted, lifecycle_of(request))
    selector = part_of(request, Selector)
    try:
        if dry_run:
            trial = await selector.try_out(asked)
            return json_answer(describe_trial(asked, trial, limit=PAGE_DEFAULT))
        await selector.select(asked, key_id=sender.key_id)
    except tuple(PROBLEMS) as error:
        raise Problem(PROBLEMS[type(error)], f"{error}.") from None
    run = await part_of(request, SelectionQueries).one(asked.id, after=0, limit=PAGE_DEFAULT)
    return json_answer(run, status=201)


@router.get("/v1/selections", response_model=shapes.Selections)
async def get_selections(
    *,
    request: Request,
    _: LeadsReader,
    before: Annotated[
        int, Query(ge=0, le=INTEGER_MAX, description="Continue with runs before this position.")
    ] = INTEGER_MAX,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List the runs, newest first. Pass `next` as `before` to continue."""
    runs = await part_of(request, SelectionQueries).page(before=before, limit=limit)
    is_more = len(runs) == limit
    next_before = runs[-1]["position"] if is_more else None
    return json_answer(shapes.Selections(selections=runs, next=next_before))


@router.get("/v1/selections/{selection_id}", response_model=shapes.SelectionWithLeads)
async def get_selection(
    *,
    request: Request,
    _: LeadsReader,
    selection_id: Annotated[str, Path(pattern=RUN_ID)],
    after: Annotated[int, Query(ge=0, le=CANDIDATES_MAX, description="Continue after a rank.")] = 0,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """Read one run: what it was based on, who was selected and who deferred, ordered by rank."""
    selections = part_of(request, SelectionQueries)
    return json_answer(await selections.one(selection_id, after=after, limit=limit))


def selection_asked(wanted: NewSelection, lifecycle: Lifecycle) -> Asked:
    """Convert days to moments in the time zone of the lifecycle in force.

    Raises Problem: request-invalid.
    """
    starts_on, ends_on = _day("/starts_on", wanted.starts_on), _day("/ends_on", wanted.ends_on)
    if ends_on < starts_on:
        raise Problem(
            "request-invalid", "The period must not end before it begins.", pointer="/ends_on"
        )
    for name, code in (("id", wanted.id), ("team", wanted.team)):
        if code is not None and not is_code(code):
            raise Problem(
                "request-invalid",
                f"The {name} becomes part of records, which are never erased. Send a code of up "
                f"to {CODE_CHARACTERS_MAX} printable ASCII characters that identifies no person.",
                pointer=f"/{name}",
                expected="a code",
            )
    if wanted.market is not None and wanted.market not in lifecycle.markets:
        raise Problem(
            "request-invalid",
            f"The lifecycle has no market {wanted.market}; expected one of: "
            f"{', '.join(lifecycle.markets)}.",
            pointer="/market",
            expected=list(lifecycle.markets),
        )
    begins_at = datetime.combine(starts_on, datetime.min.time(), ZoneInfo(lifecycle.time_zone))
    return Asked(
        id=wanted.id or new_id(),
        team=wanted.team,
        market=wanted.market,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        begins_at=begins_at,
        capacity=wanted.capacity,
    )


def _day(pointer: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(
            "request-invalid",
            "Expected a day as YYYY-MM-DD, such as 2026-11-30.",
            pointer=pointer,
        ) from None
