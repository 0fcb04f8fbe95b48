"""`leadledger verify`: check the ledger as somebody who trusts nobody."""

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from events.verification import Finding, Verified
from events.verification import verify as verify_ledger
from service.command.exits import Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import complain, print_json, print_table
from service.command.rebuild import progress_bar


def verify(*, as_json: Json = False) -> None:
    """Check that nobody changed the past.

    Recomputes everything that can be: positions, fingerprints, columns, every decision.

    Reads one moment of the log; the service may go on running. Needs about a kilobyte of memory for
    each lead. Exit code 7 at the first thing that is wrong.

    Example: leadledger verify --json
    """

    async def work(engine: AsyncEngine, schema: str) -> Verified:
        with progress_bar() as on_progress:
            return await verify_ledger(engine, schema=schema, on_progress=on_progress)

    try:
        verified = on_ledger(work)
    except Finding as finding:
        if as_json:
            print_json({"verified": False, "position": finding.position, "found": str(finding)})
        else:
            complain(f"the ledger is not what it should be: {finding}")
        raise typer.Exit(Exit.FOUND_WRONG) from None
    if as_json:
        print_json({"verified": True, **verified._asdict()})
    else:
        rows = [
            (name.replace("_", " "), f"{count:,}") for name, count in verified._asdict().items()
        ]
        print_table(("verified", "count"), rows, numbers=("count",))
