"""A private PostgreSQL for one verification: projections are built in it, and thrown away."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import URL

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
    """A server of this verification alone, or why there is none."""

    owner_url: URL | None
    serving_role: str = ""
    why_not: str = ""


@contextmanager
def scratch_server(directory: Path | None) -> Iterator[Scratch]:
    """Run a server in a directory of its own below this one; both are gone at the end.

    Where it cannot start, the checks that need it are left out, and the others are not.
    """
    with ExitStack() as stack:
        try:
            # Whoever interrupts initdb may find it still writing while this is removed.
            name = stack.enter_context(
                TemporaryDirectory(prefix=PREFIX, dir=directory, ignore_cleanup_errors=True)
            )
            postgres = stack.enter_context(
                PrivatePostgres(Path(name) / "data", extra_settings=SETTINGS)
            )
        except (OSError, PrivatePostgresError) as error:
            where = directory or "the directory for temporary files"
            said = str(error).splitlines()[0]
            scratch = Scratch(None, why_not=f"no private database could be run in {where}: {said}")
        else:
            scratch = Scratch(postgres.owner_url, str(postgres.app_url.username))
        yield scratch
