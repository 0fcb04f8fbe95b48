"""One table of settings: this class is the code, the help and the documentation.

Every setting is an environment variable `LEADLEDGER_<NAME>` or a line of the TOML file that
`LEADLEDGER_CONFIG` names; the environment wins. An unknown setting is an error, because a
misspelled one would otherwise be silently without effect. A variable that is set to nothing counts
as absent: that is how container tools pass on what nobody has set.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from events.signals.validation import expected_of
from service.limits import CONNECTIONS_MAX

PREFIX = "LEADLEDGER_"
CONFIG_VARIABLE = "LEADLEDGER_CONFIG"
COMMAND_VARIABLES = frozenset({CONFIG_VARIABLE, "LEADLEDGER_URL", "LEADLEDGER_KEY"})
"""Read elsewhere: where the settings file is, and where and as whom the command asks a service."""
FOREIGN_PREFIXES = ("LEADLEDGER_TEST_", "LEADLEDGER_OLIST_")
"""Read by the tests, never by the service."""

DRIVER = "postgresql+asyncpg"
_ACCEPTED_DRIVERS = frozenset({"postgres", "postgresql", DRIVER})
_EXPECTED_URL = "postgresql://user:password@host:port/database"
_DATABASE_URL = re.compile(
    r"(?P<scheme>[\w+]+)://(?:[^:/]*(?::[^@]*)?@)?+(?:\[[^/?]+\]|[^:/?]*)(?::\d{1,5})?(?:[/?].*)?",
    re.ASCII | re.DOTALL,
)
"""As SQLAlchemy reads it: a password may hold anything except @, which is written as %40."""


class SettingsInvalid(Exception):
    """A setting is unknown or has a value that does not fit."""


def _checked_url(text: SecretStr) -> SecretStr:
    """Check the form alone: parsing it takes SQLAlchemy, which `--help` should not wait for.

    Raises:
        ValueError: it is not the URL of a PostgreSQL database. The URL itself is not repeated: it
            holds a password.
    """
    form = _DATABASE_URL.fullmatch(text.get_secret_value())
    if form is None:
        raise ValueError(f"expected {_EXPECTED_URL}, found no such URL")
    if form["scheme"] not in _ACCEPTED_DRIVERS:
        raise ValueError(f"expected {_EXPECTED_URL}, found {form['scheme']}://…")
    return text


DatabaseUrl = Annotated[SecretStr, AfterValidator(_checked_url)]


class Settings(BaseModel):
    """Everything that can be set. A default is what suits a first try on one machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: Annotated[
        DatabaseUrl | None,
        Field(
            description="PostgreSQL 15 or later, as postgresql://user:password@host/database. "
            "Absent: a private PostgreSQL in the data directory."
        ),
    ] = None
    owner_url: Annotated[
        DatabaseUrl | None,
        Field(
            description="The same database as the role that owns the tables and migrates. "
            "Absent: database_url, and then the append-only guard is weaker."
        ),
    ] = None
    data_dir: Annotated[
        Path, Field(description="Where the private PostgreSQL and the secret live.")
    ] = Path("data")
    schema_name: Annotated[
        str,
        Field(
            alias="schema",
            pattern=r"^[a-z][a-z0-9_]{0,47}$",
            description="The PostgreSQL schema that holds the ledger.",
        ),
    ] = "ledger"
    secret: Annotated[
        SecretStr | None,
        Field(
            min_length=32,
            description="At least 32 characters; keys the digests of identifiers, and seals the "
            "secrets of webhooks. Absent: a file in the data directory, made by the first start; "
            "it is refused if others than its owner and its group can read it. "
            "Losing it means that nobody is found again.",
        ),
    ] = None
    lifecycle: Annotated[
        str,
        Field(
            description="The lifecycle that the first start publishes: the name of a shipped "
            "one, or the path of a YAML file. Later starts go by the ledger."
        ),
    ] = "demand_funnel"
    bootstrap_key: Annotated[
        SecretStr | None,
        Field(
            description="The administrator's key of the first start. Absent: one is made and "
            "printed once."
        ),
    ] = None
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65_535, description="Port to listen on; 0 takes any that is free.")
    ] = 8080
    workers: Annotated[
        int, Field(ge=1, le=64, description="Processes that serve. All can write.")
    ] = 1
    connections: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="Connections of clients that one process serves at once; whoever is "
            "beyond them is told to come again.",
        ),
    ] = CONNECTIONS_MAX
    pool_size: Annotated[
        int, Field(ge=4, le=200, description="Database connections of one process, at most.")
    ] = 12
    prepared_statements: Annotated[
        bool,
        Field(description="Off for a PgBouncer before 1.21 in transaction mode."),
    ] = True
    refusals_days_max: Annotated[
        int,
        Field(ge=1, le=3_650, description="Days for which refusals are kept: personal data."),
    ] = 30
    refusals_bytes_max: Annotated[
        int,
        Field(
            ge=1_048_576,
            description="Bytes that all refusals may take; beyond that the oldest go first.",
        ),
    ] = 1_073_741_824
    webhook_private_addresses: Annotated[
        bool,
        Field(
            description="On: webhooks may go to addresses that are not public, on any port, and by "
            "http. For receivers in one's own network, if nobody else may make webhooks."
        ),
    ] = False
    log_format: Annotated[
        str, Field(pattern="^(text|json)$", description="text for people, json for collectors.")
    ] = "text"


class SettingDescription(NamedTuple):
    """One row of the table of settings."""

    variable: str
    default: str
    description: str


def describe_settings() -> list[SettingDescription]:
    """Return the table of settings, for help and documentation."""
    return [
        SettingDescription(
            variable=f"{PREFIX}{(field.alias or name).upper()}",
            default="" if field.default is None else str(field.default),
            description=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read file and environment; what a command line says wins over both.

    Raises:
        SettingsInvalid: with every complaint at once.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    config = environment.get(CONFIG_VARIABLE)
    if config:
        values |= _file_values(Path(config))
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in COMMAND_VARIABLES or not value:
            continue
        if not name.startswith(FOREIGN_PREFIXES):
            values[name.removeprefix(PREFIX).lower()] = value
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsInvalid(_complaints(error)) from None


def _file_values(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsInvalid(f"{CONFIG_VARIABLE} names {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not TOML: {error}") from None


def _complaints(error: ValidationError) -> str:
    known = sorted(field.alias or name for name, field in Settings.model_fields.items())
    lines = []
    for one in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in one["loc"])
        if one["type"] == "extra_forbidden":
            lines.append(f"{PREFIX}{name.upper()} is unknown; known are {', '.join(known)}")
        else:
            said = one["msg"].removeprefix("Value error, ")
            words = said if one["type"] == "value_error" else f"expected {expected_of(one)}"
            lines.append(f"{PREFIX}{name.upper()}: {words}")
    return "\n".join(lines)
