"""SQL in separate files: for each statement its name, a sentence on why, and the SQL.

Each statement begins with a line like `-- name: read_head`. Tables are written as `ledger.<table>`;
loading replaces `ledger` with the configured schema, so that nothing relies on a search path, which
a connection pooler may not preserve.

SQL shared by several files is kept in a file of its own, which replaces each line
`-- include: <file>`. A file for many tables names none of them: it says `ledger.{table}`, and is
loaded for each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlalchemy import TextClause, text

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_INCLUDE = re.compile(r"^-- include: (\w+/\w+\.sql)$", re.MULTILINE)
_BIND = re.compile(r"(?<![:\w]):(\w+)\b(?!:)")
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_QUALIFIER = re.compile(r"\bledger\.(?=[\w{])")


class StatementFileInvalid(Exception):
    """An SQL file of the product is malformed."""


class SchemaNameInvalid(ValueError):
    """A ledger's name is a lower-case letter, then up to 47 lower-case letters, digits or _."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, for SQLAlchemy (`text`) and for its driver (`driver_sql`)."""

    name: str
    text: TextClause
    driver_sql: str
    binds: tuple[str, ...]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return named values in the order of the driver's `$1, $2, …`."""
        return [values[name] for name in self.binds]


def qualify(sql: str, schema: str) -> str:
    """Replace `ledger.` with the quoted schema name, and `{schema}` with the bare name."""
    if not _SCHEMA_NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise SchemaNameInvalid(
            f"a ledger's name is [a-z][a-z0-9_]* up to 48 characters, found {schema!r}"
        )
    return _QUALIFIER.sub(f'"{schema}".', sql).replace("{schema}", schema)


def load(
    package: str, file_name: str, schema: str, *, table: str = "{table}"
) -> Mapping[str, Statement]:
    """Read the named statements of a package's SQL file, for one table if the file is for many."""
    source = _INCLUDE.sub(lambda line: _read(package, line[1]), _read(package, file_name))
    source = source.replace("{table}", table)
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


@cache
def _statement(name: str, sql: str) -> Statement:
    code = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    binds = tuple(dict.fromkeys(_BIND.findall(code)))
    driver_sql = _BIND.sub(lambda match: f"${binds.index(match[1]) + 1}", code)
    return Statement(name, text(code), driver_sql, binds)
