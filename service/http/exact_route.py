"""Routes that reject unknown query parameters instead of ignoring them.

If a misspelt `as-of` were ignored, the caller would ask about last year, get the funnel of now, and
see nothing in the response that says so. Routes that clients of other services post to are exempt,
because those clients add parameters of their own.
"""

from collections.abc import Mapping
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.lifecycle.names import suggestion
from service.http.problem import Problem
from service.limits import NAME_SHOWN_CHARACTERS_MAX


class ExactRoute(APIRoute):
    """A route that runs its function only if all query parameters are known."""

    def __init__(self, *described: Any, **more: Any) -> None:
        super().__init__(*described, **more)
        make_exact(self)


def make_exact(route: APIRoute) -> None:
    """Make a route reject query parameters that it does not document."""
    route.app = _exact(route.app, _parameters_of(route))


def _exact(app: ASGIApp, parameters: Mapping[str, bool]) -> ASGIApp:
    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            _check(scope["query_string"], parameters)
        await app(scope, receive, send)

    return checked


def _check(query_string: bytes, parameters: Mapping[str, bool]) -> None:
    """Raise Problem: parameter-invalid, for an unknown parameter or a second value."""
    seen: set[str] = set()
    for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        shown = name[:NAME_SHOWN_CHARACTERS_MAX]
        if name not in parameters:
            instead = suggestion(name, parameters) if parameters else "it takes none"
            raise Problem(
                "parameter-invalid",
                f"This route has no parameter {shown}; {instead}.",
                parameter=shown,
                expected=sorted(parameters),
            )
        if name in seen and not parameters[name]:
            raise Problem(
                "parameter-invalid",
                f"{shown} is given twice, but only one value can be used: remove one of them.",
                parameter=shown,
            )
        seen.add(name)


def _parameters_of(route: APIRoute) -> dict[str, bool]:
    """Return the query parameters that a route documents; True for those with several values."""
    read = {
        field.alias: _has_several(field.field_info.annotation)
        for field in get_flat_params(route.dependant)
        if isinstance(field.field_info, Query)
    }
    described = (route.openapi_extra or {}).get("parameters", ())
    return {**{known["name"]: False for known in described if known["in"] == "query"}, **read}


def _has_several(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))
