"""Serve until stopped, and leave no process running."""

import asyncio
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import structlog
from sqlalchemy import URL

from events.remote.roles import Role
from service.hosting.address import bound_socket, door, url_of
from service.hosting.database import find_ledger, open_database
from service.hosting.limits import (
    KEEP_EVERY_S,
    SHARED_PARENT_CHARACTERS_MAX,
    WATCH_END_WAIT_S,
    WATCH_EVERY_S,
)
from service.hosting.preparing import Prepared, prepare
from service.hosting.workers import Workers
from service.ledgers.following import following
from service.metrics import SHARED_DIR_VARIABLE
from service.private_postgres import PrivatePostgres, PrivatePostgresError
from service.private_postgres.socket_directory import SHORT_PARENT
from service.settings import PREFIX, Settings

_PARENTS_ALONE = frozenset({"owner_url", "bootstrap_key", "workers", "host", "port"})
"""Settings that workers do not need, above all the owner's password."""

log = structlog.get_logger()


class Listening(NamedTuple):
    """The address of the service."""

    url: str
    pids: list[int]


def serve(
    settings: Settings,
    *,
    on_prepared: Callable[[Prepared], None],
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
                open_database(settings, may_attach=False) as database,
            ):
                on_prepared(asyncio.run(prepare(settings, database)))
                node = asyncio.run(find_ledger(settings, database))
                with (
                    shared_directory() as directory,
                    door(directory / "writer.sock") as inner,
                    watched(database.private),
                    Workers(
                        roles_of(settings.fronts),
                        listener=listener,
                        door=inner,
                        environment=environment_at(settings, node or database.app_url, directory),
                    ) as workers,
                    following(
                        settings,
                        database.app_url,
                        at=node,
                        on_move=lambda url: workers.renew(environment_at(settings, url, directory)),
                    ),
                ):
                    stopping.on_second = workers.kill
                    workers.await_ready()
                    on_listening(Listening(url_of(listener), workers.pids))
                    while True:
                        time.sleep(KEEP_EVERY_S)
                        workers.keep()
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
    is_long = len(tempfile.gettempdir()) > SHARED_PARENT_CHARACTERS_MAX
    with tempfile.TemporaryDirectory(
        prefix="leadledger-", dir=SHORT_PARENT if is_long else None
    ) as name:
        yield Path(name)


def environment_at(settings: Settings, url: URL, directory: Path) -> Mapping[str, str]:
    """Return the environment of all workers, with this database.

    If there are several, they share their counts: whichever is scraped reports for all.
    """
    shared = {SHARED_DIR_VARIABLE: str(directory)} if settings.fronts else {}
    return {**worker_environment(settings, url), **shared}


@contextmanager
def watched(postgres: PrivatePostgres | None) -> Iterator[None]:
    """Restart a private server whenever it dies; in a thread, because recovery takes time."""
    if postgres is None:
        yield
        return
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(postgres, is_over), name="postgres-watch")
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join(WATCH_END_WAIT_S)


def worker_environment(settings: Settings, app_url: URL) -> Mapping[str, str]:
    """Return the environment that gives a worker these settings and this database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    shared = settings.model_dump(exclude=set(_PARENTS_ALONE), by_alias=True, exclude_none=True)
    for name, value in shared.items():
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        environment[f"{PREFIX}{name.upper()}"] = text
    environment[f"{PREFIX}DATABASE_URL"] = app_url.render_as_string(hide_password=False)
    return environment


def _watch(postgres: PrivatePostgres, is_over: threading.Event) -> None:
    while not is_over.wait(WATCH_EVERY_S):
        try:
            if postgres.ensure_running():
                log.warning("postgres.restarted", pid=postgres.pid)
        except PrivatePostgresError as error:
            # It is retried: space may be freed on a full disk, and until then the workers answer
            # 503.
            log.exception("postgres.not_restarted", reason=str(error))
        except Exception:
            # If this thread ended, nothing would restart the server.
            log.exception("postgres.not_watched")
