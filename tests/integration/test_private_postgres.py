"""The private PostgreSQL: its normal behaviour, and its messages when it fails."""

import os
import re
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.limits import POSTGRES_LOG_BYTES_MAX
from service.private_postgres import (
    BinariesNotFoundError,
    DataDirectoryInUseError,
    DataDirectoryUnusableError,
    InitialisationError,
    NotRunningError,
    PrivatePostgres,
    StartError,
)
from service.private_postgres.binaries import Binaries, find
from tests.support.postgres import SMALL, ask, connection_to, scratch_directory

MARK = "hanako@example.co.jp"


def server_on(data_dir: Path, **extra_settings: str) -> PrivatePostgres:
    return PrivatePostgres(data_dir, extra_settings={**SMALL, **extra_settings})


def test_written_data_survives_stop_and_start(data_dir: Path) -> None:
    with server_on(data_dir) as postgres:
        ask(postgres.owner_url, "CREATE TABLE kept AS SELECT 17 AS position")
        stopped = postgres.pid
    assert not Path(f"/proc/{stopped}").exists()
    with server_on(data_dir) as postgres:
        assert ask(postgres.owner_url, "SELECT position FROM kept") == 17


def test_a_restart_keeps_the_urls_but_not_the_process(data_dir: Path) -> None:
    with server_on(data_dir) as postgres:
        before = (postgres.pid, postgres.owner_url, postgres.app_url)
        postgres.restart()
        after = (postgres.pid, postgres.owner_url, postgres.app_url)
        assert (after[0] != before[0], after[1:]) == (True, before[1:])
        assert ask(postgres.app_url, "SELECT 1") == 1


async def test_sqlalchemy_connects_with_either_url_whatever_the_environment_says(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PGHOST", "192.0.2.1"), ("PGPORT", "9"), ("PGDATA", "/nowhere")):
        monkeypatch.setenv(name, value)
    seen = []
    with server_on(data_dir) as postgres:
        for url in (postgres.owner_url, postgres.app_url):
            engine = create_async_engine(url.render_as_string(hide_password=False))
            async with engine.connect() as connection:
                answer = await connection.execute(text("SELECT current_user, current_database()"))
                seen += [tuple(row) for row in answer]
            await engine.dispose()
    assert seen == [("leadledger_owner", "leadledger"), ("leadledger_app", "leadledger")]


async def test_the_server_is_durable_exact_and_silent_about_payloads(made_data_dir: Path) -> None:
    expected = {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "log_statement": "none",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
        "shared_buffers": "256MB",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "unix_socket_permissions": "0700",
    }
    with PrivatePostgres(made_data_dir) as postgres:
        async with connection_to(postgres.app_url) as connection:
            found = {name: await connection.fetchval(f"SHOW {name}") for name in expected}
            order = await connection.fetchval("SELECT datcollate FROM pg_database LIMIT 1")
    assert (found, order) == (expected, "C")


async def test_the_roles_have_no_more_power_than_they_need(data_dir: Path) -> None:
    with server_on(data_dir) as postgres:
        async with connection_to(postgres.app_url) as connection:
            roles = await connection.fetch(
                "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, "
                "rolbypassrls, rolname = pg_get_userbyid(datdba) AS owns "
                "FROM pg_roles, pg_database "
                "WHERE rolname LIKE 'leadledger%' AND datname = 'leadledger' ORDER BY rolname"
            )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE TABLE public.mine (x integer)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE SCHEMA mine")
    nothing = (False,) * 5
    assert [tuple(role) for role in roles] == [
        ("leadledger_app", *nothing, False),
        ("leadledger_owner", *nothing, True),
    ]


async def test_timeouts_belong_to_the_role_that_serves(data_dir: Path) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with server_on(data_dir) as postgres:
        async with connection_to(postgres.app_url) as connection:
            app = [await connection.fetchval(f"SHOW {name}") for name in names]
        async with connection_to(postgres.owner_url) as connection:
            owner = [await connection.fetchval(f"SHOW {name}") for name in names]
    assert (app, owner) == (["5s", "1min", "1min"], ["0", "0", "0"])


@pytest.mark.parametrize(
    ("role", "password", "error"),
    [
        ("leadledger_app", "0" * 64, asyncpg.InvalidPasswordError),
        ("leadledger_app", "", asyncpg.InvalidPasswordError),
        ("postgres", "", asyncpg.InvalidAuthorizationSpecificationError),
        ("postgres", "postgres", asyncpg.InvalidAuthorizationSpecificationError),
    ],
)
async def test_connecting_requires_the_password_and_superusers_cannot_connect(
    data_dir: Path, role: str, password: str, error: type[Exception]
) -> None:
    with server_on(data_dir) as postgres:
        url = postgres.app_url.set(username=role, password=password)
        with pytest.raises(error):
            async with connection_to(url):
                pass


def test_nothing_in_the_data_directory_is_accessible_to_others(data_dir: Path) -> None:
    with server_on(data_dir):
        paths = [data_dir, *data_dir.rglob("*")]
        private = (data_dir / "cluster", data_dir / "socket")
        exposed = [
            path
            for path in paths
            if path.lstat().st_mode & 0o077 and not any(top in path.parents for top in private)
        ]
    assert exposed == []
    assert {"app.password", "cluster", "lock", "owner.password", "socket"} <= {
        path.name for path in paths
    }


def test_a_new_data_directory_is_not_accessible_to_others(made_data_dir: Path) -> None:
    assert oct(made_data_dir.stat().st_mode & 0o777) == "0o700"


async def test_an_error_leaves_its_payload_out_of_the_log(data_dir: Path) -> None:
    with server_on(data_dir) as postgres:
        await provoke_errors(postgres)
    assert MARK not in (data_dir / "postgres.log").read_text()


async def test_with_the_defaults_the_payload_would_be_in_the_log(data_dir: Path) -> None:
    defaults = {
        "log_min_messages": "warning",
        "log_error_verbosity": "default",
        "log_min_error_statement": "error",
    }
    with server_on(data_dir, **defaults) as postgres:
        await provoke_errors(postgres)
    assert MARK in (data_dir / "postgres.log").read_text()


async def provoke_errors(postgres: PrivatePostgres) -> None:
    async with connection_to(postgres.owner_url) as connection:
        await connection.execute("CREATE TABLE once (mail text PRIMARY KEY, n integer NOT NULL)")
        await connection.execute("INSERT INTO once VALUES ($1, 1)", MARK)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO once VALUES ($1, 1)", MARK)
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute("INSERT INTO once VALUES ($1, NULL)", f"2{MARK}")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute(f"SELECT CAST('{MARK}' AS integer)")


def test_a_log_that_has_grown_too_long_is_moved_aside(data_dir: Path) -> None:
    log = data_dir / "postgres.log"
    with server_on(data_dir) as postgres:
        with log.open("a") as file:
            file.write("x" * POSTGRES_LOG_BYTES_MAX)
        postgres.ensure_running()
        assert log.stat().st_size == 0
    assert "shut down" in log.read_text()
    assert (data_dir / "postgres.log.1").stat().st_size > POSTGRES_LOG_BYTES_MAX


def test_two_services_cannot_use_one_data_directory(data_dir: Path) -> None:
    message = f"found it in use by process {os.getpid()};"
    with server_on(data_dir), pytest.raises(DataDirectoryInUseError, match=message):
        server_on(data_dir).start()
    with server_on(data_dir):
        pass


@pytest.mark.parametrize("name", ["deep" * 30, "with:colon", "with,comma", "日本", "with space"])
def test_a_path_too_long_for_a_socket_is_not_an_obstacle(data_dir: Path, name: str) -> None:
    awkward = data_dir.rename(data_dir.with_name(name))
    with server_on(awkward) as postgres:
        assert ask(postgres.app_url, "SELECT 1") == 1
        elsewhere = Path(str(postgres.app_url.query["host"]))
        assert (elsewhere.parent, oct(elsewhere.stat().st_mode & 0o777)) == (Path("/tmp"), "0o700")
    assert not elsewhere.exists()


def test_a_server_that_cannot_start_is_quoted_and_releases_the_directory(data_dir: Path) -> None:
    with pytest.raises(StartError, match='unrecognized configuration parameter "no_such_thing"'):
        server_on(data_dir, no_such_thing="1").start()
    with server_on(data_dir):
        pass


def test_stopped_means_stopped(data_dir: Path) -> None:
    postgres = server_on(data_dir)
    assert postgres.ensure_running() is False
    with postgres:
        assert postgres.ensure_running() is False
    postgres.stop()
    assert postgres.ensure_running() is False
    for question in (lambda: postgres.pid, lambda: postgres.app_url, postgres.restart):
        with pytest.raises(NotRunningError, match=r"call start\(\) first"):
            question()


def test_the_programs_must_be_of_the_version_that_made_the_data(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9\n")
    expected = re.escape(f"expected PostgreSQL 9, with which {tmp_path} was made, found 18 in ")
    with pytest.raises(BinariesNotFoundError, match=f"^{expected}.*; install version 9 "):
        find(tmp_path)


def test_data_without_a_version_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("")
    with pytest.raises(DataDirectoryUnusableError, match="expected a major version such as 18 in "):
        find(tmp_path)


def test_a_lost_password_is_reported_before_anything_starts(data_dir: Path) -> None:
    (data_dir / "app.password").unlink()
    with pytest.raises(DataDirectoryUnusableError, match=r"app\.password, found no such file"):
        server_on(data_dir).start()


def test_an_interrupted_first_start_is_started_over() -> None:
    with scratch_directory() as directory:
        (directory / "cluster.unfinished-1" / "base").mkdir(parents=True)
        (directory / "owner.password").write_text("ab" * 32)
        (directory / "owner.password").chmod(0o600)
        with server_on(directory) as postgres:
            assert ask(postgres.owner_url, "SELECT 1") == 1
            assert postgres.owner_url.password == "ab" * 32
        assert list(directory.glob("cluster*")) == [directory / "cluster"]


def test_a_first_start_that_fails_says_why_and_keeps_nothing() -> None:
    with scratch_directory() as directory:
        scripts = {"initdb": "echo the disk is full >&2; exit 3", "postgres": "exit 0"}
        for name, script in scripts.items():
            (directory / name).write_text(f"#!/bin/sh\n{script}\n")
            (directory / name).chmod(0o755)
        postgres = PrivatePostgres(directory / "data", binaries=Binaries(directory, 18))
        with pytest.raises(InitialisationError, match="exit status 3 and 'the disk is full'"):
            postgres.start()
        assert not (directory / "data" / "cluster").exists()
