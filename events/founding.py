"""The first start of a ledger: its head, the first events, the checks of its secret and format."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.service_events import FOUNDED
from domain.lifecycle.text.load import load as load_lifecycle
from events.append.ledger import Ledger
from events.database.failures import FormatUnknown, SecretDiffers
from events.database.statements import load
from events.lifecycles.expansion import known_countries
from events.records import FORMAT
from events.signals.digests import Digests


async def found(owner: AsyncEngine, *, schema: str, digests: Digests, lifecycle_text: str) -> bool:
    """Make the ledger ready to serve. Safe to call at every start, and concurrently.

    Only the first call needs the owner's rights; later calls only read. Returns whether this call
    published the first lifecycle. Raises SecretDiffers if the ledger was founded with another
    secret, FormatUnknown if its log has another format, LifecycleInvalid if the text is not a valid
    lifecycle.
    """
    statements = load("events", "founding.sql", schema)
    async with owner.begin() as connection:
        ledger_id = await connection.scalar(statements["read_ledger_id"].text)
        if ledger_id is None:
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
            # Another process may have been faster.
            ledger_id = await connection.scalar(statements["read_ledger_id"].text)
    await check_secret(owner, schema=schema, digests=digests)
    await check_format(owner, schema=schema)
    ledger = Ledger(owner, schema, digests.seals)
    try:
        await ledger.open()
        if ledger.memory.lifecycle_version > 0:
            return False
        load_lifecycle(lifecycle_text, zones=available_timezones(), countries=known_countries())
        return await ledger.begin(founding(ledger_id), lifecycle_text)
    finally:
        await ledger.close()


def founding(ledger_id: uuid.UUID) -> Mapping[str, Any]:
    """Return the data of the first event.

    The origin is the name under which others know the log. It never changes, wherever it is served.
    """
    return {
        "format": FORMAT,
        "ledger": str(ledger_id),
        "origin": f"leadledger/{ledger_id}",
    }


async def check_format(engine: AsyncEngine, *, schema: str) -> None:
    """Check that this code can read the ledger's log. Raises FormatUnknown.

    The record is not decoded: that may be what has changed.
    """
    statement = load("events", "founding.sql", schema)["read_first"]
    async with engine.connect() as connection:
        first = (await connection.execute(statement.text)).one_or_none()
    if first is None:
        return
    found = None
    if first.type == FOUNDED:
        found = orjson.loads(first.record).get("data", {}).get("format")
    if found != FORMAT:
        raise FormatUnknown(
            f"expected a ledger of format {FORMAT} in the schema {schema}, found "
            + (f"format {found}" if found is not None else "one from before formats had numbers")
            + ": use the version of leadledger that founded it, or found a new ledger "
            "(LEADLEDGER_SCHEMA, or LEADLEDGER_DATA_DIR) and send the events again"
        )


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
