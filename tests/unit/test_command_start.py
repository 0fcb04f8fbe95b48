"""The command starts fast because it imports only what the command at hand needs."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from projections.catalogue import PROJECTIONS
from projections.names import ProjectionName
from service.command.application import COMMANDS, EXIT_OF, application, exit_of
from service.command.exits import Exit
from service.private_postgres.errors import PrivatePostgresError
from tests.support.running_service import ROOT

HEAVY = frozenset(
    [
        "alembic",
        "asyncpg",
        "cryptography",
        "fastapi",
        "holidays",
        "prometheus_client",
        "sqlalchemy",
        "starlette",
        "structlog",
        "transitions",
        "uvicorn",
        "migrations",
        "service.composition",
        "service.private_postgres",
    ]
)
"""What only the service itself needs, or a command once it works on the database."""

SETTINGS_WRONG = {"LEADLEDGER_PROT": "8080"}

RUN = """
import json, sys
from service.command import main
for line in json.loads(sys.argv.pop()):
    sys.argv[1:] = line
    try:
        main()
    except SystemExit as end:
        print(json.dumps([line, end.code, sorted(sys.modules)]))
"""


class Ended(NamedTuple):
    """How one command line ended, and everything that had been imported by then."""

    line: list[str]
    status: int
    modules: list[str]

    @property
    def heavy(self) -> set[str]:
        parts = {name[:end] for name in self.modules for end in _ends(name)}
        return parts & HEAVY


def _ends(name: str) -> list[int]:
    return [*(index for index, letter in enumerate(name) if letter == "."), len(name)]


def run(*lines: Sequence[str], **environment: str) -> list[Ended]:
    """Run command lines one after the other in one process."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(lines)],
        cwd=ROOT,
        env={**without_settings(), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    ended = [line for line in done.stdout.splitlines() if line.startswith('[["')]
    return [Ended(*json.loads(line)) for line in ended]


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LEADLEDGER_")}


def every_command() -> list[list[str]]:
    """Return what can be called: every command, and what is below it."""
    found = []
    for name, command in COMMANDS.items():
        found.append([name])
        module, _, attribute = command.target.partition(":")
        place = getattr(importlib.import_module(f"service.command.{module}"), attribute)
        if isinstance(place, typer.Typer) and len(place.registered_commands) > 1:
            found += [[name, str(below.name)] for below in place.registered_commands]
    return found


@pytest.mark.parametrize(
    ("option", "status"), [("--help", 0), ("--nonsense", 2)], ids=["help", "usage error"]
)
def test_no_command_imports_what_only_the_service_needs_to_explain_itself(
    option: str, status: int
) -> None:
    ended = run(*([*command, option] for command in every_command()))
    assert [one.line[:-1] for one in ended] == every_command()
    assert {one.status for one in ended} == {status}
    assert {" ".join(one.line): one.heavy for one in ended if one.heavy} == {}


@pytest.mark.parametrize("line", ["verify --checkpoint 17", "rebuild nonsense", "serve --port x"])
def test_a_wrong_value_is_said_before_anything_heavy_is_imported(line: str) -> None:
    [ended] = run(line.split())
    assert (ended.status, ended.heavy) == (Exit.USAGE, set())


def test_every_projection_has_a_name_for_the_command_line() -> None:
    assert list(PROJECTIONS) == list(ProjectionName)


@pytest.mark.parametrize("name", ["serve", "migrate", "verify", "rebuild", "key list"])
def test_a_wrong_setting_is_said_before_anything_heavy_is_imported(name: str) -> None:
    [ended] = run(name.split(), **SETTINGS_WRONG)
    assert (ended.status, ended.heavy) == (Exit.SETTINGS, set())


@pytest.mark.parametrize("name", ["verify", "rebuild", "key list"])
def test_a_ledger_that_is_not_there_is_missed_before_the_driver_is_imported(
    name: str, tmp_path: Path
) -> None:
    [ended] = run(name.split(), LEADLEDGER_DATA_DIR=str(tmp_path))
    assert ended.status == Exit.DATABASE_UNAVAILABLE
    assert ended.heavy == {"sqlalchemy", "service.private_postgres"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "modules_max"),
    [
        (["--help"], 260),
        (["funnel", "--url", "http://127.0.0.1:9", "--key", "llk_a_b_c"], 520),
        (["import", "--help"], 560),
    ],
    ids=["help", "funnel", "import"],
)
def test_a_command_imports_little_more_than_it_needs(line: list[str], modules_max: int) -> None:
    [ended] = run(line)
    assert not ended.heavy
    assert len(ended.modules) <= modules_max


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_of_each_what_its_own_help_says(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        application([name, "--help"])
    assert COMMANDS[name].summary in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", EXIT_OF)
def test_every_failure_with_an_exit_code_exists(name: str) -> None:
    module, _, failure = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), failure), Exception)


def test_a_failure_has_the_exit_code_of_the_kind_that_it_belongs_to() -> None:
    class OutOfRoom(PrivatePostgresError):
        pass

    assert exit_of(OutOfRoom("no room")) is Exit.DATABASE_UNAVAILABLE
    assert exit_of(ValueError("a defect")) is None
