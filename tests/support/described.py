"""Check that every answer is described: tests that ask anything also test the document."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import Match

from service.shapes.shape import ProblemDetails

ERRORS_FROM = 400


def check_described(app: FastAPI) -> Callable[[httpx.Response], Awaitable[None]]:
    """Return a hook for a client, which raises on an answer that is not what its route describes.

    The type checker compares answers with their shapes. This compares what it cannot know: that a
    route answers with the shape that it declares, and values that come from the database.
    """

    async def check(response: httpx.Response) -> None:
        if response.request.method == "HEAD":
            return
        media_type = response.headers.get("content-type", "")
        if media_type == "application/problem+json":
            assert response.status_code >= ERRORS_FROM
            shape = ProblemDetails
        elif media_type == "application/json" and (route := _route_of(app, response.request)):
            shape = _shape_of(route, response.status_code)
        else:
            return
        _adapter(shape).validate_json(await response.aread(), strict=True)

    return check


def _route_of(app: FastAPI, request: httpx.Request) -> APIRoute | None:
    scope = {"type": "http", "path": request.url.path, "method": request.method}
    return next(
        (
            route
            for route in app.routes
            if isinstance(route, APIRoute)
            and route.include_in_schema
            and route.matches(scope)[0] is Match.FULL
        ),
        None,
    )


def _shape_of(route: APIRoute, status: int) -> Any:
    if status == (route.status_code or 200):
        return route.response_model
    assert status in route.responses, f"{route.path} describes no answer with status {status}"
    return route.responses[status]["model"]


@lru_cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
