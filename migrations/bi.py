"""The views for BI tools, in a schema next to the ledger's, and the role that reads only them.

The schema and the role have the same name, that of the ledger with `_bi` after it.
"""

from sqlalchemy import Connection, text

from migrations.scripts import run_script

SCRIPTS = ("bi.sql", "bi_words.sql")


class BiUnavailable(Exception):
    """The views for BI tools cannot be created in this database."""


def name_of(schema: str) -> str:
    """Return the name of the schema and of the role."""
    return f"{schema}_bi"


def has_views(connection: Connection, schema: str) -> bool:
    """Return whether the views exist, so that a migration has to bring them up to date."""
    return _exists(connection, f'"{name_of(schema)}".stays')


def make_views(connection: Connection, schema: str) -> None:
    """Create or replace the views, and the role if there is none.

    Raises:
        BiUnavailable: the schema is another ledger's, or the role is missing and cannot be created.
    """
    name = name_of(schema)
    if _exists(connection, f'"{name}".ledger_head'):
        raise BiUnavailable(
            f"expected to create the schema {name} for BI tools, found a ledger of this name: "
            f"only a ledger of another name than {schema} can have these views"
        )
    if not connection.scalar(_MAY_CREATE_ROLE, {"name": name}):
        raise BiUnavailable(
            f"expected the role {name}, or the right to create roles, found neither: have an "
            f'administrator run CREATE ROLE "{name}" LOGIN; docs/bi.md says with which settings'
        )
    for script in SCRIPTS:
        run_script(connection, script, schema)


_MAY_CREATE_ROLE = text(
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :name) "
    "OR (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)"
)


def _exists(connection: Connection, relation: str) -> bool:
    found = connection.scalar(text("SELECT to_regclass(:relation)"), {"relation": relation})
    return found is not None
