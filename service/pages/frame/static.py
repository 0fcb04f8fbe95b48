"""The style sheet, at an address that contains a digest of it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.http.answer import Answer
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.limits import STATIC_S
from service.pages.frame.rendering import style_sheet

router = APIRouter(include_in_schema=False, route_class=ExactRoute)

_HEADERS = (
    (b"cache-control", f"public, max-age={STATIC_S}, immutable".encode()),
    (b"x-content-type-options", b"nosniff"),
)


@router.get("/static/{digest}/pages.css", response_model=None)
async def get_style_sheet(digest: str, request: Request) -> Response:  # noqa: ARG001 - of the path
    """Answer with the style sheet. Raises Problem: not-found."""
    found = style_sheet()
    if request.url.path != found.path:
        raise Problem("not-found", "The pages name another version of this file; read them again.")
    return Answer(200, found.body, media_type=b"text/css; charset=utf-8", headers=_HEADERS)
