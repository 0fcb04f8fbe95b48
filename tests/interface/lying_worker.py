"""The service as its worker runs it, except for answers that its document does not describe.

    python -m tests.interface.lying_worker SOCKET_FD READY_FD PARENT_PID

The negative twin of the test of the document. Each lie is of a different kind.
"""

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from service.app import OpenParts, app_from_environment
from service.hosting import worker
from service.http.answer import Answer
from service.http.plain_route import PlainRoute


async def another_status(_: Request) -> Response:
    return Answer(202, b'{"status":"alive"}')


async def another_type(_: Request) -> Response:
    return PlainTextResponse("ready")


async def another_shape(_: Request) -> Response:
    return Answer(200, b'{"refusals":[],"next":null,"more":true}')


async def no_header(_: Request) -> Response:
    return Answer(503, b"{}", media_type=b"application/problem+json")


LIES = {
    "/livez": another_status,
    "/readyz": another_type,
    "/v1/refusals": another_shape,
    "/v1/lifecycle": no_header,
}


def lying_app(_: OpenParts) -> FastAPI:
    app = app_from_environment()
    lies = [PlainRoute(path, endpoint, include_in_schema=False) for path, endpoint in LIES.items()]
    app.router.routes[:0] = lies
    return app


if __name__ == "__main__":
    worker.main(lying_app)
