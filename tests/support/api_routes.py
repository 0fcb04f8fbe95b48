"""The routes of the API. Those of pages are opened by a session, and are tested on their own."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.pages.frame.answering import PageRoute

STATIC = "/static/{digest}/{name}"


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Return the routes that a key opens, and those that are open to everyone."""
    return [
        route
        for route in app.routes
        if isinstance(route, APIRoute) and not isinstance(route, PageRoute) and route.path != STATIC
    ]


def page_paths(app: FastAPI, method: str = "GET") -> list[str]:
    """Return the paths of pages that are read, or of forms that are sent with POST."""
    return [
        route.path_format
        for route in app.routes
        if isinstance(route, PageRoute) and method in (route.methods or ())
    ]
