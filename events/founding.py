"""The first start of a ledger: its head, the check of its secret, its first lifecycle."""

import uuid
from datetime import UTC, datetime
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.text.load import load as load_lifecycle
from events.append.ledger import Ledger
from events.database.failures import SecretDiffers
from events.database.statements import load
from events.lifecycles.expansion import known_countries
from events.signals.digests import Digests


async def found(owner: AsyncEngine, *, schema: str, digests: Digests, lifecycle_text: str) -> bool:
    """Make the ledger ready to serve. Safe to call at every start, and concurrently.

    Only the first call needs the owner's rights; later calls only read. Returns whether this call
    published the first lifecycle. Raises SecretDiffers if the ledger was founded with another
    secret, LifecycleInvalid if the text is not a valid lifecycle.
    """
    statements = load("events", "founding.sql", schema)
    async with owner.begin() as connection:
        stored = await connection.scalar(statements["read_secret_check"].text)
        if stored is None:
            ledger_id = uuid.uuid4()
            await connection.execute(
                statements["insert_head"].text,
                {
                    "ledger_id": ledger_id,
                    "recorded_at": datetime.fromtimestamp(0, UTC),
                    "secret_check": digests.check_value,
                    "chain": digests.seals.first_chain(ledger_id),
                },
            )
    await check_secret(owner, schema=schema, digests=digests)
    ledger = Ledger(owner, schema, digests.seals)
    try:
        await ledger.open()
        if ledger.memory.lifecycle_version > 0:
            return False
        load_lifecycle(lifecycle_text, zones=available_timezones(), countries=known_countries())
        return await ledger.publish_first(lifecycle_text)
    finally:
        await ledger.close()


async def check_secret(engine: AsyncEngine, *, schema: str, digests: Digests) -> None:
    """Check that the secret is the one the ledger was founded with. Raises SecretDiffers.

    With another secret, known identifiers would not be found and seals would not verify.
    """
    statements = load("events", "founding.sql", schema)
    async with engine.connect() as connection:
        stored = await connection.scalar(statements["read_secret_check"].text)
    if stored != digests.check_value:
        raise SecretDiffers(
            "this ledger was founded with another secret: set LEADLEDGER_SECRET to the secret of "
            "its first start, or restore the file `secret` in the data directory"
        )
