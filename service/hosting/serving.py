"""Serve until stopped, and leave no process running."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import structlog

from events.remote.roles import Role
from service.hosting.address import bound_socket, url_of, writer_socket
from service.hosting.workers import Workers
from service.limits import SOCKET_PATH_BYTES_MAX
from service.metrics import SHARED_DIR_VARIABLE
from service.private_postgres.socket_directory import SHORT_PARENT
from service.settings import PREFIX, Settings

if TYPE_CHECKING:
    from service.hosting.preparing import Prepared

WRITER_SOCKET = "writer.sock"

log = structlog.get_logger()


class Listening(NamedTuple):
    """The address of the service."""

    url: str
    pids: list[int]


def serve(
    settings: Settings,
    *,
    on_prepared: "Callable[[Prepared], None]",
    on_listening: Callable[[Listening], None],
) -> None:
    """Set everything up, serve until SIGINT or SIGTERM, shut everything down.

    `on_prepared` is called when the database is ready, `on_listening` when all workers serve.

    Raises:
        HostingError, PrivatePostgresError: something is in use, unusable or unavailable.
        SecretDiffers, LifecycleInvalid, LifecycleNotFound: the ledger cannot be served as it is.
    """
    with stopped_by_signals() as stopping:
        try:
            with (
                bound_socket(host=settings.host, port=settings.port) as listener,
                shared_directory() as directory,
                writer_socket(directory / WRITER_SOCKET) as inner,
                Workers(
                    roles_of(settings.fronts),
                    listener=listener,
                    writer=inner,
                    environment=environment_before(settings, directory),
                ) as workers,
            ):
                stopping.on_second = workers.kill
                # Imported only now, while the workers do their imports.
                from service.hosting.keeping import keep_serving

                keep_serving(
                    settings,
                    workers,
                    on_prepared=on_prepared,
                    on_ready=lambda: on_listening(Listening(url_of(listener), workers.pids)),
                )
        except Stopped:
            log.info("service.stopped")


class Stopped(KeyboardInterrupt):
    """A request to stop the service. An event loop re-raises this exception, and no other."""


class Stopping:
    """The signals received so far; a class, because the second one means more than the first."""

    def __init__(self) -> None:
        self.on_second: Callable[[], None] = lambda: None
        self._is_asked = False

    def __call__(self, _: int, __: FrameType | None) -> None:
        """Stop in order at the first signal, and without waiting for requests at the second."""
        if self._is_asked:
            self.on_second()
            return
        self._is_asked = True
        raise Stopped


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """Raise Stopped here when the first SIGINT or SIGTERM comes."""
    stopping = Stopping()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stopping) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def roles_of(fronts: int) -> list[Role]:
    """Return the processes to run. The writer comes first, because the others connect to it."""
    if not fronts:
        return [Role.WHOLE]
    return [Role.WRITER, Role.READER, *(Role.FRONT for _ in range(fronts))]


@contextmanager
def shared_directory() -> Iterator[Path]:
    """Make a directory for what the processes share, closed to all other users."""
    longest = Path(tempfile.gettempdir(), "leadledger-________", WRITER_SOCKET)
    is_long = len(bytes(longest)) > SOCKET_PATH_BYTES_MAX
    with tempfile.TemporaryDirectory(
        prefix="leadledger-", dir=SHORT_PARENT if is_long else None
    ) as name:
        yield Path(name)


def environment_before(settings: Settings, directory: Path) -> Mapping[str, str]:
    """Return the environment of the workers before their settings are known.

    If there are several, they share their counts: whichever is scraped reports for all.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    shared = {SHARED_DIR_VARIABLE: str(directory)} if settings.fronts else {}
    return {**environment, **shared}
