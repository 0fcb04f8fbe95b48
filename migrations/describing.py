"""Describe a schema line by line, for comparison with what the migrations create."""

from typing import NamedTuple

from events.database.sessions import Driver
from events.database.statements import load


class Description(NamedTuple):
    """A schema as the catalogue describes it."""

    server_version: int
    objects: tuple[str, ...]
    """Tables, columns, constraints, indexes, triggers, rules, views, functions."""
    rights: tuple[str, ...]
    """What roles other than the owner may do, apart from reading."""


async def describe(driver: Driver, *, schema: str) -> Description:
    """Describe a schema without writing anything."""
    sql = load("migrations", "describe.sql", schema)
    rows = [
        await driver.fetch(sql[name].driver_sql, schema) for name in ("describe", "describe_rights")
    ]
    objects, rights = (tuple(line for (line,) in found) for found in rows)
    return Description(driver.get_server_version().major, objects, rights)
