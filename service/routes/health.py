"""`/livez`, `/readyz`, `/metrics`: for operators."""

import asyncio

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from projections.engine.transactions import UNAVAILABLE
from service.clock import Clock
from service.http.answer import Answer, json_answer
from service.http.authentication import Needs
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.intake.store import IntakeStore
from service.keys.scopes import Scope
from service.limits import KEY_WAIT_S
from service.metrics import Metrics
from service.reading.readiness import Examination, count_pending, count_set_aside
from service.reading.rosters import today_of
from service.refusals.store import RefusalStore
from service.routes.parameters import ProjectionsReader, lifecycle_of
from service.shapes import administration as shapes

_NOT_FOUND_OUT: tuple[type[Exception], ...] = (Problem, *UNAVAILABLE)

router = APIRouter(tags=["health"], route_class=ExactRoute)


@router.get("/livez", response_model=shapes.Alive)
async def get_livez() -> Response:
    """Answer while the process is alive. Needs no key."""
    return json_answer(shapes.Alive(status="alive"))


@router.get("/readyz", response_model=shapes.Ready, response_model_exclude_unset=True)
async def get_readyz(request: Request) -> Response:
    """Report whether the process can do its work: 503 says what is wrong. Needs no key.

    With a key that has `projections:read` it also reports how far each projection is.
    """
    health = await part_of(request, Examination).health()
    content: shapes.Readiness = {"checks": health.checks}
    if health.projections is not None and await _may_see_positions(request):
        content["revision"] = health.revision
        content["projections"] = health.projections
    if health.failures:
        raise Problem("not-ready", f"Not ready: {'; '.join(health.failures)}.", **content)
    return json_answer(shapes.Ready({"status": "ready", **content}))


async def _may_see_positions(request: Request) -> bool:
    """Return whether the request's key may see positions. One that may not still gets the rest."""
    try:
        async with asyncio.timeout(KEY_WAIT_S):
            await Needs(Scope.PROJECTIONS_READ)(request)
    except _NOT_FOUND_OUT:
        return False
    return True


@router.get("/metrics", response_model=None, response_class=PlainTextResponse)
async def get_metrics(request: Request, _: ProjectionsReader) -> Response:
    """Read the metrics in Prometheus text format."""
    metrics, serving = part_of(request, Metrics), part_of(request, Examination).serving
    for lag in await serving.checkpoints.lags():
        metrics.lags(
            lag.name,
            lag.events,
            is_stopped=lag.failure is not None,
            to_rebuild=0
            if lag.rebuilt_position is None
            else lag.head_position - lag.rebuilt_position,
        )
    metrics.leads_set_aside(await count_set_aside(serving))
    metrics.leads_pending(await count_pending(serving))
    waiting = await part_of(request, RefusalStore).waiting()
    oldest_at = min((kind.oldest_at for kind in waiting), default=None)
    metrics.refusals_wait(
        {kind.reason: kind.refusals for kind in waiting},
        oldest_s=(part_of(request, Clock).now() - oldest_at).total_seconds()
        if oldest_at is not None
        else 0,
    )
    today = today_of(lifecycle_of(request), part_of(request, Clock).now())
    metrics.sources_silent(len(await part_of(request, IntakeStore).silent(today)))
    metrics.webhooks(**(await serving.deliveries.totals())._asdict())
    body = metrics.exposition()
    return Answer(200, body, media_type=CONTENT_TYPE_LATEST.encode())
