"""A private PostgreSQL for one verification: projections are built in it, then discarded."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from typing import NamedTuple

from sqlalchemy import URL

from service.limits import SCRATCH_REMOVE_POLL_S, SCRATCH_REMOVE_WAIT_S
from service.private_postgres import PrivatePostgres, PrivatePostgresError

PREFIX = "leadledger-verify-"

SETTINGS = {
    # Nothing in it outlives the command, so nothing waits for the disk, and little is logged.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}


class Scratch(NamedTuple):
    """A server for this verification only, or why there is none."""

    owner_url: URL | None
    serving_role: str = ""
    why_not: str = ""


@contextmanager
def scratch_server(directory: Path | None) -> Iterator[Scratch]:
    """Run a server in a directory of its own below this one; both are removed at the end.

    If it cannot start, only the checks that need it are skipped.
    """
    with ExitStack() as stack:
        try:
            below = stack.enter_context(_own_directory(directory))
            postgres = stack.enter_context(PrivatePostgres(below / "data", extra_settings=SETTINGS))
        except (OSError, PrivatePostgresError) as error:
            where = directory or "the directory for temporary files"
            said = str(error).splitlines()[0]
            scratch = Scratch(None, why_not=f"no private database could be run in {where}: {said}")
        else:
            scratch = Scratch(postgres.owner_url, str(postgres.app_url.username))
        yield scratch


@contextmanager
def _own_directory(below: Path | None) -> Iterator[Path]:
    directory = Path(mkdtemp(prefix=PREFIX, dir=below))
    try:
        yield directory
    finally:
        try:
            _remove(directory)
        except KeyboardInterrupt:
            _remove(directory)
            raise


def _remove(directory: Path) -> None:
    """Remove a directory, retrying as often as necessary.

    If initdb was interrupted, the processes it started end a moment later, and write until then.
    """
    give_up_at = monotonic() + SCRATCH_REMOVE_WAIT_S
    while True:
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists() or monotonic() > give_up_at:
            return
        sleep(SCRATCH_REMOVE_POLL_S)
