"""Run the SQL files of this package as whole scripts, in the open transaction."""

from importlib.resources import files

from sqlalchemy import Connection

from events.database.statements import qualify


def run_script(connection: Connection, file_name: str, schema: str) -> None:
    """Execute a file of several statements, qualified with the ledger's schema.

    Uses the driver's simple protocol, because a prepared statement holds only one command.
    """
    source = files("migrations").joinpath(file_name).read_text(encoding="utf-8")
    script = qualify(source, schema)
    adapted = connection.connection.dbapi_connection
    assert adapted is not None
    adapted.run_async(lambda driver: driver.execute(script))
