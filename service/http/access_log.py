"""Log one line per request, give it an id, and count it in the metrics.

The outermost layer, because it must see what every other layer makes of a request. Unexpected
errors end here: the sender gets a problem with the request's id, and the log gets the kind of error
and where it was raised. Neither gets the error's message, which may quote personal data.
"""

import itertools
import os
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events.faults import fault_of
from service.http.parts import part_of
from service.http.problem import MEDIA_TYPE, ClientGone, Problem
from service.metrics import Metrics

CLIENT_GONE = 499
"""No answer was sent: the client had left. Written in logs and metrics only."""
REQUEST_ID = b"x-request-id"

log = structlog.get_logger()
_numbers = itertools.count(1)
_process = f"{os.getpid():x}-{os.urandom(3).hex()}"


class AccessRecord:
    """What is known about one request. A class, because it is filled in while the request runs."""

    __slots__ = ("duplicates", "number", "recorded", "refused", "status")

    def __init__(self) -> None:
        self.number = next(_numbers)
        self.status = 0
        self.recorded = self.duplicates = self.refused = 0

    def count(self, recorded: int, duplicates: int, refused: int) -> None:
        """Add the outcomes of some of the request's events."""
        self.recorded += recorded
        self.duplicates += duplicates
        self.refused += refused

    @property
    def id(self) -> str:
        return f"{_process}-{self.number:x}"


class AccessLog:
    """Wrap the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = scope["visit"] = AccessRecord()
        began = perf_counter()

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID, visit.id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, observe)
        except ClientGone:
            visit.status = CLIENT_GONE
        except Exception as error:  # noqa: BLE001 - the last resort for unexpected errors
            _log_error(error, visit)
            if not visit.status:
                await _answer_unexpected(observe, visit)
        finally:
            self._close(scope, visit, perf_counter() - began)

    def _close(self, scope: Scope, visit: AccessRecord, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "unmatched")
        part_of(scope, Metrics).visited(route, visit.status, seconds)
        counts = (
            {"recorded": visit.recorded, "duplicates": visit.duplicates, "refused": visit.refused}
            if visit.recorded or visit.duplicates or visit.refused
            else {}
        )
        log.info(
            "http.answered",
            request=visit.id,
            method=scope["method"],
            route=route,
            status=visit.status,
            ms=round(seconds * 1000, 1),
            **counts,
        )


def visit_of(scope: Scope) -> AccessRecord:
    """Return the record of a request."""
    visit: AccessRecord = scope["visit"]
    return visit


def _log_error(error: Exception, visit: AccessRecord) -> None:
    log.error("http.unexpected_error", request=visit.id, **fault_of(error)._asdict())


async def _answer_unexpected(send: Any, visit: AccessRecord) -> None:
    problem = Problem(
        "unexpected",
        "The service failed unexpectedly. Send the request again later; if the fault persists, "
        "report the request id.",
        request=visit.id,
    )
    body = problem.body
    headers = [(b"content-type", MEDIA_TYPE), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
