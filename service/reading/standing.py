"""Who stands in which stage, whatever the projections are at: what a publication is judged by."""

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.change.succession import Occupancy
from events.append.loader import occupancy_in
from events.database.statements import load


async def count_standing(engine: AsyncEngine, schema: str, *, in_force: int) -> Occupancy:
    """Count who stands where now, beside the writer: where many do, it takes a second or more."""
    statement = load("events.append", "ledger.sql", schema)["count_standing"].text
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return occupancy_in(rows, in_force=in_force)
