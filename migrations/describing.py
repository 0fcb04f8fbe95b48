"""What a schema is made of, line by line: to be compared with what the migrations make."""

from typing import NamedTuple

from events.database.sessions import Driver
from events.database.statements import load


class Description(NamedTuple):
    """A schema as the catalogue has it."""

    server_version: int
    objects: tuple[str, ...]
    """Tables, columns, constraints, indexes, triggers, rules, views, functions."""
    rights: tuple[str, ...]
    """What others than the owner may do, apart from reading."""


async def describe(driver: Driver, *, schema: str) -> Description:
    """Describe a schema; nothing is written."""
    sql = load("migrations", "describe.sql", schema)
    rows = [
        await driver.fetch(sql[name].driver_sql, schema) for name in ("describe", "describe_rights")
    ]
    objects, rights = (tuple(line for (line,) in found) for found in rows)
    return Description(driver.get_server_version().major, objects, rights)
