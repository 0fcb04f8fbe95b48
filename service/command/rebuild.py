"""`leadledger rebuild`: rebuild a projection from the log, next to the live one."""

from typing import Annotated

import typer

from projections.names import ProjectionName
from service.command.exits import Exit
from service.command.ledger import settings_of_ledger
from service.command.options import Json


def rebuild_projection(
    name: Annotated[
        ProjectionName,
        typer.Argument(metavar="[NAME]", help=f"Which projection: {', '.join(ProjectionName)}."),
    ] = ProjectionName.STAGE_INTERVALS,
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
    settings = settings_of_ledger()
    from service.command.in_database.rebuild import rebuild_and_print

    differs = rebuild_and_print(settings, name, compare_only=compare_only, as_json=as_json)
    if compare_only and differs:
        raise typer.Exit(Exit.FOUND_WRONG)
