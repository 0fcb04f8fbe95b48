"""`leadledger verify`: check the ledger as somebody who trusts nobody."""

from typing import Any, NamedTuple

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from events.audit import Finding
from events.verification import Verified
from events.verification import verify as verify_ledger
from projections.catalogue import PROJECTIONS
from projections.rebuild import Rebuilt, compare
from service.command.exits import Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import complain, print_json, print_lines, print_table, progress_bar


class Checked(NamedTuple):
    """What was found right: the log, and each projection against a rebuild from it."""

    ledger: Verified
    projections: dict[str, Rebuilt]


def verify(*, as_json: Json = False) -> None:
    """Check that nobody changed the past.

    Recomputes everything that can be: positions, fingerprints, columns, versions, every decision
    under the lifecycle that took it, what the writer goes by, and every projection.

    Reads one moment of the log; the service may go on running. Needs about a kilobyte of memory for
    each lead, and room in the database for a second copy of the projections. Exit code 7 at the
    first thing that is wrong.

    Example: leadledger verify --json
    """
    try:
        checked = on_ledger(_check)
    except Finding as finding:
        if as_json:
            print_json({"verified": False, "position": finding.position, "found": str(finding)})
        else:
            complain(f"the ledger is not what it should be: {finding}")
        raise typer.Exit(Exit.FOUND_WRONG) from None
    if as_json:
        print_json({"verified": True, **_described(checked)})
    else:
        _print(checked)


async def _check(engine: AsyncEngine, schema: str) -> Checked:
    with progress_bar() as on_progress:
        ledger = await verify_ledger(engine, schema=schema, on_progress=on_progress)
    projections: dict[str, Rebuilt] = {}
    for name, projection in PROJECTIONS.items():
        with progress_bar() as on_progress:
            built = await compare(
                engine, projection(schema), schema=schema, on_progress=on_progress
            )
        comparison = built.comparison
        if comparison is not None and comparison.differing:
            raise Finding(
                comparison.position,
                f"the projection {name} is what a rebuild makes",
                "no row that differs",
                f"{comparison.differing:,} rows, the first: {comparison.first[0]}",
            )
        projections[name] = built
    return Checked(ledger, projections)


def _described(checked: Checked) -> dict[str, Any]:
    return {
        **checked.ledger._asdict(),
        "projections": {
            name: {"rows": built.rows, "compared_at": _compared_at(built)}
            for name, built in checked.projections.items()
        },
    }


def _print(checked: Checked) -> None:
    rows = [
        (name.replace("_", " "), f"{count:,}") for name, count in checked.ledger._asdict().items()
    ]
    rows += [
        (f"rows of {name}, equal to a rebuild", f"{built.rows:,}")
        for name, built in checked.projections.items()
        if built.comparison is not None
    ]
    print_table(("verified", "count"), rows, numbers=("count",))
    if checked.ledger.clock_ahead_s:
        print_lines(
            f"The clock of this ledger is turned by {checked.ledger.clock_ahead_s:,} seconds: it "
            "is one for tests, and its recorded times prove nothing."
        )
    for name, built in checked.projections.items():
        if built.comparison is None:
            print_lines(f"{name} was not compared: it has not been built yet, or has stopped.")


def _compared_at(built: Rebuilt) -> int | None:
    return built.comparison.position if built.comparison is not None else None
