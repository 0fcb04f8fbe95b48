"""Create the data directory of a first start, completely or not at all."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from signal import Signals

from service.limits import INITDB_WAIT_S
from service.private_postgres.binaries import Binaries
from service.private_postgres.child import ENVIRONMENT
from service.private_postgres.errors import InitialisationError
from service.private_postgres.identity import Identity
from service.private_postgres.layout import Layout, make_password, read_password, sync_directory
from service.private_postgres.settings import SETTINGS

UNFINISHED_PREFIX = "cluster.unfinished-"

SUPERUSER = "postgres"

INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    # No one may connect until pg_hba.conf allows it, so the superuser needs no password.
    "--auth=reject",
    "--encoding=UTF8",
    # Bytewise order: the same on every machine and version, so that a library upgrade never
    # corrupts an index.
    "--locale=C",
    "--data-checksums",
    "--no-instructions",
)


def initialise(layout: Layout, binaries: Binaries, identity: Identity) -> None:
    """Create the cluster, its roles and their passwords.

    Everything is made under another name and renamed at the end: if it is interrupted, the next
    start begins from scratch.
    """
    for abandoned in layout.root.glob(f"{UNFINISHED_PREFIX}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    make_password(layout.owner_password)
    make_password(layout.app_password)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED_PREFIX, dir=layout.root))
    identity.take_over(unfinished)
    _run(identity, [binaries.initdb, "-D", unfinished, *INITDB_OPTIONS])
    run_single_user(unfinished, binaries, identity, database=SUPERUSER, sql=_roles(layout))
    with (unfinished / "pg_hba.conf").open("w", encoding="utf-8") as file:
        file.write(Path(__file__).with_name("pg_hba.conf").read_text(encoding="utf-8"))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(layout.cluster)
    sync_directory(layout.root)


def run_single_user(
    cluster: Path, binaries: Binaries, identity: Identity, *, database: str, sql: str
) -> None:
    """Run statements as superuser, on a cluster whose server is stopped.

    Not over a connection: that would require a superuser who may connect.
    """
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    _run(
        identity,
        [
            *(binaries.postgres, "--single", "-j", "-D", cluster),
            *(*options, "--exit_on_error=on", database),
        ],
        sql=sql,
    )


def _roles(layout: Layout) -> str:
    """Return roles.sql, preceded by the passwords; read_password lets no quote through."""
    return (
        f"SET leadledger.owner_password TO '{read_password(layout.owner_password)}';\n\n"
        f"SET leadledger.app_password TO '{read_password(layout.app_password)}';\n\n"
        + Path(__file__).with_name("roles.sql").read_text(encoding="utf-8")
    )


def _run(identity: Identity, program: Sequence[str | Path], *, sql: str = "") -> None:
    answer = subprocess.run(  # noqa: S603  our own launcher and a program that we looked up
        identity.command(program=program, fate=Signals.SIGKILL),
        cwd="/",
        env=ENVIRONMENT,
        input=sql,
        capture_output=True,
        text=True,
        timeout=INITDB_WAIT_S,
        check=False,
    )
    if answer.returncode != 0:
        raise InitialisationError(
            f"expected {program[0]} to prepare the data directory, found exit status "
            f"{answer.returncode} and {answer.stderr.strip()!r}; nothing was kept, and the "
            "next start begins from scratch"
        )
