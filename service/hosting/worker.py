"""One process of the service: started by `workers`, never by a person.

python -m service.hosting.worker SOCKET_FD READY_FD PARENT_PID [ROLE WRITER TIE_FD]

WRITER is the descriptor on which the writer listens, or the path by which the others find it.
TIE_FD is a pipe that is closed when the parent ends. Standard input has further variables of the
environment, as a JSON object, or nothing: the parent may know them only when we have been imported.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
from sqlalchemy import URL

from events.remote.roles import Role
from service.engine import database_url
from service.hosting.garbage import collect_garbage
from service.hosting.limits import LARGE_BLOCK_BYTES, THREAD_SWITCH_S
from service.logs import configure_logs
from service.metrics import Metrics
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.app import OpenParts

    MakeApp = Callable[[OpenParts], FastAPI]
    Run = Callable[[Settings, int, int], Coroutine[Any, Any, None]]

_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD = -3


def main(make_app: "MakeApp | None" = None) -> None:
    """Run one role until SIGTERM, all of them if none is named. Only what it needs is imported."""
    listener_fd, ready_fd, parent_pid = map(int, sys.argv[1:4])
    role, writer, tie = sys.argv[4:] or (Role.WHOLE, "", "")
    end_with_parent(parent_pid, int(tie) if tie else None)
    # Ctrl-C is the parent's; it tells us when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(THREAD_SWITCH_S)
    give_back_bodies()
    run = _import_role(role, writer, make_app)
    os.environ.update(json.loads(sys.stdin.buffer.read() or b"{}"))
    settings = read_settings()
    configure_logs(settings.log_format, "" if role == Role.WHOLE else role)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings, listener_fd, ready_fd))


def _import_role(role: str, writer: str, make_app: "MakeApp | None") -> "Run":
    """Import what a role needs, which takes most of a start, and return what runs it."""
    match role:
        case Role.WRITER:
            from service.composition.writer import open_writer

            return partial(_work, partial(open_writer, listener=socket.socket(fileno=int(writer))))
        case Role.READER:
            from service.composition.background import open_reader

            return partial(_work, partial(open_reader, writer=Path(writer)))
        case _:
            from service.app import app_from_environment
            from service.composition.front import open_front
            from service.composition.whole import open_parts
            from service.hosting.serving_app import serve_app

            is_whole = role == Role.WHOLE
            open_role = open_parts if is_whole else partial(open_front, writer=Path(writer))

            async def serve(settings: Settings, listener_fd: int, ready_fd: int) -> None:
                app = (make_app or app_from_environment)(open_role)
                await serve_app(app, settings, listener_fd, ready_fd)

            return serve


async def _work(
    opening: Callable[[Settings, URL], AbstractAsyncContextManager[Metrics]],
    settings: Settings,
    _: int,
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


if __name__ == "__main__":
    main()
