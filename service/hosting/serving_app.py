"""Serve an application on a socket, in a process of its own."""

import asyncio
import os
import resource
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from events.faults import uncounted
from service.feed.appends import Appends
from service.hosting.connections import BoundedConnection
from service.hosting.garbage import collect_garbage
from service.hosting.limits import DRAIN_S, WORKER_POLL_S
from service.http.parts import Parts
from service.limits import KEEP_ALIVE_S, OTHER_FILES, TURNED_AWAY_MAX
from service.metrics import Metrics
from service.settings import Settings


class _Server(uvicorn.Server):
    """Uvicorn's server, which also ends long polls when it stops.

    A class, because uvicorn calls a method of its own when it is signalled to stop.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Make long polls answer at once, so that stopping does not wait for them."""
        if (parts := _parts_of(self)) is not None:
            parts[Appends].closing.set()
        super().handle_exit(sig, frame)


async def serve_app(app: FastAPI, settings: Settings, listener_fd: int, ready_fd: int) -> None:
    """Serve an application, whose parts are opened in this event loop."""
    allow_files(settings.connections + TURNED_AWAY_MAX + OTHER_FILES)
    server = _Server(
        uvicorn.Config(
            app,
            http=BoundedConnection,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=settings.connections,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )
    with socket.socket(fileno=listener_fd) as listener:
        await _serve_on(server, listener, ready_fd)


async def _serve_on(server: _Server, listener: socket.socket, ready_fd: int) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # Uvicorn signals its start only by an attribute, so this has to poll.
    while not server.started and not serving.done():  # noqa: ASYNC110
        await asyncio.sleep(WORKER_POLL_S)
    if server.started:
        os.write(ready_fd, b"!")
    os.close(ready_fd)
    parts = _parts_of(server)
    on_fault = parts[Metrics].fault if parts is not None else uncounted
    collecting = asyncio.create_task(collect_garbage(on_fault), name="garbage")
    await serving
    collecting.cancel()


def allow_files(count: int) -> None:
    """Raise the limit of open files to what the connections need, as far as the system allows.

    Many systems start with 1,024, and without a free descriptor even a refusal cannot be sent.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _parts_of(server: uvicorn.Server) -> Parts | None:
    """Return the application's parts; None before the application has started."""
    app = server.config.app
    assert isinstance(app, FastAPI)
    return getattr(app.state, "parts", None)
