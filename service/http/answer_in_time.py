"""Bound the time of read-only requests: GET, and HEAD, which is GET without the body.

Every read has the same limit, set in one place, whatever its route does. The watch notices an
unresponsive database much sooner; this limit is for work that takes a healthy database too long.
Writes are not cut short: appends are bounded where they enter the ledger, and a bulk operation
finishes what it has begun.
"""

import asyncio
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.answer import problem_answer
from service.http.problem import Problem
from service.limits import QUESTION_WAIT_S

ASKED_AS = "leadledger.asked_as"
"""The scope key that keeps the original method of a request whose method is now GET."""


class AnswerInTime:
    """Wrap the application. A class, because ASGI calls it."""

    def __init__(self, app: ASGIApp, *, reporting_paths: Collection[str]) -> None:
        self._app, self._reporting_paths = app, reporting_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._reporting_paths:
            await self._app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._ask(scope, receive, send, is_head=False)
        elif scope["method"] == "HEAD":
            asked = {**scope, "method": "GET", ASKED_AS: "HEAD"}
            await self._ask(asked, receive, send, is_head=True)
            # The log needs the route.
            scope["route"] = asked.get("route")
        else:
            await self._app(scope, receive, send)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, *, is_head: bool) -> None:
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            if timeout.expired():
                # Just too late: the problem is the answer.
                return
            if not is_head:
                has_begun = True
                timeout.reschedule(None)
                await send(message)
            elif not has_begun:
                has_begun = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                # HEAD needs nothing else, and a stream would run for hours.
                timeout.reschedule(0)

        timeout = asyncio.timeout(QUESTION_WAIT_S)
        try:
            async with timeout:
                await self._app(scope, receive, sending)
        except TimeoutError:
            if not timeout.expired():
                raise
            if not has_begun:
                await problem_answer(_too_long())(scope, receive, send)


def _too_long() -> Problem:
    return Problem(
        "ledger-unavailable",
        f"No answer after {QUESTION_WAIT_S:.0f} s: the database is busy, or the request asks for "
        "too much. Try again after the time in Retry-After, or ask for less at once.",
    )
