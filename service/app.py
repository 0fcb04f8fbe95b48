"""The application: routes, layers, documents."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from sqlalchemy import URL

from service.composition.whole import open_parts
from service.engine import database_url
from service.http.access_log import AccessLog
from service.http.answer_in_time import AnswerInTime
from service.http.cors import Cors
from service.http.head import BoundedHeads
from service.http.parts import Parts
from service.http.problem_handlers import handle_problems
from service.openapi.pages import serve_documents
from service.pages import ROUTERS as PAGE_ROUTERS
from service.routes import ROUTERS, collectors, reports
from service.settings import Settings, read_settings

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's default would send exception messages elsewhere, and these may quote personal data."""

OPEN_PATHS = frozenset({reports.PATH, *collectors.PATHS})
"""The only paths to which web pages may report."""

Opening = Callable[[], AbstractAsyncContextManager[Parts]]
OpenParts = Callable[[Settings, URL], AbstractAsyncContextManager[Parts]]


def create_app(opening: Opening) -> FastAPI:
    """Make the application. `opening` is called at startup, in its event loop."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="leadledger",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        lifespan=lifespan,
    )
    handle_problems(app, reporting_paths=collectors.PATHS)
    # First, because every event goes through it, and routes are tried in order.
    app.router.routes.insert(0, reports.ROUTE)
    for router in (*ROUTERS, *PAGE_ROUTERS):
        app.router.routes.extend(router.routes)
    app.router.routes.extend(collectors.ROUTES)
    app.add_middleware(AnswerInTime, reporting_paths=collectors.PATHS)
    app.add_middleware(Cors, open_paths=OPEN_PATHS)
    app.add_middleware(BoundedHeads)
    app.add_middleware(AccessLog)
    serve_documents(app)
    return app


def app_from_environment(open_parts: OpenParts = open_parts) -> FastAPI:
    """Make the application of one process, with the settings of its environment."""
    settings = read_settings()
    return create_app(lambda: open_parts(settings, database_url(settings)))
