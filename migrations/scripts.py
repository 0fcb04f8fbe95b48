"""Run the SQL files of this package, one statement at a time, in the open transaction."""

import re
from collections.abc import Iterator
from importlib.resources import files

from sqlalchemy import Connection

from events.database.statements import qualify

_PART = re.compile(r"(\$\w*\$).*?\1|'(?:[^']|'')*'|--[^\n]*|;|[^$';-]+|.", re.DOTALL)
"""A body between dollars, a string, a comment, the end of a statement, or anything else."""


def run_script(connection: Connection, file_name: str, schema: str) -> None:
    """Execute the statements of a file, qualified with the ledger's schema.

    One at a time: Citus distributes a change of the schema only if it is alone in its command.
    """
    source = files("migrations").joinpath(file_name).read_text(encoding="utf-8")
    adapted = connection.connection.dbapi_connection
    assert adapted is not None
    for statement in statements_of(qualify(source, schema)):
        adapted.run_async(lambda driver, sql=statement: driver.execute(sql))


def statements_of(script: str) -> Iterator[str]:
    """Split a script at the semicolons that end its statements; comments are left out."""
    statement = ""
    for part in _PART.finditer(script):
        if part[0] == ";":
            yield statement.strip()
            statement = ""
        elif not part[0].startswith("--"):
            statement += part[0]
    assert not statement.strip(), "the last statement ends with a semicolon"
