"""Hold the transaction of one writer open after it has inserted, by a trigger."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.settings import DRIVER
from tests.bench.servers import Bench

HOLD_S = 1.0
SLOW = "slow"
"""The application name of the writer that is held."""

_FUNCTION = """
CREATE FUNCTION {schema}.hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = '{slow}' THEN PERFORM pg_sleep({seconds}); END IF;
    RETURN NULL;
END $$
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = :schema AND tablename LIKE '%events'"


async def hold(bench: Bench, schema: str) -> None:
    """Make a writer with the name SLOW wait at the end of each insert into a table of events."""
    owner = create_async_engine(bench.postgres.owner_url.set(drivername=DRIVER))
    try:
        async with owner.begin() as connection:
            function = _FUNCTION.format(schema=schema, slow=SLOW, seconds=HOLD_S)
            await connection.execute(text(function))
            tables = (await connection.scalars(text(_TABLES), {"schema": schema})).all()
            for table in tables:
                await connection.execute(
                    text(
                        f"CREATE TRIGGER hold AFTER INSERT ON {schema}.{table} "
                        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}.hold()"
                    )
                )
    finally:
        await owner.dispose()
