"""The node of a cluster that holds a ledger, so that a service can connect to it.

Through the coordinator, each statement of an append is a round trip between nodes.
"""

from typing import NamedTuple

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.database.statements import load

FILE = "ledgers/ledgers.sql"


class Node(NamedTuple):
    """The server with a ledger's tables."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def is_cluster(connection: AsyncConnection) -> bool:
    """Return whether the database is a Citus cluster."""
    statement = load("service", FILE, "ledger")["is_cluster"]
    return bool(await connection.scalar(statement.text))


async def node_of(connection: AsyncConnection, schema: str) -> Node | None:
    """Return the node of a cluster that holds a ledger; None if it is the one that answers."""
    statement = load("service", FILE, schema)["read_node"]
    row = (await connection.execute(statement.text)).one_or_none()
    return None if row is None or row.is_here else Node(row.host, row.port)


async def url_at_node(engine: AsyncEngine, schema: str) -> URL | None:
    """Return the engine's URL, with the host and port of the node that holds the ledger.

    The URL stays as it is if this node holds it: the cluster may know this node by another name.
    None if the database is not a cluster.
    """
    async with engine.connect() as connection:
        if not await is_cluster(connection):
            return None
        node = await node_of(connection, schema)
    if node is None:
        return engine.url
    query = {
        name: value for name, value in engine.url.query.items() if name not in {"host", "port"}
    }
    return engine.url.set(host=node.host, port=node.port, query=query)
