"""One process of the service: started by `workers`, never by a person.

python -m service.hosting.worker SOCKET_FD READY_FD PARENT_PID [ROLE WRITER TIE_FD]

WRITER is the descriptor on which the writer listens, or the path by which the others find it.
TIE_FD is a pipe that is closed when the parent ends.
"""

import asyncio
import ctypes
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy import URL

from events.faults import uncounted
from events.remote.roles import Role
from service.app import OpenParts, app_from_environment, database_url
from service.composition import open_front, open_parts, open_reader, open_writer
from service.feed.appends import Appends
from service.hosting.connections import BoundedConnection
from service.hosting.garbage import collect_garbage
from service.hosting.limits import DRAIN_S, LARGE_BLOCK_BYTES, THREAD_SWITCH_S, WORKER_POLL_S
from service.http.parts import Parts
from service.limits import KEEP_ALIVE_S, OTHER_FILES, TURNED_AWAY_MAX
from service.logs import configure_logs
from service.metrics import Metrics
from service.settings import Settings, read_settings

_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD = -3


def main(make_app: Callable[[OpenParts], FastAPI] = app_from_environment) -> None:
    """Run one role until SIGTERM, all of them if none is named."""
    listener_fd, ready_fd, parent_pid = map(int, sys.argv[1:4])
    role, writer, tie = sys.argv[4:] or (Role.WHOLE, "", "")
    end_with_parent(parent_pid, int(tie) if tie else None)
    # Ctrl-C is the parent's; it tells us when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(THREAD_SWITCH_S)
    give_back_bodies()
    settings = read_settings()
    configure_logs(settings.log_format, "" if role == Role.WHOLE else role)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        match role:
            case Role.WRITER:
                listener = socket.socket(fileno=int(writer))
                opening = partial(open_writer, listener=listener)
                runner.run(_work(opening, settings, ready_fd))
            case Role.READER:
                opening = partial(open_reader, writer=Path(writer))
                runner.run(_work(opening, settings, ready_fd))
            case Role.FRONT:
                app = make_app(partial(open_front, writer=Path(writer)))
                runner.run(_serve(app, settings, listener_fd, ready_fd))
            case Role.WHOLE:
                runner.run(_serve(make_app(open_parts), settings, listener_fd, ready_fd))


async def _work(
    opening: Callable[[Settings, URL], AbstractAsyncContextManager[Metrics]],
    settings: Settings,
    ready_fd: int,
) -> None:
    """Run a role that serves no requests."""
    is_over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, is_over.set)
    async with opening(settings, database_url(settings)) as metrics:
        os.write(ready_fd, b"!")
        os.close(ready_fd)
        collecting = asyncio.create_task(collect_garbage(metrics.fault), name="garbage")
        await is_over.wait()
        collecting.cancel()


class _Server(uvicorn.Server):
    """Uvicorn's server, which also ends long polls when it stops.

    A class, because uvicorn calls a method of its own when it is signalled to stop.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Make long polls answer at once, so that stopping does not wait for them."""
        if (parts := _parts_of(self)) is not None:
            parts[Appends].closing.set()
        super().handle_exit(sig, frame)


def _parts_of(server: uvicorn.Server) -> Parts | None:
    """Return the application's parts; None before the application has started."""
    app = server.config.app
    assert isinstance(app, FastAPI)
    return getattr(app.state, "parts", None)


def end_with_parent(parent_pid: int, tie_fd: int | None) -> None:
    """End this process with its parent, however that ends.

    Linux does so on request. Other systems do not, so the parent also holds one end of a pipe: it
    is closed when the parent ends. `tie_fd` is the other end.
    """
    if (control := system_function("prctl")) is not None:
        control(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if tie_fd is not None:
        threading.Thread(target=_end_at_close, args=(tie_fd,), name="tie", daemon=True).start()
    # The parent may have died before we asked.
    if os.getppid() != parent_pid:
        sys.exit(f"expected process {parent_pid} as our parent, found it gone")


def system_function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library; None if this system does not have it."""
    return getattr(ctypes.CDLL(None, use_errno=True), name, None)


def _end_at_close(tie_fd: int) -> None:
    with suppress(OSError):
        while os.read(tie_fd, 1):
            pass
    os.kill(os.getpid(), signal.SIGKILL)


def give_back_bodies() -> None:
    """Make the C library return the memory of a large body to the system when it is freed.

    By default it keeps blocks of a size once such a block has been freed, and a growing body leaves
    holes of all sizes: the process would stay as large as several bodies.
    """
    if (set_option := system_function("mallopt")) is not None:
        set_option(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def allow_files(count: int) -> None:
    """Raise the limit of open files to what the connections need, as far as the system allows.

    Many systems start with 1,024, and without a free descriptor even a refusal cannot be sent.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(app: FastAPI, settings: Settings, listener_fd: int, ready_fd: int) -> None:
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


if __name__ == "__main__":
    main()
