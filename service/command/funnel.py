"""`leadledger funnel`: who stands where, and who ever came how far."""

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

NOTHING_TOLD = "(not told)"
"""Heads the column of those of whom the breakdown knows nothing, which is not the word unknown."""


class Figure(StrEnum):
    """Which figure the columns of a breakdown show."""

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
            help="What had been recorded by then, or up to that position.",
        ),
    ] = None,
    by: Annotated[
        Breakdown, typer.Option("--by", help="A column for each value of this, as at the entry.")
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

    standing: passes that stand in a stage. entered: passes that ever entered it. reached: passes
    that entered it or a stage beyond it.

    Example: leadledger funnel --by origin --as-of 2026-04-01T00:00:00+09:00 --lang ja
    """
    with Service(url, key) as service:
        answer = service.get("/v1/funnel", as_of=as_of, known_at=known_at, by=str(by), lang=lang)
    if as_json:
        print_json(answer)
        return
    for title, subject in (("Leads", "leads"), ("Companies", "accounts")):
        if not answer[subject]["stages"]:
            continue  # A lifecycle need not have a track for companies.
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
    return NOTHING_TOLD if part["value"] is None else str(part.get("value_label", part["value"]))


def _figure_of(part: dict[str, Any], stage: str, figure: Figure) -> int:
    """A part lists the stages that it has anything to say of."""
    return next((int(one[figure]) for one in part["stages"] if one["stage"] == stage), 0)
