"""Turn every error into a problem, including FastAPI's own."""

from collections.abc import Collection

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from events.database.failures import CONNECTION_LOST, LedgerUnavailable, QueueFull
from events.signals.validation import expected_of
from projections.engine.failures import NotYetProjected
from service.http.answer import problem_answer
from service.http.answer_in_time import ASKED_AS
from service.http.problem import KINDS, Problem

_OF_DATABASE = (*CONNECTION_LOST, DBAPIError, PoolTimeoutError, OSError)
"""An unreachable database; any other error of the database is the service's own fault."""
AWAY = "The database is not answering. Send the same again after the time in Retry-After."


def handle_problems(app: FastAPI, *, reporting_paths: Collection[str]) -> None:
    """Register an answer for every expected error.

    A GET to one of the `reporting_paths` is a report, so there is no HEAD for it.
    """
    app.state.reporting_paths = reporting_paths
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    for error in (Problem, LedgerUnavailable, NotYetProjected, *_OF_DATABASE):
        app.add_exception_handler(error, _answer_expected)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an error of an endpoint means; None if it is the service's fault."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, LedgerUnavailable):
        return _unavailable(error)
    if isinstance(error, NotYetProjected):
        return Problem("not-ready", f"{error}.")
    if not isinstance(error, _OF_DATABASE) or (
        isinstance(error, DBAPIError) and not _is_away(error)
    ):
        return None
    return Problem("ledger-unavailable", AWAY)


async def _answer_expected(_: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        raise error
    return problem_answer(problem)


async def _answer_invalid(_: Request, error: Exception) -> Response:
    """A parameter that FastAPI reads itself: say which, and what was expected."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    location, *path = (str(part) for part in first["loc"])
    name = path[0] if path else location
    expected = expected_of(first)
    found = "is missing" if first["type"] == "missing" else f"is not {expected}"
    return problem_answer(
        Problem(
            "parameter-invalid",
            f"The parameter {name} ({location}) {found}.",
            parameter=name,
            expected=expected,
        )
    )


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == KINDS["method-not-allowed"].status:
        allowed = ", ".join(_methods_here(request))
        method = request.scope.get(ASKED_AS, request.method)
        detail = f"{method} is not allowed here; allowed: {allowed}."
        return problem_answer(Problem("method-not-allowed", detail, headers={"allow": allowed}))
    if error.status_code == KINDS["not-found"].status:
        return problem_answer(
            Problem("not-found", "This path does not exist; /docs lists the paths that do.")
        )
    return problem_answer(Problem("request-invalid", str(error.detail)))


def _methods_here(request: Request) -> list[str]:
    """Return the methods that all routes of this path allow; Starlette knows only the first."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.path_regex.match(request.url.path):
            found |= route.methods or set()
            if "GET" in found and route.path not in request.app.state.reporting_paths:
                found.add("HEAD")
    return sorted(found)


def _unavailable(error: LedgerUnavailable) -> Problem:
    reason = "queue-full" if isinstance(error, QueueFull) else "ledger-unavailable"
    return Problem(
        reason,
        f"It is not certain that anything was recorded: {error}. Send the same ids again after the "
        "time in Retry-After; no event is recorded twice.",
    )


def _is_away(error: DBAPIError) -> bool:
    cause = error.orig.__cause__ if error.orig is not None else None
    is_ours = isinstance(cause, asyncpg.DataError)
    return error.connection_invalidated or (
        isinstance(cause, (*CONNECTION_LOST, OSError)) and not is_ours
    )
