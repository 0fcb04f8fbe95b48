"""The socket between the writer and the other processes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from service.hosting.limits import DOOR_BACKLOG

PRIVATE = 0o600


class WriterSocket(NamedTuple):
    """A socket that the writer listens on, and where the others find it."""

    path: Path
    listener: socket.socket


@contextmanager
def door(path: Path) -> Iterator[WriterSocket]:
    """Bind the socket. It outlives the writer, so clients wait while that is started again."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(PRIVATE)
        listener.listen(DOOR_BACKLOG)
        yield WriterSocket(path, listener)
