"""`/livez`, `/readyz`, `/metrics`: for operators."""

import asyncio

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from projections.engine.transactions import UNAVAILABLE
from service.http.answer import Answer, json_answer
from service.http.authentication import Needs
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import KEY_WAIT_S
from service.reading.readiness import count_set_aside, health_of
from service.routes.parameters import ProjectionsReader, services_of
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
    services = services_of(request)
    health = await health_of(services)
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
    services = services_of(request)
    for lag in await services.runner.lags():
        services.metrics.lags(lag.name, lag.events, is_stopped=lag.failure is not None)
    services.metrics.leads_set_aside(await count_set_aside(services))
    waiting = await services.refusals.waiting()
    oldest_at = min((kind.oldest_at for kind in waiting), default=None)
    services.metrics.refusals_wait(
        {kind.reason: kind.refusals for kind in waiting},
        oldest_s=(services.now() - oldest_at).total_seconds() if oldest_at is not None else 0,
    )
    services.metrics.webhooks(**(await services.webhooks.queue.totals())._asdict())
    body = services.metrics.exposition()
    return Answer(200, body, media_type=CONTENT_TYPE_LATEST.encode())
