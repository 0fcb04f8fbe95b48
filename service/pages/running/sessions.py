"""`/sessions`: the open sessions, each of which can be ended."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.rendering import page, redirect, view_of
from service.sessions.store import SessionStore
from service.sessions.visiting import Visitor, admit, arrival_at

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/sessions", response_model=None)
async def get_sessions_page(request: Request) -> Response:
    """Show the sessions of the visitor's key, and to its administrator those of every key."""
    visitor = await admit(request)
    view = view_of(request, asked_of(request))
    store = part_of(request, SessionStore)
    listed = await store.list(_whose(visitor))
    return page(
        "sessions.html",
        view,
        listed=listed,
        shows_all=_whose(visitor) is None,
        failures=await store.list_failures() if _whose(visitor) is None else [],
        shows_names=sees_personal(visitor.sender),
    )


@router.post("/sessions/{session_id}/end", response_model=None)
async def post_session_end(request: Request, session_id: str) -> Response:
    """End a session. Raises LogInNeeded, and Problem: form-foreign, not-found."""
    visitor = await admit(request)
    arrival_at(request).check_form(request.headers)
    view = view_of(request, asked_of(request))
    try:
        ended = str(UUID(session_id))
    except ValueError:
        raise Problem("not-found", "No session has this id.") from None
    await part_of(request, SessionStore).end(ended, key_id=_whose(visitor))
    return redirect(view.url("/sessions"))


def _whose(visitor: Visitor) -> str | None:
    """Return the key whose sessions a visitor may end; None for all."""
    is_administrator = Scope.KEYS_ADMIN in visitor.sender.scopes
    return None if is_administrator else visitor.session.key_id
