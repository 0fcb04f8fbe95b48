"""Answers as bytes that are ready to be sent: no layer between a route and the wire."""

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.http.problem import MEDIA_TYPE, Problem
from service.shapes.shape import Shape

JSON = b"application/json"
NDJSON = "application/x-ndjson"


class Answer(Response):
    """A finished body with its type. A class, because Starlette calls responses.

    It leaves out what Starlette's own response does every time: charsets, cookies, header lists
    built from dictionaries.
    """

    def __init__(
        self,
        status: int,
        body: bytes,
        *,
        media_type: bytes = JSON,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [
            (b"content-type", media_type),
            (b"content-length", b"%d" % len(body)),
            *headers,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})


def json_answer(content: Shape, status: int = 200) -> Answer:
    """Answer with a described JSON object: a dictionary that has no shape is a type error."""
    return Answer(status, orjson.dumps(content, default=str))


def problem_answer(problem: Problem) -> Answer:
    """Answer with a problem."""
    headers = tuple((name.encode(), value.encode()) for name, value in problem.headers.items())
    return Answer(problem.status, problem.body, media_type=MEDIA_TYPE, headers=headers)
