"""`leadledger serve`: run the whole service with one command."""

from typing import Annotated

import typer

from service.settings import describe_settings, read_settings


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
        int | None,
        typer.Option(
            "--workers",
            help="Processes that answer requests, beside one that writes and one that reads; "
            "0: a single process does everything [default: 1, or 0 with a single processor]",
        ),
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
    from service.command.in_database.serve import serve as serve_ledger

    serve_ledger(settings)
