"""Run the service, and print what whoever started it has to know."""

from service.command.printing import print_lines
from service.hosting.preparing import Prepared
from service.hosting.serving import Listening
from service.hosting.serving import serve as run_service
from service.logs import configure_logs
from service.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
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
    fronts = settings.fronts
    processes = "1 process" if not fronts else f"{fronts + 2} processes"
    where = (
        "the database of LEADLEDGER_DATABASE_URL"
        if settings.database_url
        else (f"{settings.data_dir.resolve()}")
    )
    print_lines(
        f"Listening on {listening.url} with {processes}; the ledger is in {where}.",
        f"The pages are at {listening.url}/; log in with a key.",
        f"The API is described at {listening.url}/docs. Press Ctrl-C to stop.",
    )
