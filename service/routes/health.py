"""`/livez`, `/readyz`, `/metrics`: for whoever runs the service."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from service import shapes
from service.answers import Answer, json_answer
from service.problems import Problem
from service.reading.health import count_set_aside, examine
from service.routes.parameters import ProjectionsReader, services_of

router = APIRouter(tags=["health"])


@router.get("/livez", response_model=shapes.Alive)
async def get_livez() -> Response:
    """Tell that the process answers. Open to everybody."""
    return json_answer({"status": "alive"})


@router.get("/readyz", response_model=shapes.Ready)
async def get_readyz(request: Request) -> Response:
    """Tell whether the process can do its work: 503 says what is wrong. Open to everybody."""
    health = await examine(services_of(request))
    if health.wrong:
        raise Problem(
            "not-ready",
            f"Not ready: {'; '.join(health.wrong)}.",
            wrong=health.wrong,
            warnings=health.warnings,
            **health.details,
        )
    return json_answer({"status": "ready", "warnings": health.warnings, **health.details})


@router.get("/metrics", response_model=None, response_class=PlainTextResponse)
async def get_metrics(request: Request, _: ProjectionsReader) -> Response:
    """Read the metrics in Prometheus' text format."""
    services = services_of(request)
    for lag in await services.runner.lags():
        services.metrics.lags(lag.name, lag.events, is_stopped=lag.failure is not None)
    services.metrics.leads_set_aside(await count_set_aside(services))
    waiting = await services.refusals.waiting()
    oldest_at = min((one.oldest_at for one in waiting), default=None)
    services.metrics.refusals_wait(
        {one.reason: one.refusals for one in waiting},
        oldest_s=(services.now() - oldest_at).total_seconds() if oldest_at is not None else 0,
    )
    services.metrics.webhooks(**(await services.webhooks.queue.totals())._asdict())
    body = services.metrics.exposition()
    return Answer(200, body, media_type=CONTENT_TYPE_LATEST.encode())
