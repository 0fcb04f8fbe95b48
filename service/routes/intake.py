"""`/v1/intake`: how much came in from each source, and what became of it."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.clock import Clock
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.intake.describing import describe_intake
from service.intake.store import IntakeStore
from service.limits import INTAKE_DAYS_DEFAULT, INTAKE_DAYS_MAX
from service.reading.rosters import today_of
from service.routes.parameters import EventsReader, Lang, lifecycle_of
from service.shapes import refusals as shapes
from service.tables.listed import list_sheet
from service.tables.preferred import TABLES, answer_as_preferred

router = APIRouter(tags=["refusals"], route_class=ExactRoute)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_Day = {"format": "date"}
_Past = Annotated[str | None, Query(include_in_schema=False)]


@router.get("/v1/intake", response_model=shapes.Intake, responses=TABLES)
async def get_intake(
    *,
    request: Request,
    _: EventsReader,
    since: Annotated[
        str | None,
        Query(
            alias="from",
            description="The first day; by default the last 28.",
            json_schema_extra=_Day,
        ),
    ] = None,
    until: Annotated[
        str | None,
        Query(alias="to", description="The last day; by default today.", json_schema_extra=_Day),
    ] = None,
    as_of: _Past = None,
    known_at: _Past = None,
    lang: Lang,
) -> Response:
    """Count what came in, by source and day: received = recorded + duplicates + refused + ignored.

    An item counts on the day of its answer, in the time zone of the lifecycle. Of each source it
    also says when it was last heard, and whether it has been silent for longer than usual. A period
    has at most 100 days.
    """
    for name, past in (("as_of", as_of), ("known_at", known_at)):
        if past is not None:
            raise Problem(
                "parameter-invalid",
                f"What came in is counted as it comes, and never changes afterwards, so {name} "
                "means nothing here. Use from and to.",
                parameter=name,
            )
    lifecycle = lifecycle_of(request)
    today = today_of(lifecycle, part_of(request, Clock).now())
    first, last = period_of(since, until, today=today)
    store = part_of(request, IntakeStore)
    counts, heard = await store.counts(first, last), await store.sources(today)
    content = describe_intake(counts, heard, lifecycle, first=first, last=last)
    return await answer_as_preferred(
        request,
        content,
        lambda: list_sheet(
            "intake", shapes.IntakeDay, [_in_cells(day) for day in content["days"]], lang
        ),
    )


def period_of(since: str | None, until: str | None, *, today: date) -> tuple[date, date]:
    """Read the first and the last day. Raises Problem: parameter-invalid."""
    last = _day_in("to", until) if until else today
    first = _day_in("from", since) if since else _days_before(last, INTAKE_DAYS_DEFAULT - 1)
    if not 0 <= (last - first).days < INTAKE_DAYS_MAX:
        raise Problem(
            "parameter-invalid",
            f"from must not be after to, and both may be at most {INTAKE_DAYS_MAX} days apart, "
            f"inclusive; found {first} to {last}.",
            parameter="from",
        )
    return first, last


def _days_before(day: date, days: int) -> date:
    return max(date.min + timedelta(days=days), day) - timedelta(days=days)


def _day_in(name: str, text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Problem("parameter-invalid", f"{name} must be a day, such as 2026-11-22.", parameter=name)


def _in_cells(day: shapes.IntakeDay) -> Mapping[str, Any]:
    return {**day, "reasons": {entry["reason"]: entry["items"] for entry in day["reasons"]}}
