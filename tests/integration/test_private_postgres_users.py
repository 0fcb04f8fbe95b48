"""The private PostgreSQL as root, as an account of the machine, and as an ordinary user."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import URL, make_url

from service.private_postgres import DataDirectoryUnusableError, PrivatePostgres
from service.private_postgres.binaries import find
from service.private_postgres.identity import Identity
from service.private_postgres.layout import Layout
from tests.support.postgres import SMALL, ask

REPOSITORY = Path(__file__).parents[2]

NOBODY = 65534

WITHOUT_NAMESPACES = (
    sys.executable,
    str(REPOSITORY / "tests" / "support" / "without_namespaces.py"),
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")


@pytest.fixture
def nobodys_directory() -> Iterator[Path]:
    """Provide a directory that the user `nobody` owns and can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="leadledger-", dir="/tmp") as name:
        os.chown(name, NOBODY, NOBODY)
        yield Path(name)


def users_of(process: int) -> set[int]:
    """Return a process's real, effective, saved and file system users, as we see them."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    uids = next(line for line in lines if line.startswith("Uid:"))
    return {int(uid) for uid in uids.split()[1:]}


def capabilities_of(process: int) -> set[str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {line.split()[1] for line in lines if line.startswith(("CapPrm", "CapEff"))}


@contextmanager
def supervising(
    python: str, data_dir: Path, *, before: Sequence[str] = (), **options: Any
) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that supervises a server, until its input ends."""
    with subprocess.Popen(
        [*before, python, "-m", "tests.support.supervised_postgres", str(data_dir)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        yield process


def greeting_of(service: "subprocess.Popen[str]") -> tuple[int, URL]:
    """Return the server's process id and the app's URL."""
    assert service.stdout is not None
    server, url = service.stdout.readline().split()
    return int(server), make_url(url)


def wait_until_ended(process: int) -> None:
    """Wait until the process has ended; an unreaped one counts as ended."""
    deadline = time.monotonic() + 8
    while Path(f"/proc/{process}/exe").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def command_works_as_nobody(*command: str | Path) -> bool:
    answer = subprocess.run(
        command,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env=environment(),
        capture_output=True,
        check=False,
    )
    return answer.returncode == 0


def environment() -> dict[str, str]:
    """Return the environment in which another interpreter finds the same packages."""
    packages = Path(asyncpg.__file__).parents[1]
    return {"PATH": os.environ["PATH"], "PYTHONPATH": f"{REPOSITORY}:{packages}"}


def interpreter_for_nobody() -> str:
    """Return an interpreter that an ordinary user may run: ours may be in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if command_works_as_nobody(python, "-c", "import asyncpg, sqlalchemy"):
                return python
        except PermissionError:
            continue
    pytest.skip(
        f"NOT TESTED as an ordinary user: user {NOBODY} can run neither {sys.executable} nor "
        "/usr/bin/python3 with our packages; run the tests as an ordinary user to test this"
    )


@as_root
def test_as_root_the_server_has_no_capabilities_and_its_files_stay_ours(
    data_dir: Path,
) -> None:
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        if users_of(postgres.pid) != {0}:
            pytest.skip("user namespaces are forbidden here, so it runs as an account")
        assert capabilities_of(postgres.pid) == {"0" * 16}
        assert {path.lstat().st_uid for path in data_dir.rglob("*")} == {0}


@as_root
@pytest.mark.parametrize("deep", ["", "deep" * 30])
def test_as_root_it_runs_as_the_account_that_owns_the_data(
    nobodys_directory: Path, deep: str
) -> None:
    data_dir = nobodys_directory / deep
    data_dir.mkdir(exist_ok=True)
    os.chown(data_dir, NOBODY, NOBODY)
    program = find(data_dir / "cluster").postgres
    if not command_works_as_nobody(program, "--version"):
        pytest.skip(f"NOT TESTED as an account: user {NOBODY} cannot run {program}")
    for _ in range(2):
        with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
            assert users_of(postgres.pid) == {NOBODY}
            assert ask(postgres.app_url, "SELECT 1") == 1
            password = (data_dir / "app.password").stat()
            assert (password.st_uid, oct(password.st_mode & 0o777)) == (0, "0o600")
    with supervising(sys.executable, data_dir) as service:
        server, url = greeting_of(service)
        service.kill()
        service.wait()
        # The parent-death signal survives the change of user.
        wait_until_ended(server)
    # The socket it left behind, wherever that is, does not get in the way.
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        assert (postgres.app_url, ask(postgres.app_url, "SELECT 1")) == (url, 1)


@as_root
def test_as_root_without_namespaces_it_runs_as_an_account_and_takes_over_existing_data(
    data_dir: Path,
) -> None:
    with PrivatePostgres(data_dir, extra_settings=SMALL) as postgres:
        if users_of(postgres.pid) != {0}:
            pytest.skip("user namespaces are forbidden here, so every other test shows this")
        ask(postgres.owner_url, "CREATE TABLE kept AS SELECT 17 AS position")
        ask(postgres.owner_url, "GRANT SELECT ON kept TO leadledger_app")
    # All parents of the data directory must be traversable.
    data_dir.parent.chmod(0o711)
    with supervising(sys.executable, data_dir, before=WITHOUT_NAMESPACES) as service:
        server, url = greeting_of(service)
        (user,) = users_of(server)
        assert user != 0
        assert ask(url, "SELECT position FROM kept") == 17
    assert (data_dir / "cluster" / "base").stat().st_uid == user
    assert (data_dir / "app.password").stat().st_uid == 0


@as_root
def test_as_an_ordinary_user_it_runs_as_that_user(nobodys_directory: Path) -> None:
    as_nobody: dict[str, Any] = {
        "user": NOBODY,
        "group": NOBODY,
        "extra_groups": [],
        "env": environment(),
    }
    with supervising(interpreter_for_nobody(), nobodys_directory, **as_nobody) as service:
        server, url = greeting_of(service)
        assert users_of(server) == {NOBODY}
        assert ask(url, "SELECT current_user") == "leadledger_app"
        assert {path.lstat().st_uid for path in nobodys_directory.rglob("*")} == {NOBODY}
        service.kill()
        service.wait()
        wait_until_ended(server)
    # Root starts it later, and the data keeps its owner.
    with PrivatePostgres(nobodys_directory, extra_settings=SMALL) as postgres:
        assert users_of(postgres.pid) == {NOBODY}


@as_root
def test_a_private_directory_with_other_contents_changes_owner_only_on_request(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    (directory / "letter").write_text("private")
    account = Identity("account", NOBODY, NOBODY)
    with pytest.raises(DataDirectoryUnusableError, match=f"expected user {NOBODY}, as which"):
        account.enter(Layout(directory))
    assert directory.stat().st_uid == 0
    (directory / "letter").rename(directory / "lock")
    account.enter(Layout(directory))
    assert directory.stat().st_uid == NOBODY
