"""Describe all ledgers of a database."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.database.statements import load
from service.ledgers.node import FILE, is_cluster, node_of


class ListedLedger(NamedTuple):
    """One ledger. What may not be read is None, and so is the position of an unfounded ledger."""

    name: str
    node: str
    position: int | None
    bytes: int | None


async def list_ledgers(engine: AsyncEngine) -> list[ListedLedger]:
    """Return all ledgers of the engine's database, in order of name."""
    statement = load("service", FILE, "ledger")["find_ledgers"]
    async with engine.connect() as connection:
        in_cluster = await is_cluster(connection)
        here = f"{engine.url.host}:{engine.url.port or 5432}" if engine.url.host else "this machine"
        return [
            await _describe(connection, row.name, here, in_cluster=in_cluster)
            if row.is_readable
            else ListedLedger(row.name, here, None, None)
            for row in (await connection.execute(statement.text)).all()
        ]


async def _describe(
    connection: AsyncConnection, schema: str, here: str, *, in_cluster: bool
) -> ListedLedger:
    statements = load("service", FILE, schema)
    read_bytes = statements["read_bytes_in_cluster" if in_cluster else "read_bytes"]
    node = await node_of(connection, schema) if in_cluster else None
    taken = await connection.scalar(read_bytes.text)
    return ListedLedger(
        schema,
        here if node is None else str(node),
        await connection.scalar(statements["read_position"].text),
        None if taken is None else int(taken),
    )
