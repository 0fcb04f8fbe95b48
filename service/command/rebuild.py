"""`leadledger rebuild`: rebuild a projection from the log, next to the live one."""

from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import Rebuilt, compare, rebuild
from service.command.exits import CommandFailed, Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import print_json, print_lines, print_table, progress_bar


def rebuild_projection(
    name: Annotated[
        str, typer.Argument(help=f"The projection: {', '.join(PROJECTIONS)}.")
    ] = "stage_intervals",
    *,
    compare_only: Annotated[
        bool,
        typer.Option(
            "--compare-only",
            help="Build and compare, then discard the new one and keep the live one. Exit code 7 "
            "if they differ.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild a projection from the log.

    The new projection is compared with the live one, and then replaces it.

    The service may keep running. The log is only read, so events are not at risk. Figures may
    change where the projection was wrong; the differences are shown.

    Example: leadledger rebuild stage_intervals --compare-only
    """
    if name not in PROJECTIONS:
        raise CommandFailed(
            Exit.USAGE, f"there is no projection {name}; expected one of {', '.join(PROJECTIONS)}"
        )

    async def work(engine: AsyncEngine, schema: str) -> Rebuilt:
        build = compare if compare_only else rebuild
        with progress_bar() as on_progress:
            return await build(
                engine, PROJECTIONS[name](schema), schema=schema, on_progress=on_progress
            )

    built = on_ledger(work)
    if as_json:
        print_json(_described(built))
    else:
        _print_built(built, name)
    if compare_only and built.comparison is not None and built.comparison.differing:
        raise typer.Exit(Exit.FOUND_WRONG)


def _described(built: Rebuilt) -> dict[str, Any]:
    comparison = built.comparison
    return {
        **built._asdict(),
        "comparison": comparison
        and {**comparison._asdict(), "first": [row._asdict() for row in comparison.first]},
    }


def _print_built(built: Rebuilt, name: str) -> None:
    rate = built.records / max(built.seconds, 0.001)
    print_lines(
        f"{name}: {built.records:,} events, {built.rows:,} rows, {built.seconds:.1f} s "
        f"({rate:,.0f} events/s), up to position {built.position}."
    )
    comparison = built.comparison
    if comparison is None:
        print_lines("There was no live projection of this version to compare with.")
    elif not comparison.differing:
        print_lines(f"It equals the live one, compared at position {comparison.position}.")
    else:
        print_lines(f"{comparison.differing:,} rows differ from the live one, among them:")
        print_table(
            comparison.first[0]._fields, [tuple(difference) for difference in comparison.first]
        )
    print_lines("It is now live." if built.is_live else "It was discarded; the live one stays.")
