"""Build a projection again, and compare it with the live one."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import Rebuilt, compare, rebuild
from projections.names import ProjectionName
from service.command.in_database.ledger import on_ledger
from service.command.printing import print_json, print_lines, print_table, progress_bar
from service.settings import Settings


def rebuild_and_print(
    settings: Settings, name: ProjectionName, *, compare_only: bool, as_json: bool
) -> bool:
    """Rebuild a projection, print what came of it, and tell whether the two differ."""

    async def work(engine: AsyncEngine, schema: str) -> Rebuilt:
        build = compare if compare_only else rebuild
        with progress_bar() as on_progress:
            return await build(
                engine, PROJECTIONS[name](schema), schema=schema, on_progress=on_progress
            )

    built = on_ledger(settings, work)
    if as_json:
        print_json(_described(built))
    else:
        _print_built(built, name)
    return built.comparison is not None and built.comparison.differing > 0


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
