"""Set the clock of a test ledger ahead, so that no test waits for a deadline."""

from datetime import UTC, datetime, timedelta

from tests.support.ledger_on_postgres import LedgerOnPostgres

_TURN = "UPDATE ledger.ledger_head SET clock_ahead = clock_ahead + $1::interval"


async def turn(on: LedgerOnPostgres, by: timedelta) -> None:
    """Set the ledger's clock ahead, as only the owner of its tables can."""
    await on.as_owner(_TURN, by)


async def turn_to(on: LedgerOnPostgres, moment: datetime) -> None:
    """Set the ledger's clock to a moment, which must not be in its past."""
    (row,) = await on.as_owner("SELECT clock_ahead FROM ledger.ledger_head")
    by = moment - (datetime.now(UTC) + row["clock_ahead"])
    assert by > timedelta(), f"{moment} has passed on the clock of this ledger"
    await turn(on, by)
