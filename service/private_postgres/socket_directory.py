"""Choose the directory of the server's socket.

The kernel accepts 107 bytes for the path of a socket, and a data directory may be deeper than that.
"""

import re
import stat
import tempfile
from pathlib import Path

from service.limits import SOCKET_PATH_BYTES_MAX
from service.private_postgres.identity import Identity
from service.private_postgres.layout import Layout, write_durably
from service.private_postgres.settings import PORT

PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
"""Neither the server's list of directories nor a URL's list of hosts gives any character of these
paths a special meaning; a comma or a colon would have one."""

SHORT_PARENT = Path("/tmp")  # noqa: S108  a directory with a random name is made in it, for us alone


def open_socket_directory(layout: Layout, identity: Identity) -> Path:
    """Return a directory, closed to all other users, whose path is short enough for a socket."""
    directory = layout.socket_directory
    if fits(directory):
        directory.mkdir(mode=0o700, exist_ok=True)
    else:
        directory = _open_elsewhere(layout, identity)
    identity.take_over(directory)
    directory.chmod(0o700)
    return directory


def close_socket_directory(layout: Layout, directory: Path) -> None:
    """Leave nothing outside the data directory."""
    if directory == layout.socket_directory:
        return
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
    layout.socket_directory_note.unlink(missing_ok=True)


def fits(directory: Path) -> bool:
    socket = directory / f".s.PGSQL.{PORT}"
    return (
        len(bytes(socket)) <= SOCKET_PATH_BYTES_MAX
        and PLAIN_PATH.fullmatch(str(directory)) is not None
    )


def _open_elsewhere(layout: Layout, identity: Identity) -> Path:
    """Return the directory noted by a crashed run, or a new one, and note it."""
    note = layout.socket_directory_note
    if note.exists():
        noted = Path(note.read_text(encoding="utf-8"))
        if _is_ours(noted, identity):
            return noted
    directory = Path(tempfile.mkdtemp(prefix="leadledger-", dir=SHORT_PARENT))
    write_durably(note, str(directory))
    return directory


def _is_ours(directory: Path, identity: Identity) -> bool:
    """Trust nothing that another user could have put into a world-writable place."""
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and stat.S_IMODE(status.st_mode) == 0o700  # noqa: PLR2004  the mode that we gave it
        and status.st_uid in identity.owners()
    )
