"""The ledger's secret: from the settings, or from a file that the first start creates."""

import os
import secrets
from pathlib import Path

from service.private_files import read_private
from service.settings import Settings

FILE_NAME = "secret"
SECRET_BYTES = 32


def read_secret(settings: Settings) -> bytes:
    """Return the secret, creating the file at the first start.

    Several processes may do so at once: one of them writes the file, the others read it. Raises
    FileExposed if other users can read it.
    """
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data_dir / FILE_NAME
    try:
        return _read(path)
    except FileNotFoundError:
        return _make(path)


def find_secret(settings: Settings) -> bytes | None:
    """Return the secret if there is one; create nothing."""
    if settings.secret is None and not (settings.data_dir / FILE_NAME).exists():
        return None
    return read_secret(settings)


def _read(path: Path) -> bytes:
    return read_private(path).strip().encode()


def _make(path: Path) -> bytes:
    """Write under another name first, so that no process ever reads half a secret."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails if the name exists, so the first file stays.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return _read(path)
