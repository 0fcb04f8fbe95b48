"""`leadledger serve`: run the whole service with one command."""

from typing import Annotated

import typer

from service.command.printing import print_lines
from service.hosting.preparing import Prepared
from service.hosting.serving import Listening
from service.hosting.serving import serve as run_service
from service.logs import configure_logs
from service.settings import Settings, describe_settings, read_settings


def explain_settings() -> str:
    """Return the table of settings as help text."""
    lines = ["Settings, from the environment or the TOML file named by LEADLEDGER_CONFIG:"]
    for setting in describe_settings():
        default = f" [default: {setting.default}]" if setting.default else ""
        lines.append(f"{setting.variable}: {setting.description}{default}")
    return "\n\n".join(lines)


serve_command = typer.Typer(add_completion=False, rich_markup_mode=None)


@serve_command.command("serve", epilog=explain_settings())
def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on [default: 127.0.0.1, this machine only]"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port to listen on; 0: any free port [default: 8080]"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Worker processes [default: 1]")
    ] = None,
) -> None:
    """Run the service until Ctrl-C or SIGTERM.

    Without LEADLEDGER_DATABASE_URL it runs a private PostgreSQL in the data directory, which stops
    with it. It migrates the database. The first start also publishes the lifecycle and prints an
    administrator key, once: keep it.

    Everything answered with 2xx is on disk: stopping the service, even with kill -9, loses nothing.

    Example: LEADLEDGER_DATA_DIR=/var/lib/leadledger leadledger serve --port 8080 --workers 2
    """
    settings = read_settings(host=host, port=port, workers=workers)
    configure_logs(settings.log_format)
    run_service(
        settings,
        on_prepared=lambda prepared: _print_key(prepared, settings),
        on_listening=lambda listening: _print_address(listening, settings),
    )


def _print_key(prepared: Prepared, settings: Settings) -> None:
    if prepared.is_first_start:
        print_lines(f"This ledger is new. It uses the lifecycle {settings.lifecycle}.")
    if prepared.first_key is not None:
        print_lines(
            "",
            "The administrator key, shown only once; keep it:",
            "",
            f"    export LEADLEDGER_KEY={prepared.first_key}",
            "",
            "It has every right. `leadledger key create` creates keys with fewer rights.",
            "",
        )


def _print_address(listening: Listening, settings: Settings) -> None:
    processes = "1 process" if settings.workers == 1 else f"{settings.workers} processes"
    where = (
        "the database of LEADLEDGER_DATABASE_URL"
        if settings.database_url
        else (f"{settings.data_dir.resolve()}")
    )
    print_lines(
        f"Listening on {listening.url} with {processes}; the ledger is in {where}.",
        f"The API is described at {listening.url}/docs. Press Ctrl-C to stop.",
    )
