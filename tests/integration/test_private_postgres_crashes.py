"""The private PostgreSQL: whichever process is killed, none keeps running and nothing is lost."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from service.private_postgres import DataDirectoryInUseError, PrivatePostgres
from service.private_postgres.binaries import find
from service.private_postgres.identity import choose
from service.private_postgres.layout import layout_in
from service.private_postgres.postmaster import await_dying_postmaster
from tests.support.postgres import SMALL, Connection, ask, connection_to

REPOSITORY = Path(__file__).parents[2]

COMPUTING = """
SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b
"""
"""Computes for an hour without ever waiting, so that only a signal ends it early."""


def working_in(directory: Path) -> list[int]:
    """Return every process that works in this directory, whatever its name."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == directory:
                found.append(int(process.name))
    return found


def wait_until_nobody_works_in(directory: Path, *, wait_s: float = 8) -> None:
    deadline = time.monotonic() + wait_s
    while left := working_in(directory):
        assert time.monotonic() < deadline, f"still running in {directory}: {left}"
        time.sleep(0.01)


@asynccontextmanager
async def computing(connection: Connection) -> AsyncIterator[int]:
    """Keep the connection's backend computing; return its process id."""
    backend: int = await connection.fetchval("SELECT pg_backend_pid()")
    task = asyncio.create_task(connection.fetch(COMPUTING))
    await asyncio.sleep(0.1)
    assert not task.done()
    try:
        yield backend
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await task


@contextmanager
def supervising_process(data_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a process that supervises a server; return the process, and the app's URL."""
    command = [sys.executable, "-m", "tests.support.supervised_postgres", str(data_dir)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            _, url = process.stdout.readline().split()
            yield process, url
        finally:
            process.kill()


async def test_a_killed_service_leaves_nothing_running_and_loses_nothing(data_dir: Path) -> None:
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        async with connection_to(postgres.owner_url) as connection:
            await connection.execute("CREATE TABLE kept (position bigint)")
            await connection.execute("GRANT SELECT, INSERT ON kept TO leadledger_app")
    cluster = data_dir / "cluster"
    with supervising_process(data_dir) as (service, url):
        async with (
            connection_to(make_url(url)) as writer,
            connection_to(make_url(url)) as other,
            computing(other),
        ):
            await writer.execute("INSERT INTO kept VALUES (17)")
            assert len(working_in(cluster)) > 2
            service.kill()
            service.wait()
            killed_at = time.monotonic()
            # The service is restarted at once, while the old server may still be shutting down.
            with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
                assert time.monotonic() - killed_at < 8
                async with connection_to(postgres.app_url) as connection:
                    assert await connection.fetchval("SELECT position FROM kept") == 17
    wait_until_nobody_works_in(cluster)


async def test_the_server_stops_on_its_own_when_the_service_is_killed(data_dir: Path) -> None:
    cluster = data_dir / "cluster"
    with supervising_process(data_dir) as (service, url):
        async with connection_to(make_url(url)) as connection, computing(connection):
            assert len(working_in(cluster)) > 2
            service.kill()
            service.wait()
            wait_until_nobody_works_in(cluster)


def test_without_the_parent_death_signal_a_child_would_keep_running(tmp_path: Path) -> None:
    """The negative twin: the same death of a parent, without the request for the signal."""
    bare = outlived_by(tmp_path, "['sleep', '60']")
    assert bare, "the check above could not fail"
    for process in bare:
        os.kill(process, signal.SIGKILL)
    launched = "i.command(program=['/bin/sleep', '60'], fate=signal.SIGQUIT)"
    assert outlived_by(tmp_path, launched) == []


def outlived_by(directory: Path, command: str) -> list[int]:
    """Start `command` (an expression) from a process that is then killed; return the survivors."""
    code = (
        "import os, signal, subprocess, time\n"
        "from service.private_postgres.identity import Identity\n"
        "i = Identity('caller', os.geteuid(), os.getegid())\n"
        f"subprocess.Popen({command}, cwd={str(directory)!r})\n"
        "time.sleep(0.3)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False)
    time.sleep(0.1)
    return working_in(directory)


async def test_a_killed_postmaster_is_restarted_by_any_thread(data_dir: Path) -> None:
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        async with (
            connection_to(postgres.owner_url) as writer,
            connection_to(postgres.owner_url) as other,
            computing(other) as backend,
        ):
            await writer.execute("CREATE TABLE kept AS SELECT 17 AS position")
            killed = postgres.pid
            os.kill(killed, signal.SIGKILL)
            wait_until_gone(killed)
            assert backend in working_in(data_dir / "cluster"), "it should have outlived that"
            brought_back: list[bool] = []
            thread = threading.Thread(target=lambda: brought_back.append(postgres.ensure_running()))
            thread.start()
            thread.join()
            assert brought_back == [True]
            assert backend not in working_in(data_dir / "cluster")
        assert postgres.pid != killed
        # The thread that started it has ended, but the server has not.
        async with connection_to(postgres.owner_url) as connection:
            assert await connection.fetchval("SELECT position FROM kept") == 17
        assert postgres.ensure_running() is False


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_reused_process_id_does_not_prevent_the_start(
    data_dir: Path,
) -> None:
    """As in a container, where process ids restart at 1 every time: both notes name it."""
    stranger = subprocess.Popen(["sleep", "60"])
    noted = f"{stranger.pid}\n{data_dir / 'cluster'}\n"
    sockets = data_dir / "socket"
    try:
        (data_dir / "cluster" / "postmaster.pid").write_text(noted)
        sockets.mkdir(mode=0o700, exist_ok=True)
        (sockets / ".s.PGSQL.5432.lock").write_text(noted)
        with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
            assert ask(postgres.app_url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_is_not_ours_is_left_alone_and_named(data_dir: Path) -> None:
    layout = layout_in(data_dir)
    binaries = find(layout.cluster)
    options = ("--listen_addresses=", f"--unix_socket_directories={layout.root}")
    command = choose(layout, binaries).command(
        program=[binaries.postgres, "-D", layout.cluster, *options], fate=signal.SIGQUIT
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as foreign:
        try:
            await_note(layout.cluster / "postmaster.pid")
            message = f"found one that is not ours, process {foreign.pid}; stop it "
            with pytest.raises(DataDirectoryInUseError, match=message):
                await_dying_postmaster(layout.cluster, wait_s=0.05)
            assert foreign.poll() is None
        finally:
            foreign.send_signal(signal.SIGINT)
            foreign.wait(timeout=10)


def await_note(path: Path) -> None:
    deadline = time.monotonic() + 5
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        assert os.getsid(postgres.pid) == postgres.pid != os.getsid(0)
