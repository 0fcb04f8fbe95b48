"""Routes of pages: an error becomes a page as well, and no session leads to the log-in."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from domain.lifecycle.names import suggestion
from service.http.problem import Problem
from service.http.problem_handlers import problem_of
from service.limits import NAME_SHOWN_CHARACTERS_MAX, PARAMETER_NAME_MAX
from service.pages.frame.rendering import page, redirect, view_of
from service.pages.frame.wording import catalogue
from service.sessions.visiting import LogInNeeded

LANG: Final = "lang"
_NEXT: Final = "next"


class PageRoute(APIRoute):
    """A route whose every answer is a page."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap the endpoint, which FastAPI asks for once."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except LogInNeeded:
                return redirect(_log_in(request))
            except RequestValidationError:
                return _error_page(request, Problem("not-found", "This address does not exist."))
            except Exception as error:
                problem = problem_of(error)
                if problem is None:
                    raise
                return _error_page(request, problem)

        return answered


def asked_of(request: Request, *known: str) -> Mapping[str, str]:
    """Read the parameters of a page's URL; one that was left empty in a form is absent.

    Raises Problem: parameter-invalid, for an unknown parameter or a second value.
    """
    found: dict[str, str] = {}
    for name, value in parse_qsl(request.url.query, keep_blank_values=True):
        shown = name[:NAME_SHOWN_CHARACTERS_MAX]
        if name not in (*known, LANG):
            instead = suggestion(name, known) if known else "it takes none"
            raise Problem("parameter-invalid", f"This page has no parameter {shown}; {instead}.")
        if name in found:
            raise Problem("parameter-invalid", f"{shown} is given twice: remove one of them.")
        if len(value) > PARAMETER_NAME_MAX or "\0" in value:
            raise Problem(
                "parameter-invalid",
                f"{shown} must be text of at most {PARAMETER_NAME_MAX} characters, without NUL.",
            )
        if value:
            found[name] = value
    return found


def _language_of(request: Request) -> Mapping[str, str]:
    """Read the only parameter that an error page needs, whatever the others are."""
    given = dict(parse_qsl(request.url.query))
    return {LANG: given[LANG]} if LANG in given else {}


def _log_in(request: Request) -> str:
    """Return the address of the log-in, which leads back to a page that was asked for.

    A form is not sent again.
    """
    query = request.url.query
    wanted = f"{request.url.path}?{query}" if query else request.url.path
    lang = _language_of(request)
    leads_back = request.method == "GET" and wanted != "/"
    given = {**lang, _NEXT: wanted} if leads_back else lang
    return f"/login?{urlencode(given)}" if given else "/login"


def _error_page(request: Request, problem: Problem) -> Response:
    view = view_of(request, _language_of(request))
    reason = problem.reason if f"problem.{problem.reason}" in catalogue("en") else "other"
    headers = tuple((name.encode(), value.encode()) for name, value in problem.headers.items())
    return page(
        "problem.html",
        view,
        status=problem.status,
        headers=headers,
        reason=reason,
        detail=problem.detail,
    )
