"""The command starts fast because it imports only what the command at hand needs."""

import importlib
import json
import subprocess
import sys

import pytest

from service.command.application import COMMANDS, EXIT_OF, application, exit_of
from service.command.exits import Exit
from service.private_postgres.errors import PrivatePostgresError
from tests.running_service import ROOT

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
    ]
)
"""What only the service itself needs, or a command that opens the database."""

RUN = """
import json, sys
from service.command import main
sys.argv[1:] = {arguments}
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(*arguments: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", RUN.format(arguments=list(arguments))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "modules_max"),
    [
        (("--help",), 260),
        (("funnel", "--url", "http://127.0.0.1:9", "--key", "llk_a_b_c"), 520),
        (("import", "--help"), 560),
    ],
    ids=["help", "funnel", "import"],
)
def test_a_command_imports_nothing_that_only_the_service_needs(
    arguments: tuple[str, ...], modules_max: int
) -> None:
    modules = modules_after(*arguments)
    assert not {name.partition(".")[0] for name in modules} & HEAVY
    assert len(modules) <= modules_max


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
