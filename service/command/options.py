"""Options that several commands share, each described once."""

from typing import Annotated

import typer

from service.command.client import DEFAULT_URL

Url = Annotated[
    str,
    typer.Option("--url", envvar="LEADLEDGER_URL", help="Where the service is."),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="LEADLEDGER_KEY",
        show_default=False,
        help="The API key to ask with. Prefer the variable: other users of this machine see "
        "command lines.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="ja|en|…",
        help="Language of labels: one that the lifecycle has; of several, such as nl,en, the first "
        "that it has. * is any.",
    ),
]

URL_DEFAULT = DEFAULT_URL
