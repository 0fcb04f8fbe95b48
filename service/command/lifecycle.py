"""`leadledger lifecycle`: check, draw, compare and publish lifecycles."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import available_timezones

import typer

from domain.lifecycle.change.diagram import diagram
from domain.lifecycle.change.difference import differences
from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.names import LANGUAGE_DEFAULT, language_of
from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.lifecycle.text.load import inspect, load
from events.lifecycles.shipped import DEFAULT, SHIPPED, read_lifecycle_text
from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import complain, print_json, print_lines

lifecycle_commands = typer.Typer(
    name="lifecycle",
    help="Check, draw, compare and publish lifecycles.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[
    str, typer.Argument(metavar="FILE", help=f"A YAML file, or one of {', '.join(SHIPPED)}.")
]


@lifecycle_commands.command("check")
def check_lifecycle(file: File, *, as_json: Json = False) -> None:
    """List every mistake in a lifecycle, with its line; exit code 10 if it is not valid.

    Warnings are marked: a lifecycle with warnings can be published.

    Example: leadledger lifecycle check our_funnel.yaml
    """
    from events.lifecycles.expansion import known_countries  # noqa: PLC0415  only a check needs the holidays

    inspection = inspect(
        read_lifecycle_text(file), zones=available_timezones(), countries=known_countries()
    )
    if as_json:
        print_json(
            {
                "valid": inspection.lifecycle is not None,
                "complaints": [
                    {
                        "line": complaint.line,
                        "path": complaint.path,
                        "message": complaint.message,
                        "fatal": complaint.fatal,
                    }
                    for complaint in inspection.complaints
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
    """Print the full text of a shipped lifecycle, as a starting point for your own.

    Example: leadledger lifecycle show lead_management > our_funnel.yaml
    """
    print_lines(read_lifecycle_text(file).rstrip())


@lifecycle_commands.command("diagram")
def draw_lifecycle(
    file: File = DEFAULT,
    *,
    subject: Annotated[
        SubjectKind, typer.Option("--track", help="The track: lead or account.")
    ] = SubjectKind.LEAD,
    lang: Language = LANGUAGE_DEFAULT,
) -> None:
    """Print a lifecycle's track as a Mermaid state diagram, for documents and wikis.

    Example: leadledger lifecycle diagram our_funnel.yaml --lang ja > funnel.mmd
    """
    lifecycle = _read(file)
    language = language_of(lifecycle, lang)
    if language is None:
        known = ", ".join(lifecycle.languages)
        raise CommandFailed(Exit.USAGE, f"{file} has no words in {lang}; it has them in {known}")
    print_lines(diagram(lifecycle, subject=subject, language=language))


@lifecycle_commands.command("diff")
def compare_lifecycles(
    file: File,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[OTHER]",
            help="The lifecycle to compare FILE with. Without it, FILE is compared with the one in "
            "force in the running service, and the subjects in stages that disappear are counted.",
            show_default=False,
        ),
    ] = None,
    *,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Describe what changes from one lifecycle to another. Nothing is published.

    Examples: leadledger lifecycle diff demand_funnel our_funnel.yaml

    leadledger lifecycle diff our_funnel.yaml
    """
    if other is None:
        _read(file)
        with Service(url, key) as service:
            tried = service.publish_lifecycle(read_lifecycle_text(file), dry_run=True)
        changes, disappearing = tried["changes"], tried["disappearing"]
    else:
        changes = [str(change) for change in differences(_read(file), _read(other))]
        disappearing = []
    if as_json:
        print_json({"changes": changes, "disappearing": disappearing})
        return
    print_lines(*changes or ["Nothing changes."])
    print_lines(*_disappearing(disappearing))


@lifecycle_commands.command("publish")
def publish_lifecycle(
    file: File,
    *,
    stage_map: Annotated[
        list[str] | None,
        typer.Option(
            "--stage-map",
            metavar="FROM:TO",
            help="Where leads in a stage that disappears go; once for each stage.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change, and any objection.")
    ] = False,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Put a lifecycle in force in the running service, from now on; there is no undo.

    Leads are moved one by one, in the background. To go back, publish the earlier lifecycle again.
    The key needs the scope ledger:admin.

    Example: leadledger lifecycle publish our_funnel.yaml --stage-map SQL:SAL --dry-run
    """
    _read(file)
    with Service(url, key) as service:
        answer = service.publish_lifecycle(
            read_lifecycle_text(file), stage_map=stage_map or (), dry_run=dry_run
        )
    if as_json:
        print_json(answer)
    elif dry_run:
        print_lines(*answer["changes"], *_disappearing(answer["disappearing"]))
        allowed = f"It can be published as version {answer['version']}."
        print_lines(allowed if answer["problem"] is None else answer["problem"]["detail"])
    else:
        print_lines(f"Published as version {answer['version']}, at position {answer['position']}.")
    if dry_run and answer["problem"] is not None:
        raise typer.Exit(Exit.ANSWERED_NO)


def _read(file: str) -> Lifecycle:
    try:
        return load(read_lifecycle_text(file), zones=available_timezones())
    except LifecycleInvalid as error:
        complain(f"{file} is not a valid lifecycle:\n{error}")
        raise typer.Exit(Exit.INVALID_FILE) from None


def _disappearing(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{stage['stage']} disappears, with {stage['standing']} {stage['track']}(s) in it"
        + (f"; they go to {stage['to']}." if stage["to"] else ".")
        for stage in stages
    ]
