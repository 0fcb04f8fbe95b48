"""`leadledger funnel`: how many leads are in each stage, and how far they ever got."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from projections.funnel.figures import Breakdown
from service.command.client import Service
from service.command.leads import AsOf
from service.command.options import URL_DEFAULT, Json, Key, Language, Url
from service.command.printing import print_json, print_lines, print_table

FIGURES = ("standing", "entered", "reached")

NOT_REPORTED = "(not reported)"
"""Heads the column of leads without a reported value, as distinct from the value "unknown"."""


class Figure(StrEnum):
    """The figure that the columns of a breakdown show."""

    STANDING = "standing"
    ENTERED = "entered"
    REACHED = "reached"


def funnel(
    *,
    as_of: AsOf = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at",
            metavar="TIME|POSITION",
            help="Use only what was recorded by this time, or up to this position.",
        ),
    ] = None,
    by: Annotated[
        Breakdown, typer.Option("--by", help="One column for each value of this, as of entry.")
    ] = Breakdown.NONE,
    figure: Annotated[
        Figure, typer.Option("--figure", help="What the columns of --by show.")
    ] = Figure.STANDING,
    lang: Language = LANGUAGE_DEFAULT,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Show the funnel, for now or any past moment.

    standing: passes that are in a stage. entered: passes that ever entered it. reached: passes
    that entered it or a later stage.

    Example: leadledger funnel --by origin --as-of 2026-04-01T00:00:00+09:00 --lang ja
    """
    with Service(url, key) as service:
        answer = service.get("/v1/funnel", as_of=as_of, known_at=known_at, by=str(by), lang=lang)
    if as_json:
        print_json(answer)
        return
    for title, subject in (("Leads", "leads"), ("Companies", "accounts")):
        if not answer[subject]["stages"]:
            continue  # A lifecycle may have no account track.
        print_lines(title)
        _print_track(answer, subject, figure)
        print_lines("")
    moment = f" at {answer['as_of']}" if answer["as_of"] else ""
    print_lines(
        f"As of position {answer['as_of_position']}{moment}, by version {answer['lifecycle']} of "
        "the lifecycle."
    )


def _print_track(answer: dict[str, Any], subject: str, figure: Figure) -> None:
    total = answer[subject]
    parts = [(_heading(part), part[subject]) for part in answer["parts"]]
    rows: list[Sequence[object]] = [
        [
            stage["stage"],
            stage["stage_label"],
            *(f"{stage[name]:,}" for name in FIGURES),
            *(f"{_figure_of(part, stage['stage'], figure):,}" for _, part in parts),
        ]
        for stage in total["stages"]
    ]
    unplaced = (f"{part['unplaced']:,}" if figure is Figure.STANDING else "" for _, part in parts)
    rows.append(["unplaced", "", f"{total['unplaced']:,}", "", "", *unplaced])
    values = [heading for heading, _ in parts]
    print_table(("stage", "label", *FIGURES, *values), rows, numbers=(*FIGURES, *values))


def _heading(part: dict[str, Any]) -> str:
    return NOT_REPORTED if part["value"] is None else str(part.get("value_label", part["value"]))


def _figure_of(part: dict[str, Any], stage: str, figure: Figure) -> int:
    """Return a stage's figure; a part lists only the stages for which it has any."""
    return next((int(listed[figure]) for listed in part["stages"] if listed["stage"] == stage), 0)
