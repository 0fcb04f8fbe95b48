"""The routes of the API. Those of pages are opened by a session, and are tested on their own."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.pages.frame.answering import PageRoute

STYLE_SHEET = "/static/{digest}/pages.css"


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Return the routes that a key opens, and those that are open to everyone."""
    return [
        route
        for route in app.routes
        if isinstance(route, APIRoute)
        and not isinstance(route, PageRoute)
        and route.path != STYLE_SHEET
    ]


def page_paths(app: FastAPI) -> list[str]:
    """Return the paths of pages that are read with GET."""
    return [
        route.path_format
        for route in app.routes
        if isinstance(route, PageRoute) and "GET" in (route.methods or ())
    ]
