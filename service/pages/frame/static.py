"""The style sheet and the module, each at an address that contains a digest of it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.http.answer import Answer
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.limits import STATIC_S
from service.pages.frame.rendering import static_file

router = APIRouter(include_in_schema=False, route_class=ExactRoute)

_HEADERS = (
    (b"cache-control", f"public, max-age={STATIC_S}, immutable".encode()),
    (b"x-content-type-options", b"nosniff"),
)


_TYPES = {"pages.css": b"text/css; charset=utf-8", "pages.js": b"text/javascript; charset=utf-8"}


@router.get("/static/{digest}/{name}", response_model=None)
async def get_static_file(digest: str, name: str, request: Request) -> Response:  # noqa: ARG001 - of the path
    """Answer with a file. Raises Problem: not-found."""
    found = static_file(name) if name in _TYPES else None
    if found is None or request.url.path != found.path:
        raise Problem("not-found", "The pages name another version of this file; read them again.")
    return Answer(200, found.body, media_type=_TYPES[name], headers=_HEADERS)
