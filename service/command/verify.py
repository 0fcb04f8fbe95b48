"""`leadledger verify`: check the ledger without trusting anyone."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from events.verification.checkpoint import Checkpoint, CheckpointUnreadable
from service.command.exits import CommandFailed, Exit
from service.command.ledger import settings_of_ledger
from service.command.options import Json


def verify(
    *,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE:ROOT",
            help="A checkpoint printed by an earlier verification: the log must continue from it.",
        ),
    ] = None,
    scratch: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Where projections are rebuilt; needs room for two copies of them. Default: the "
            "directory for temporary files.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the past has not been changed.

    Recomputes everything that the database alone can reveal and, with the secret
    (LEADLEDGER_SECRET, or the file in the data directory), the seals. docs/ledger.md describes what
    only a checkpoint kept elsewhere can reveal.

    Only reads, in one snapshot: a standby, a read-only copy or a role with SELECT only is enough,
    and the service may keep running. (A long snapshot prevents the server from vacuuming.) Needs
    about a kilobyte of memory per lead. Exit code 7 if anything differs; 11 if nothing differs but
    something could not be checked.

    Example: leadledger verify --json
    """
    signal.signal(signal.SIGTERM, _interrupt)
    given, settings = _parse(checkpoint), settings_of_ledger()
    from service.command.in_database.verify import verify_and_print

    raise typer.Exit(verify_and_print(settings, checkpoint=given, scratch=scratch, as_json=as_json))


def _interrupt(*_: object) -> None:
    """Stop as on Ctrl-C: stop the private database and remove its files."""
    raise KeyboardInterrupt


def _parse(checkpoint: str | None) -> Checkpoint | None:
    try:
        return None if checkpoint is None else Checkpoint.parse(checkpoint)
    except CheckpointUnreadable as error:
        raise CommandFailed(Exit.USAGE, f"{error}; found {checkpoint}") from None
