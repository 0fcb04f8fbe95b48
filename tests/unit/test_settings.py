"""Settings come from the environment or a file, and a misspelled one is never ignored."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.engine import database_url_of
from service.settings import (
    Settings,
    SettingsInvalid,
    describe_settings,
    read_settings,
)


def complaint_about(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as invalid:
        read_settings(environment)
    return str(invalid.value)


def test_without_settings_the_defaults_hold() -> None:
    assert read_settings({}) == Settings()


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = tmp_path / "leadledger.toml"
    file.write_text('port = 1000\nhost = "::1"\nschema = "other"\n', encoding="utf-8")
    environment = {"LEADLEDGER_CONFIG": str(file), "LEADLEDGER_PORT": "2000"}
    assert read_settings(environment) == Settings.model_validate(
        {"port": 2000, "host": "::1", "schema": "other"}
    )
    assert read_settings(environment, port=3000, host=None).port == 3000


def test_a_variable_set_to_nothing_counts_as_absent() -> None:
    assert read_settings({"LEADLEDGER_DATABASE_URL": "", "LEADLEDGER_PORT": ""}) == Settings()


def test_variables_of_the_command_or_the_tests_are_not_settings() -> None:
    others = {"LEADLEDGER_URL": "x", "LEADLEDGER_KEY": "x", "LEADLEDGER_TEST_SEED": "7"}
    assert read_settings(others) == Settings()


def test_everything_that_is_wrong_is_said_at_once() -> None:
    complaint = complaint_about(
        {
            "LEADLEDGER_PROT": "8080",
            "LEADLEDGER_WORKERS": "none",
            "LEADLEDGER_SCHEMA": "Robert'; DROP",
            "LEADLEDGER_DATABASE_URL": "mysql://root:hidden@db/leads",
        }
    )
    assert sorted(line.split(" ")[0].rstrip(":") for line in complaint.splitlines()) == [
        "LEADLEDGER_DATABASE_URL",
        "LEADLEDGER_PROT",
        "LEADLEDGER_SCHEMA",
        "LEADLEDGER_WORKERS",
    ]
    assert "hidden" not in complaint


def test_a_missing_or_malformed_settings_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("port: 8080", encoding="utf-8")
    assert str(broken) in complaint_about({"LEADLEDGER_CONFIG": str(broken)})
    assert "No such file" in complaint_about({"LEADLEDGER_CONFIG": str(tmp_path / "none")})


def test_a_url_as_providers_write_it_becomes_one_for_our_driver() -> None:
    url = database_url_of(SecretStr("postgres://u:p@host:6432/leads?sslmode=require"))
    assert url.render_as_string(hide_password=False) == (
        "postgresql+asyncpg://u:p@host:6432/leads?ssl=require"
    )


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("hidden", "found no such URL"),
        ("db/leads?password=hidden", "found no such URL"),
        ("postgresql://u:p@db:hidden/leads", "found no such URL"),
        ("postgresql://u:h@dden@db:pass/word@db", "found no such URL"),
        ("mysql://u:hidden@db/leads", "found mysql://…"),
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(written: str, found: str) -> None:
    assert complaint_about({"LEADLEDGER_DATABASE_URL": written}) == (
        f"LEADLEDGER_DATABASE_URL: expected postgresql://user:password@host:port/database, {found}"
    )


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert len(described) == len(Settings.model_fields)
    assert [one.variable for one in described if not one.description] == []
