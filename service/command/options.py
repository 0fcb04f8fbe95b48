"""Options that several commands share, each described once."""

from pathlib import Path
from typing import Annotated

import typer

from service.command.client import DEFAULT_URL

Url = Annotated[
    str,
    typer.Option("--url", envvar="LEADLEDGER_URL", help="The URL of the service."),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="LEADLEDGER_KEY",
        show_default=False,
        help="The API key. Prefer the variable: other users of this machine can see command lines.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="ja|en|…",
        help="Language of labels. From a list such as nl,en, the first that the lifecycle has is "
        "used; * is any.",
    ),
]

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet, instead of text.")]
Mark = Annotated[
    bool, typer.Option("--bom", help="Begin CSV with the byte order mark that Excel needs.")
]
Xlsx = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", help="Write a workbook instead of printing."),
]

# What every figure may be asked; the service refuses what a figure does not take.
Since = Annotated[
    str | None, typer.Option("--from", metavar="DATE|TIME", help="The start of the period.")
]
Until = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DATE|TIME", help="The end of the period: a day, or before a time."
    ),
]
PeriodName = Annotated[
    str | None,
    typer.Option("--period", help="Instead of both, a period by name, such as last_month."),
]
AsOfDay = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE|TIME", help="What was true at the end of this day, or then."
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="TIME|POSITION",
        help="Use only what was recorded by this time, or up to this position.",
    ),
]
Base = Annotated[str | None, typer.Option("--base", help="The stage in which the cohort begins.")]
TargetStage = Annotated[
    str | None, typer.Option("--target", help="The stage that it is to get to.")
]
Within = Annotated[int | None, typer.Option("--within", metavar="DAYS", help="In how many days.")]
By = Annotated[
    str | None,
    typer.Option("--by", help="Break down by this, such as origin, or by two: origin,month."),
]

URL_DEFAULT = DEFAULT_URL
