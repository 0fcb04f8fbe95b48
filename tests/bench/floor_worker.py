"""The service as its worker runs it, but without the ledger: it validates and answers.

    python -m tests.bench.floor_worker SOCKET_FD READY_FD PARENT_PID

Everything else is the product's own: the server and its settings, keys, parsing, reading, the
answer. Only the intake behind the route is replaced: it answers at once what the ledger would
answer. The funnel is always the one from the first request.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from sqlalchemy import URL
from starlette.responses import Response

from events.outcomes import Moved, Outcome, Recorded
from events.refusals import Refused
from events.submission import Item, Submission
from projections.funnel.figures import Breakdown
from service.app import OpenParts, app_from_environment
from service.composition.whole import open_parts
from service.hosting import worker
from service.http.answer import json_answer
from service.http.parts import Parts
from service.ingest.reporting import Reporting
from service.routes.funnel import By, get_funnel
from service.routes.parameters import KnownAt, Lang, ProjectionsReader, Time, WaitFor
from service.settings import Settings

FUNNEL = "/v1/funnel"
LEAD = "lead/019aac1e-0000-7000-8000-000000000000"


class AnsweringDoor:
    """Answers that everything was recorded. A class, because positions increase."""

    def __init__(self) -> None:
        self._position = 0

    def admit(self) -> None:
        """Admit everything."""

    async def submit(self, submission: Submission) -> list[Outcome]:
        return [self._outcome(item) for item in submission.items]

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        future.set_result([self._outcome(item) for item in submission.items])
        return future

    def _outcome(self, item: Item | Refused) -> Outcome:
        if isinstance(item, Refused):
            return item
        self._position += 1
        return Recorded(
            self._position, bytes(32), LEAD, None, "ML", Moved("AL", "ML"), (), is_already=False
        )


async def constant_funnel(
    *,
    request: Request,
    _: ProjectionsReader,
    as_of: Time = None,
    known_at: KnownAt = None,
    by: By = Breakdown.NONE,
    lang: Lang,
    wait_for: WaitFor = None,
) -> Response:
    """Accept the parameters of the funnel's route, and repeat its first answer."""
    del as_of, known_at, by, lang, wait_for
    state = request.app.state
    if not hasattr(state, "funnel"):
        answered = await get_funnel(request=request, _=_, lang=None)
        state.funnel = orjson.loads(answered.body)
    return json_answer(state.funnel)


@asynccontextmanager
async def open_answering(settings: Settings, url: URL) -> AsyncIterator[Parts]:
    async with open_parts(settings, url) as parts:
        parts[Reporting] = replace(parts[Reporting], queue=AnsweringDoor())
        yield parts


def floor_app(_: OpenParts) -> FastAPI:
    """Make the application as a worker does, with the replaced intake."""
    app = app_from_environment(open_answering)
    app.router.routes[:] = [
        APIRoute(FUNNEL, constant_funnel, response_model=None)
        if getattr(route, "path", None) == FUNNEL
        else route
        for route in app.router.routes
    ]
    return app


if __name__ == "__main__":
    worker.main(floor_app)
