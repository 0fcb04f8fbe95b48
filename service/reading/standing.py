"""Who stands in which stage, whatever the projections are at: what a publication is judged by."""

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.succession import Occupied
from events.reader import occupied_in
from events.statements import load


async def read_occupied(engine: AsyncEngine, schema: str, *, in_force: int) -> Occupied:
    """Count who stands where now."""
    statement = load("events", "ledger.sql", schema)["count_standing"].text
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return occupied_in(rows, in_force=in_force)
