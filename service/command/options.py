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

URL_DEFAULT = DEFAULT_URL
