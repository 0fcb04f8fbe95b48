"""Provide a disk that can be filled, and fill it.

If this machine allows mounts, it is real: a file system in memory of a few hundred megabytes.
Otherwise the database is made to reject appends, with the error of a full disk.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.private_postgres import attach
from tests.support.postgres import ask

DISK_BYTES = 320 * 1024**2
REJECT_AS_A_FULL_DISK = (
    """
    CREATE FUNCTION ledger.disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END
    $$
    """,
    """
    CREATE TRIGGER disk_is_full BEFORE INSERT ON ledger.events
        FOR EACH STATEMENT EXECUTE FUNCTION ledger.disk_is_full()
    """,
)
TAKE_AGAIN = ("DROP FUNCTION ledger.disk_is_full() CASCADE",)


@contextmanager
def small_disk() -> Iterator[Path]:
    """Provide a directory on a separate disk, if one can be mounted."""
    with tempfile.TemporaryDirectory(prefix="leadledger-disk-") as name:
        options = f"size={DISK_BYTES},mode=755"
        mount = ["mount", "-t", "tmpfs", "-o", options, "leadledger", name]
        is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        try:
            yield Path(name)
        finally:
            if is_mounted:
                subprocess.run(["umount", "--lazy", name], check=True)


@contextmanager
def filled(disk: Path, data_dir: Path) -> Iterator[None]:
    """Keep the disk full for as long as the context lasts."""
    if not os.path.ismount(disk):
        _administer(data_dir, REJECT_AS_A_FULL_DISK)
        yield
        _administer(data_dir, TAKE_AGAIN)
        return
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            try:
                file.write(b"\0" * 1024**2)
                file.flush()
            except OSError:
                break
    try:
        yield
    finally:
        ballast.unlink()


def _administer(data_dir: Path, statements: tuple[str, ...]) -> None:
    attached = attach(data_dir)
    assert attached is not None, "expected a running service"
    for statement in statements:
        ask(attached.owner_url, statement)
