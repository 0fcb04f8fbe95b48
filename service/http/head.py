"""Limit the size of a complete request head before anything else reads it."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.answer import problem_answer
from service.http.problem import Problem
from service.limits import HEAD_BYTES_MAX, HEADERS_MAX, URL_BYTES_MAX


class BoundedHeads:
    """Wrap the application; a class, because that is how Starlette adds layers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            problem = examine_head(scope)
            if problem is not None:
                await problem_answer(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def examine_head(scope: Any) -> Problem | None:
    """Return the problem with a head that is too long or has too many headers, or None."""
    url_bytes = len(scope["raw_path"] or b"") + len(scope["query_string"])
    if url_bytes > URL_BYTES_MAX:
        return Problem(
            "url-too-long",
            f"A URL may have at most {URL_BYTES_MAX} bytes. Ask for less at once.",
            expected=URL_BYTES_MAX,
            found=url_bytes,
        )
    headers = scope["headers"]
    if len(headers) > HEADERS_MAX:
        return Problem(
            "head-too-large",
            f"A request may have at most {HEADERS_MAX} headers. Send only those that are needed.",
            expected=HEADERS_MAX,
            found=len(headers),
        )
    size = sum([len(name) + len(value) for name, value in headers])
    if size > HEAD_BYTES_MAX:
        return Problem(
            "head-too-large",
            f"The headers of a request may take at most {HEAD_BYTES_MAX} bytes. Send less in them.",
            expected=HEAD_BYTES_MAX,
            found=size,
        )
    return None
