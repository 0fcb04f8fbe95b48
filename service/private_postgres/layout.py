"""Define all files of the private PostgreSQL in the data directory, and keep its passwords."""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from service.private_files import read_private
from service.private_postgres.errors import DataDirectoryInUseError, DataDirectoryUnusableError

PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """The locations of files; `root` is absolute and without symbolic links."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own directory: it exists only once it is complete."""
        return self.root / "cluster"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def socket_directory(self) -> Path:
        return self.root / "socket"

    @property
    def socket_directory_note(self) -> Path:
        """The note of the socket directory, if that could not be in the data directory."""
        return self.root / "socket.elsewhere"

    @property
    def owner_password(self) -> Path:
        return self.root / "owner.password"

    @property
    def app_password(self) -> Path:
        return self.root / "app.password"


def layout_in(data_dir: Path) -> Layout:
    """Create the data directory, for us alone, if it does not exist.

    The permissions of an existing directory are up to its owner: everything private in it is
    protected on its own.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Layout(data_dir.resolve())


def make_password(path: Path) -> None:
    """Write a random password, unless an interrupted first start has already done so.

    Hexadecimal, so that it never has to be escaped.
    """
    if not path.exists():
        write_durably(path, secrets.token_hex(PASSWORD_BYTES))


def read_password(path: Path) -> str:
    try:
        password = read_private(path)
    except FileNotFoundError as error:
        raise DataDirectoryUnusableError(
            f"expected the password of a database role in {path}, found no such file; "
            "restore it from the backup that holds the rest of the data directory"
        ) from error
    if not all(character in "0123456789abcdef" for character in password) or not password:
        raise DataDirectoryUnusableError(
            f"expected a hexadecimal password in {path}, found something else; "
            "restore it from the backup that holds the rest of the data directory"
        )
    return password


def write_durably(path: Path, text: str) -> None:
    """Write a file completely or not at all, even if the machine loses power."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DataDirectoryLock:
    """Hold the lock file; a class, because an open descriptor *is* the lock.

    The kernel releases the lock when we die, whatever the cause, so there is no stale lock. The
    file is never removed: otherwise a third process could lock a file that no other process sees.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        assert self._descriptor is None
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise DataDirectoryInUseError(
                f"expected to be the only user of {self._path.parent}, found it in use by "
                f"process {holder or 'unknown'}; stop that process, or choose another data "
                "directory"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
