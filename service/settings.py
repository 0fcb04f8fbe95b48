"""One table of settings: this class is the code, the help and the documentation.

Every setting is an environment variable `LEADLEDGER_<NAME>` or a line of the TOML file named by
`LEADLEDGER_CONFIG`; the environment takes precedence. An unknown setting is an error, because a
misspelled one would otherwise silently have no effect. A variable with an empty value counts as
absent, because container tools pass unset variables on like that.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from events.signals.validation import expected_of
from service.limits import CONNECTIONS_MAX

PREFIX = "LEADLEDGER_"
CONFIG_VARIABLE = "LEADLEDGER_CONFIG"
COMMAND_VARIABLES = frozenset({CONFIG_VARIABLE, "LEADLEDGER_URL", "LEADLEDGER_KEY"})
"""Read elsewhere: the settings file, and the URL and key with which the command calls a service."""
FOREIGN_PREFIXES = ("LEADLEDGER_TEST_", "LEADLEDGER_OLIST_", "LEADLEDGER_CITUS_")
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
    """A setting is unknown or its value is invalid."""


def _checked_url(text: SecretStr) -> SecretStr:
    """Check only the form: parsing needs SQLAlchemy, and `--help` should not wait for its import.

    Raises:
        ValueError: it is not the URL of a PostgreSQL database. The URL itself is not repeated: it
            contains a password.
    """
    form = _DATABASE_URL.fullmatch(text.get_secret_value())
    if form is None:
        raise ValueError(f"expected {_EXPECTED_URL}, found no such URL")
    if form["scheme"] not in _ACCEPTED_DRIVERS:
        raise ValueError(f"expected {_EXPECTED_URL}, found {form['scheme']}://…")
    return text


def _checked_proxies(text: str) -> str:
    """Raise ValueError if this is not a list of addresses and networks."""
    for network in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(
                f"expected addresses or networks such as 10.0.0.0/8, found {network}"
            ) from None
    return text


DatabaseUrl = Annotated[SecretStr, AfterValidator(_checked_url)]


class Settings(BaseModel):
    """All settings. The defaults suit a first try on one machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: Annotated[
        DatabaseUrl | None,
        Field(
            description="PostgreSQL 15 or later, as postgresql://user:password@host/database. "
            "Default: a private PostgreSQL in the data directory."
        ),
    ] = None
    owner_url: Annotated[
        DatabaseUrl | None,
        Field(
            description="The same database, with the role that owns the tables and migrates them. "
            "Default: database_url, which makes the append-only guard weaker."
        ),
    ] = None
    data_dir: Annotated[
        Path, Field(description="The directory of the private PostgreSQL and of the secret.")
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
            "secrets of webhooks. Default: a file in the data directory, made by the first start; "
            "it is refused if users other than its owner and its group can read it. "
            "If it is lost, known leads can no longer be found.",
        ),
    ] = None
    lifecycle: Annotated[
        str,
        Field(
            description="The lifecycle that the first start publishes: the name of a shipped "
            "one, or the path of a YAML file. Later starts use the one in the ledger."
        ),
    ] = "demand_funnel"
    bootstrap_key: Annotated[
        SecretStr | None,
        Field(
            description="The administrator's key of the first start. Default: one is made and "
            "printed once."
        ),
    ] = None
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65_535, description="Port to listen on; 0 picks a free one.")
    ] = 8080
    trusted_proxies: Annotated[
        str,
        AfterValidator(_checked_proxies),
        Field(
            description="Addresses or networks of proxies, separated by commas, whose "
            "X-Forwarded-Proto counts. Web pages are shown only over https or on 127.0.0.1."
        ),
    ] = ""
    workers: Annotated[
        int | None,
        Field(
            ge=0,
            le=64,
            description="Number of processes that answer requests, beside one that writes and one "
            "that reads. 0: a single process does everything. Default: 1, or 0 on a machine with "
            "a single processor.",
        ),
    ] = None
    connections: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="Client connections that one process serves at once; excess connections "
            "get 503 with Retry-After.",
        ),
    ] = CONNECTIONS_MAX
    pool_size: Annotated[
        int, Field(ge=4, le=200, description="The most database connections of one process.")
    ] = 12
    prepared_statements: Annotated[
        bool,
        Field(description="Switch off for a PgBouncer before 1.21 in transaction mode."),
    ] = True
    refusals_days_max: Annotated[
        int,
        Field(ge=1, le=3_650, description="Days to keep refusals, which contain personal data."),
    ] = 30
    refusals_bytes_max: Annotated[
        int,
        Field(
            ge=1_048_576,
            description="Bytes that all refusals may take; above that the oldest are deleted.",
        ),
    ] = 1_073_741_824
    webhook_private_addresses: Annotated[
        bool,
        Field(
            description="Allows webhooks to addresses that are not public, on any port, and over "
            "http. For receivers in your own network, if no one else may make webhooks."
        ),
    ] = False
    log_format: Annotated[
        str, Field(pattern="^(text|json)$", description="text for people, json for collectors.")
    ] = "text"

    @property
    def fronts(self) -> int:
        """Processes that only answer requests; 0 if a single process does everything."""
        if self.workers is not None:
            return self.workers
        return 1 if processors() > 1 else 0


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    """Read file and environment; options of the command line take precedence over both.

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
        raise SettingsInvalid(
            f"cannot read {path}, named by {CONFIG_VARIABLE}: {error.strerror}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}") from None


def _complaints(error: ValidationError) -> str:
    known = sorted(field.alias or name for name, field in Settings.model_fields.items())
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"{PREFIX}{name.upper()} is unknown; expected one of {', '.join(known)}")
        else:
            said = fault["msg"].removeprefix("Value error, ")
            words = said if fault["type"] == "value_error" else f"expected {expected_of(fault)}"
            lines.append(f"{PREFIX}{name.upper()}: {words}")
    return "\n".join(lines)
