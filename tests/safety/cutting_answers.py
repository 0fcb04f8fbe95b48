"""A proxy in front of a service that drops the connection, and the answer with it."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE_BYTES = 65_536
FROM_CLIENT_WAIT_S = 30.0


class AnswerCutter:
    """How many answers still to drop. A class, because connections share the count."""

    def __init__(self, cuts: int) -> None:
        self._left = cuts
        self._lock = threading.Lock()
        self.cut = 0

    def take(self) -> bool:
        """Report whether to drop this answer."""
        with self._lock:
            if not self._left:
                return False
            self._left -= 1
            self.cut += 1
            return True


@contextmanager
def cutting_answers(url: str, *, cuts: int) -> Iterator[tuple[AnswerCutter, str]]:
    """Run a proxy in front of a URL; return the count, and the URL through the proxy."""
    behind = urlsplit(url)
    assert behind.hostname is not None
    assert behind.port is not None
    address = (behind.hostname, behind.port)
    cutter = AnswerCutter(cuts)

    class Conversation(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(address) as server:
                _relay(self.request, server, cutter)

    class Proxy(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Proxy(("127.0.0.1", 0), Conversation) as proxy:
        listening = threading.Thread(target=proxy.serve_forever, daemon=True)
        listening.start()
        try:
            yield cutter, f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            listening.join()


def _relay(client: socket.socket, server: socket.socket, cutter: AnswerCutter) -> None:
    """Relay both directions until one side closes, or an answer is dropped."""
    client.settimeout(FROM_CLIENT_WAIT_S)
    asking = threading.Thread(target=_carry, args=(client, server), daemon=True)
    asking.start()
    with suppress(OSError):
        while piece := server.recv(PIECE_BYTES):
            if cutter.take():
                break
            client.sendall(piece)
    for side in (client, server):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
    asking.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
