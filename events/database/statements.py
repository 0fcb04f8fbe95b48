"""SQL in files of its own: a name, a sentence of why, the statement.

A file holds statements headed by `-- name: read_head`. Every table is written as `ledger.<table>`;
the schema that the settings name takes the place of `ledger` when the file is loaded, so nothing
relies on a search path that a connection pooler may not keep.

What several files would have to say alike stands in a file of its own, and takes the place of the
line `-- include: <file>` wherever that stands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import TextClause, text

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_INCLUDE = re.compile(r"^-- include: (\w+/\w+\.sql)$", re.MULTILINE)
_BIND = re.compile(r"(?<![:\w]):(\w+)\b(?!:)")
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_QUALIFIER = re.compile(r"\bledger\.(?=\w)")


class StatementFileInvalid(Exception):
    """A SQL file of the product is malformed."""


class SchemaNameInvalid(ValueError):
    """The name of a ledger is a lower-case letter, then up to 47 lower-case letters, digits, _."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, for SQLAlchemy (`text`) and for the driver below it (`driver_sql`)."""

    name: str
    text: TextClause
    driver_sql: str
    binds: tuple[str, ...]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Order named values as the driver's `$1, $2, …`."""
        return [values[name] for name in self.binds]


def qualify(sql: str, schema: str) -> str:
    """Put the schema's name in the place of `ledger.`, and bare where `{schema}` asks for it."""
    if not _SCHEMA_NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise SchemaNameInvalid(
            f"a ledger's name is [a-z][a-z0-9_]* up to 48 characters, found {schema!r}"
        )
    return _QUALIFIER.sub(f'"{schema}".', sql).replace("{schema}", schema)


def load(package: str, file_name: str, schema: str) -> Mapping[str, Statement]:
    """Read the named statements of a package's SQL file."""
    source = _INCLUDE.sub(lambda line: _read(package, line[1]), _read(package, file_name))
    parts = _NAME.split(source)
    names, bodies = parts[1::2], parts[2::2]
    if not names or len(set(names)) != len(names):
        raise StatementFileInvalid(f"{package}/{file_name}: needs statements of distinct names")
    return {
        name: _statement(name, qualify(body.strip(), schema))
        for name, body in zip(names, bodies, strict=True)
    }


def _read(package: str, file_name: str) -> str:
    return files(package).joinpath(file_name).read_text(encoding="utf-8")


def _statement(name: str, sql: str) -> Statement:
    code = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    binds = tuple(dict.fromkeys(_BIND.findall(code)))
    driver_sql = _BIND.sub(lambda match: f"${binds.index(match[1]) + 1}", code)
    return Statement(name, text(code), driver_sql, binds)
