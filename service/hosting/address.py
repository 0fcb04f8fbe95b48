"""Bind the address once, before anything slow begins: a port in use is reported at once.

Also the socket between the writer and the other processes.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from service.hosting.failures import AddressInUse, AddressUnusable
from service.hosting.limits import BACKLOG, WRITER_BACKLOG

PRIVATE = 0o600


@contextmanager
def bound_socket(*, host: str, port: int) -> Iterator[socket.socket]:
    """Bind a TCP socket that the worker processes share.

    It listens from now on, so clients that connect while the first worker starts, or while a dead
    one is replaced, wait instead of being refused.

    Raises:
        AddressInUse: another process listens there.
        AddressUnusable: the name is unknown, or the port needs privileges that we do not have.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise AddressUnusable(f"cannot listen on {host}: {error.strerror}") from None
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # A socket that is bound elsewhere but does not listen shows only here.
            listener.listen(BACKLOG)
        except OSError as error:
            raise _explain(error, host, port) from None
        yield listener


class WriterSocket(NamedTuple):
    """A socket that the writer listens on, and where the others find it."""

    path: Path
    listener: socket.socket


@contextmanager
def writer_socket(path: Path) -> Iterator[WriterSocket]:
    """Bind the socket. It outlives the writer, so clients wait while that is started again."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(PRIVATE)
        listener.listen(WRITER_BACKLOG)
        yield WriterSocket(path, listener)


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  only compared
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def _explain(error: OSError, host: str, port: int) -> AddressInUse | AddressUnusable:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(
            f"port {port} on {host} is in use by another process; stop it, or choose another port "
            "with --port or LEADLEDGER_PORT"
        )
    return AddressUnusable(f"cannot listen on {host} port {port}: {error.strerror}")
