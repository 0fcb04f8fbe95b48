"""`leadledger lifecycle`: look at a definition, without a service."""

from typing import Annotated
from zoneinfo import available_timezones

import typer

from domain.lifecycle.complaints import LifecycleInvalid
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.diagram import diagram
from domain.lifecycle.loading import inspect, load
from events.expansion import known_countries
from events.shipped import DEFAULT, SHIPPED, read_lifecycle_text
from service.command.exits import Exit
from service.command.options import Json, Language
from service.command.printing import complain, print_json, print_lines

lifecycle_commands = typer.Typer(
    name="lifecycle",
    help="Check and draw a definition of the funnel. Nothing is published.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[
    str, typer.Argument(metavar="FILE", help=f"A YAML file, or one of {', '.join(SHIPPED)}.")
]


@lifecycle_commands.command("check")
def check_lifecycle(file: File, *, as_json: Json = False) -> None:
    """Say everything that is wrong with a definition, each with its line; exit code 10 if it is.

    Warnings are told apart: a definition with warnings can be published.

    Example: leadledger lifecycle check our_funnel.yaml
    """
    inspection = inspect(
        read_lifecycle_text(file), zones=available_timezones(), countries=known_countries()
    )
    if as_json:
        print_json(
            {
                "valid": inspection.lifecycle is not None,
                "complaints": [
                    {"line": one.line, "path": one.path, "message": one.message, "fatal": one.fatal}
                    for one in inspection.complaints
                ],
            }
        )
    else:
        print_lines(*(f"{file}, {complaint}" for complaint in inspection.complaints))
    if inspection.lifecycle is None:
        raise typer.Exit(Exit.INVALID_FILE)
    if not as_json:
        print_lines(f"{file} is a valid lifecycle: {inspection.lifecycle.name}.")


@lifecycle_commands.command("show")
def show_lifecycle(file: File = DEFAULT) -> None:
    """Print the whole text of a shipped definition: the place to begin one of your own.

    Example: leadledger lifecycle show lead_management > our_funnel.yaml
    """
    print_lines(read_lifecycle_text(file).rstrip())


@lifecycle_commands.command("diagram")
def draw_lifecycle(
    file: File = DEFAULT,
    *,
    subject: Annotated[
        SubjectKind, typer.Option("--track", help="Whose track: lead or account.")
    ] = SubjectKind.LEAD,
    lang: Language = "en",
) -> None:
    """Print a definition's track as a Mermaid state diagram, as documents and wikis show it.

    Example: leadledger lifecycle diagram our_funnel.yaml --lang ja > funnel.mmd
    """
    try:
        definition = load(read_lifecycle_text(file), zones=available_timezones())
    except LifecycleInvalid as error:
        complain(f"{file} is no valid lifecycle:\n{error}")
        raise typer.Exit(Exit.INVALID_FILE) from None
    print_lines(diagram(definition, subject=subject, language=lang))
