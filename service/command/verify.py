"""`leadledger verify`: check the ledger as somebody who trusts nobody."""

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
            help="A checkpoint that an earlier verification printed: the log has to go on from it.",
        ),
    ] = None,
    scratch: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Where projections are built again, with room for them twice. Default: the "
            "directory for temporary files.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that nobody changed the past.

    Recomputes all that the database alone can reveal, and with the secret (LEADLEDGER_SECRET, or
    the file in the data directory) the seals. What only a checkpoint kept elsewhere reveals is in
    docs/ledger.md.

    Only reads, in one snapshot: a standby, a read-only copy or a role that may only SELECT will do,
    and the service may go on running. (A snapshot that is held for long keeps the server from
    cleaning up.) Needs about a kilobyte of memory for each lead. Exit code 7 if anything differs;
    11 if nothing does, but something could not be checked.

    Example: leadledger verify --json
    """
    signal.signal(signal.SIGTERM, _interrupt)
    given, settings = _parse(checkpoint), settings_of_ledger()
    from service.command.in_database.verify import verify_and_print

    raise typer.Exit(verify_and_print(settings, checkpoint=given, scratch=scratch, as_json=as_json))


def _interrupt(*_: object) -> None:
    """End as by Ctrl-C: the private database ends, and what it has written is removed."""
    raise KeyboardInterrupt


def _parse(checkpoint: str | None) -> Checkpoint | None:
    try:
        return None if checkpoint is None else Checkpoint.parse(checkpoint)
    except CheckpointUnreadable as error:
        raise CommandFailed(Exit.USAGE, f"{error}; found {checkpoint}") from None
