"""Reports from web pages: answer what a browser asks before a script may send (CORS).

A preflight carries no key, so it succeeds for every origin that any valid key lists. Authentication
then decides whether the key itself is for that origin. The preflight only lets the browser show the
answer to the page.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.answer import Answer, problem_answer
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.directory import KeyDirectory
from service.limits import PREFLIGHT_REMEMBERED_S

_OF_POSTHOG = b"posthog-attempt, posthog-request-id, posthog-request-timestamp, posthog-sdk-info"
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, prefer, " + _OF_POSTHOG,
    ),
    (b"access-control-max-age", b"%d" % PREFLIGHT_REMEMBERED_S),
)
_VARY = (b"vary", b"origin")
_SHOWN = (b"access-control-expose-headers", b"retry-after, x-request-id, preference-applied")


class Cors:
    """Wrap the application. A class, because ASGI calls it."""

    def __init__(self, app: ASGIApp, *, open_paths: Collection[str]) -> None:
        """Wrap it. Only `open_paths` are open to web pages."""
        self._app, self._open_paths = app, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] == "http" and scope["path"] in self._open_paths
        origin = _origin(scope) if is_open else b""
        if not origin:
            await self._app(scope, receive, send)
            return
        is_listed = await part_of(scope, KeyDirectory).lists(origin)
        if _is_preflight(scope):
            answer = _preflight(origin) if is_listed else _refusal()
            await answer(scope, receive, send)
            return

        async def showing(message: Message) -> None:
            if message["type"] == "http.response.start":
                allowed = [(b"access-control-allow-origin", origin), _SHOWN] if is_listed else []
                message["headers"] = [*message["headers"], *allowed, _VARY]
            await send(message)

        await self._app(scope, receive, showing)


def _origin(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"origin"), b"")


def _is_preflight(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


def _preflight(origin: bytes) -> Answer:
    allowed = (b"access-control-allow-origin", origin)
    return Answer(200, b"", headers=(allowed, *_PREFLIGHT, _VARY))


def _refusal() -> Answer:
    return problem_answer(
        Problem(
            "origin-not-allowed",
            "No key of this ledger lists this origin. An administrator of the keys can create one "
            "with `origins` (POST /v1/keys).",
        )
    )
