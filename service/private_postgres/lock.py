"""Let one process at a time use a data directory."""

import fcntl
import os
from pathlib import Path

from service.private_postgres.errors import DataDirectoryInUseError


class DataDirectoryLock:
    """Hold the lock file; a class because an open descriptor *is* the lock.

    The kernel gives the lock up when we die, whatever the cause, so there is no stale lock. The
    file stays for ever: removing it would let a third process lock a file that nobody else sees.
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
                f"expected to have {self._path.parent} to ourselves, found it in use by "
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
