"""`/login` and `/logout`: a key is posted once, and a session stands for it afterwards."""

from time import monotonic
from typing import Final

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from service.bodies.body_memory import MemoryBudgets
from service.http.authentication import holder_of
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.directory import Holder, KeyDirectory
from service.keys.key_text import KeyMalformed, parse
from service.keys.scopes import Scope
from service.limits import LOG_IN_BYTES_MAX, SESSION_S
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.forms import path_here, read_form
from service.pages.frame.rendering import page, redirect, view_of
from service.sessions.store import SessionStore
from service.sessions.visiting import arrival_at, visitor_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)

log = structlog.get_logger()

READING: Final = frozenset({Scope.PROJECTIONS_READ, Scope.LEADS_READ})
"""A key needs one of these to log in: without them there is no page for it."""
_UNKNOWN: Final = 401
_TOO_MANY: Final = 429
_RETRY: Final = ((b"retry-after", b"5"),)


@router.get("/login", response_model=None)
async def get_login(request: Request) -> Response:
    """Show the form, or lead on a visitor who is logged in. Raises Problem: https-needed."""
    visitor = await visitor_of(request)
    view = view_of(request, asked_of(request, "next"))
    wanted = path_here(view.asked.get("next"))
    if visitor is not None:
        return redirect(view.url(wanted) if wanted == "/" else wanted)
    return page("login.html", view, wanted=wanted, failure=None)


@router.post("/login", response_model=None)
async def post_login(request: Request) -> Response:
    """Open a session for a key. Raises Problem: https-needed, form-foreign, body-too-large."""
    arrival, budget = arrival_at(request), part_of(request, MemoryBudgets).strangers
    form = await read_form(request, budget, bytes_max=LOG_IN_BYTES_MAX)
    view = view_of(request, {name: form[name] for name in ("lang",) if name in form})
    wanted = path_here(form.get("next"))
    sessions = part_of(request, SessionStore)
    given = form.get("key", "").strip()
    holder, failure = await _examined(part_of(request, KeyDirectory), given)
    if holder is not None:
        token = await sessions.open(holder.key.key_id)
        log.info("page.logged_in", key=holder.key.key_id)
        cookie = arrival.set_cookie(token, seconds=SESSION_S)
        return redirect(wanted, (b"set-cookie", cookie.encode()))
    if sessions.failing.wait_s(monotonic()) > 0:
        # Not logged either: otherwise anyone could fill the disk.
        failed = {"wanted": wanted, "failure": "too_many"}
        return page("login.html", view, status=_TOO_MANY, headers=_RETRY, **failed)
    sessions.failing.take(1)
    log.warning("page.log_in_failed", reason=failure)
    await sessions.note_failure(str(failure), _public_id(given))
    return page("login.html", view, status=_UNKNOWN, wanted=wanted, failure=failure)


@router.post("/logout", response_model=None)
async def post_logout(request: Request) -> Response:
    """End the session. Raises Problem: https-needed, form-foreign."""
    arrival = arrival_at(request)
    arrival.check_form(request.headers)
    visitor = await visitor_of(request)
    if visitor is not None:
        await part_of(request, SessionStore).end(visitor.session.session_id, key_id=None)
    view = view_of(request, asked_of(request))
    gone = arrival.set_cookie("", seconds=0)
    return redirect(view.url("/login"), (b"set-cookie", gone.encode()))


async def _examined(keys: KeyDirectory, text: str) -> tuple[Holder | None, str | None]:
    """Return the holder of a key that may log in, or why it may not."""
    try:
        holder = await holder_of(keys, text, b"")
    except Problem as problem:
        return None, problem.reason
    if holder.key.terms.person is None:
        return None, "not-a-person"
    return (holder, None) if READING & holder.sender.scopes else (None, "no-pages")


def _public_id(text: str) -> str | None:
    """Return the public id of what has the form of a key."""
    try:
        return parse(text).key_id
    except KeyMalformed:
        return None
