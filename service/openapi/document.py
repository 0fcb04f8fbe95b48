"""The OpenAPI document: what FastAPI knows about the routes, plus what applies to all of them."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from service.http.authentication import Needs, reporting_holder
from service.http.problem import KINDS
from service.keys.scopes import REPORTING, Scope
from service.openapi.examples import describe_example
from service.openapi.links import describe_links
from service.routes import collectors, reports
from service.routes.parameters import AFTER_POSITION

VERSION = "1"
DESCRIPTION = """The true history of every B2B lead, as events that are never changed.

Every request needs a key: `Authorization: Bearer llk_…`, or Basic with the key as the user name.
Clients of other services may send it where they always do: in `writeKey`, `api_key` or `aid`.
`/livez`, `/readyz`, `/openapi.json` and `/docs` need no key. Every unsuccessful response is
a problem (RFC 9457) with a stable `type`, what was expected, and what to do next.
"""

ERRORS_FROM = 400

_PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}
_RETRY_AFTER = {
    "Retry-After": {
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "description": "Seconds to wait before sending the same request again.",
    }
}
_HEADERS = {
    "401": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}
_FOR_ALL = {
    "414": "The URL is too long",
    "431": "The headers are too many or too large",
    "503": "The ledger or the service is unavailable or overloaded",
}
_WITH_KEY = {"401": "The key is missing or unknown", "403": "The key may not do this"}
_POSITIONS = frozenset({"wait_for", "known_at", "position", "Last-Event-ID"})
"""Parameters that may name a position of the log. `after` may, or it names something else."""
_FOR_EVENTS = {
    "400": "The body cannot be read",
    "404": "A decision about an unknown lead",
    "408": "The body did not arrive in time",
    "409": "The id belongs to another event, or the move is not allowed from here",
    "413": "Too large",
    "415": "The encoding is not supported",
    "422": "Readable, but not valid",
    "429": "The key exceeds its rate",
}


def describe_interface(app: FastAPI) -> dict[str, Any]:
    """Build the whole document."""
    document = get_openapi(
        title=app.title, version=VERSION, description=DESCRIPTION, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= reports.schemas()
    schemas["ProblemDetails"]["properties"]["code"]["enum"] = sorted(KINDS)
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "llk_…",
            "description": "A key of this ledger, `llk_…`.",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The key as the user name. The password is ignored.",
        },
    }
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route)
    return document


def needed_scopes(route: APIRoute) -> tuple[Scope, ...]:
    """Return the scopes of which a route needs one; none for an open route."""
    if route is reports.ROUTE:
        return tuple(sorted(REPORTING))
    if route in collectors.ROUTES:
        return (Scope.EVENTS_WRITE,)
    guards = [dependency.call for dependency in route.dependant.dependencies]
    if reporting_holder in guards:
        return tuple(sorted(REPORTING))
    return tuple(guard.scope for guard in guards if isinstance(guard, Needs))


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Add to an operation what FastAPI cannot know: keys, and problems as responses."""
    scopes, is_collector = needed_scopes(route), route in collectors.ROUTES
    described = dict(_FOR_ALL)
    _name(operation, route)
    if scopes:
        operation["security"] = [{"bearer": []}, {"basic": []}]
        if is_collector:
            # Or in the body or the query string, which OpenAPI cannot express.
            operation["security"].append({})
        described |= _WITH_KEY
    wanted = " or ".join(f"`{scope}`" for scope in scopes) or "no key"
    operation["description"] = f"{operation['description']}\n\nNeeds {wanted}.".strip()
    if "422" in operation["responses"] or ("requestBody" in operation and not is_collector):
        described["422"] = "A parameter or the body is not valid"
    if any(map(_may_be_a_position, operation.get("parameters", ()))):
        described["409"] = "The log ends before the requested position"
    if "requestBody" in operation:
        described |= {status: _FOR_EVENTS[status] for status in ("400", "408", "413", "415")}
    if is_collector or len(scopes) > 1:
        described |= {status: _FOR_EVENTS[status] for status in ("400", "429")}
    if "{" in route.path:
        described["404"] = "The id is not known"
    if route is reports.ROUTE:
        described |= _FOR_EVENTS
    described |= {
        str(status): answer["description"]
        for status, answer in route.responses.items()
        if int(status) >= ERRORS_FROM and "model" not in answer
    }
    for status, description in described.items():
        operation["responses"][status] = {
            "description": description,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
    describe_links(route.name, operation["responses"])
    describe_example(route.name, operation)


def _may_be_a_position(parameter: Mapping[str, Any]) -> bool:
    return parameter["name"] in _POSITIONS or parameter.get("description") == AFTER_POSITION


def _name(operation: dict[str, Any], route: APIRoute) -> None:
    """Name an operation like its function; its summary is the first line of the docstring."""
    operation["operationId"] = route.name
    summary, _, rest = operation.get("description", "").partition("\n")
    if summary and route is not reports.ROUTE:
        operation |= {"summary": summary.rstrip("."), "description": rest.strip()}
