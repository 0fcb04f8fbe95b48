"""Keep a private PostgreSQL running as long as the service lives."""

import platform
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from types import MappingProxyType, TracebackType
from typing import Self

from sqlalchemy import URL

from service.private_postgres.binaries import Binaries, find
from service.private_postgres.child import Child
from service.private_postgres.errors import NotRunningError, PrivatePostgresError
from service.private_postgres.identity import Identity, choose
from service.private_postgres.initialise import initialise
from service.private_postgres.layout import DataDirectoryLock, Layout, layout_in, read_password
from service.private_postgres.postmaster import bound_log, start_postmaster, stop_postmaster
from service.private_postgres.settings import PORT, arguments
from service.private_postgres.socket_directory import (
    close_socket_directory,
    open_socket_directory,
)

DATABASE = "leadledger"
OWNER_ROLE = "leadledger_owner"
APP_ROLE = "leadledger_app"

NOTHING_EXTRA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Opened:
    """What stays the same from start to stop, however often the server restarts in between."""

    layout: Layout
    binaries: Binaries
    identity: Identity
    socket_directory: Path
    owner_url: URL
    app_url: URL
    closing: ExitStack


class PrivatePostgres:
    """Supervise one server; a class because it holds a lock, a process and a socket.

    Every method may be called from any thread, and may block: in asyncio, call it in a thread.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries: Binaries | None = None,
        extra_settings: Mapping[str, str] = NOTHING_EXTRA,
    ) -> None:
        """Prepare to run a server in `data_dir`; nothing is touched before `start`.

        Without `binaries`, they are searched for. `extra_settings` take precedence over ours.
        """
        self._data_dir = data_dir
        self._binaries = binaries
        self._extra_settings = extra_settings
        self._one_at_a_time = threading.RLock()
        self._opened: _Opened | None = None
        self._postmaster: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def owner_url(self) -> URL:
        """Return the URL of the role that owns the database; printing it hides the password."""
        return self._started().owner_url

    @property
    def app_url(self) -> URL:
        """Return the URL of the role that serves; printing it hides the password."""
        return self._started().app_url

    @property
    def pid(self) -> int:
        """Return the pid of the server as of its last start."""
        return self._started_postmaster().pid

    def start(self) -> None:
        """Start the server, creating its data directory if necessary; 0.1 s, or 1 s with creation.

        Raises:
            BinariesNotFoundError: no PostgreSQL of the right version.
            DataDirectoryInUseError: another process uses the data directory.
            DataDirectoryUnusableError: it is not in the state in which we left it.
            InitialisationError: initdb or the first statements failed.
            StartError: the server did not start; the message quotes its log.
        """
        with self._one_at_a_time:
            if self._opened is not None:
                return
            opened = self._open()
            try:
                self._postmaster = self._start_postmaster(opened)
            except BaseException:
                opened.closing.close()
                raise
            self._opened = opened

    def stop(self) -> None:
        """Stop the server in order and release the data directory; do nothing if it is stopped."""
        with self._one_at_a_time:
            opened, postmaster = self._opened, self._postmaster
            if opened is None or postmaster is None:
                return
            # First, so that no other thread restarts what is being stopped.
            self._opened = self._postmaster = None
            with opened.closing:
                stop_postmaster(postmaster)

    def restart(self) -> None:
        """Stop and start the server; the URLs stay as they are."""
        with self._one_at_a_time:
            stop_postmaster(self._started_postmaster())
            self.ensure_running()

    def ensure_running(self) -> bool:
        """Restart the server if it has died; return whether it had.

        This is cheap when all is well, so call it every second or so. It also keeps the log within
        its limit. After `stop` it does nothing.
        """
        with self._one_at_a_time:
            if self._opened is None or self._postmaster is None:
                return False
            if self._postmaster.is_running():
                bound_log(self._opened.layout.log)
                return False
            self._postmaster = self._start_postmaster(self._opened)
            return True

    def _open(self) -> _Opened:
        """Lock the data directory, and create what is missing in it."""
        if platform.system() != "Linux":
            raise PrivatePostgresError(
                f"expected Linux, which ends the server when the service dies, found "
                f"{platform.system()}; name your own server in LEADLEDGER_DATABASE_URL"
            )
        with ExitStack() as closing:
            layout = layout_in(self._data_dir)
            lock = DataDirectoryLock(layout.lock)
            lock.acquire()
            closing.callback(lock.release)
            binaries = self._binaries or find(layout.cluster)
            identity = choose(layout, binaries)
            identity.enter(layout)
            if not layout.cluster.exists():
                initialise(layout, binaries, identity)
            identity.take_over(layout.cluster)
            socket_directory = open_socket_directory(layout, identity)
            closing.callback(close_socket_directory, layout, socket_directory)
            return _Opened(
                layout,
                binaries,
                identity,
                socket_directory,
                owner_url=connection_url(OWNER_ROLE, layout.owner_password, socket_directory),
                app_url=connection_url(APP_ROLE, layout.app_password, socket_directory),
                closing=closing.pop_all(),
            )

    def _start_postmaster(self, opened: _Opened) -> Child:
        cluster = opened.layout.cluster
        options = arguments(
            cluster=cluster,
            socket_directory=opened.socket_directory,
            extra_settings=self._extra_settings,
        )
        command = opened.identity.command(
            program=[opened.binaries.postgres, *options],
            # To the server this is an immediate shutdown: it ends its own processes, which after a
            # SIGKILL would notice only later. Recovery does the rest.
            fate=Signals.SIGQUIT,
            cluster=cluster,
        )
        return start_postmaster(
            command, cluster=cluster, sockets=opened.socket_directory, log=opened.layout.log
        )

    def _started(self) -> _Opened:
        if self._opened is None:
            raise NotRunningError("expected a started server, found none; call start() first")
        return self._opened

    def _started_postmaster(self) -> Child:
        if self._postmaster is None:
            raise NotRunningError("expected a started server, found none; call start() first")
        return self._postmaster


def connection_url(role: str, password: Path, socket_directory: Path) -> URL:
    """Return a complete URL, so that PGHOST or PGPORT cannot redirect us."""
    return URL.create(
        "postgresql+asyncpg",
        username=role,
        password=read_password(password),
        database=DATABASE,
        query={"host": str(socket_directory), "port": str(PORT)},
    )
