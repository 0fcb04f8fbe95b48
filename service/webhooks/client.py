"""Send one message to a checked address, and read the head of the response."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import httpx

from service.webhooks.addresses import AddressRefused, check_addresses, check_url, port_of
from service.webhooks.limits import ADDRESSES_MAX, ATTEMPT_S, IN_FLIGHT_MAX, RESOLVING_MAX

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Returns the addresses of a host. Raises OSError if it has none."""

CONTENT_TYPE = "application/cloudevents+json"
USER_AGENT = "leadledger"


class Delivered(NamedTuple):
    """The outcome of sending one message."""

    failure: str | None = None
    """None: the receiver accepted it."""
    status: int | None = None
    retry_after_s: float = 0.0

    @property
    def is_gone(self) -> bool:
        """The receiver wants no more messages, permanently."""
        return self.status == httpx.codes.GONE


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to exactly the address that was checked. A class, because httpx calls transports.

    If the name were resolved once for the check and again for the connection, its owner could
    answer differently the second time. Certificate and Host are still checked against the name.
    Connections are not reused: an open one is tied to an address, not to the name it was opened
    for.
    """

    def __init__(
        self, resolve: Resolve, inner: httpx.AsyncBaseTransport, *, allows_private: bool
    ) -> None:
        self._resolve = resolve
        self._inner = inner
        self._allows_private = allows_private

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, check, connect; try the next address of a host if one does not answer."""
        host = request.url.raw_host.decode("ascii")
        addresses = await self._resolve(host, port_of(request.url))
        check_addresses(addresses, allows_private=self._allows_private)
        *others, last = addresses[:ADDRESSES_MAX]
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except httpx.ConnectError:
                # Nothing was sent.
                continue
        return await self._inner.handle_async_request(_pinned(request, host, last))

    async def aclose(self) -> None:
        await self._inner.aclose()


class Poster:
    """Sends messages. A class, because it holds the client and the threads that resolve names."""

    def __init__(
        self,
        *,
        allows_private: bool,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
        attempt_s: float = ATTEMPT_S,
    ) -> None:
        self.allows_private = allows_private
        self._attempt_s = attempt_s
        self._threads = ThreadPoolExecutor(RESOLVING_MAX, thread_name_prefix="resolve")
        inner = httpx.AsyncHTTPTransport(
            verify=context or _trusted_authorities(),
            trust_env=False,
            limits=httpx.Limits(max_connections=IN_FLIGHT_MAX, max_keepalive_connections=0),
        )
        self._client = httpx.AsyncClient(
            transport=PinnedTransport(
                resolve or self._resolve_in_thread, inner, allows_private=allows_private
            ),
            # A proxy would resolve the name again on its own.
            trust_env=False,
            follow_redirects=False,
            timeout=attempt_s,
            headers={"user-agent": USER_AGENT, "content-type": CONTENT_TYPE},
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Delivered:
        """Send a message. Every outcome is returned, without the content that was sent."""
        try:
            checked = check_url(url, allows_private=self.allows_private)
            async with (
                asyncio.timeout(self._attempt_s),
                self._client.stream("POST", checked, headers=headers, content=body) as answer,
            ):
                # The body is not read: nothing in it matters, and it may never end.
                return _judged(answer)
        except AddressRefused as error:
            return Delivered(f"not sent: {error}")
        except (TimeoutError, httpx.TimeoutException):
            return Delivered(f"no answer within {self._attempt_s:g} s")
        except (httpx.HTTPError, OSError) as error:
            return Delivered(_explained(error))

    async def close(self) -> None:
        await self._client.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _resolve_in_thread(self, host: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host, port)
        return tuple(dict.fromkeys(found))


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Read the certificates of this machine once: that takes 20 ms."""
    return httpx.create_ssl_context()


def _addresses(host: str, port: int) -> list[str]:
    # As bytes: text would go through a codec that rejects labels that only DNS allows.
    found = socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _judged(answer: httpx.Response) -> Delivered:
    if answer.is_success:
        return Delivered(status=answer.status_code)
    wait = answer.headers.get("retry-after", "")
    return Delivered(
        f"answered {answer.status_code}",
        answer.status_code,
        float(wait[:9]) if wait.isascii() and wait.isdigit() else 0.0,
    )


def _explained(error: Exception) -> str:
    """Describe the kind of failure; the other side's own words are not repeated."""
    if isinstance(error, socket.gaierror):
        return "the host has no address"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the certificate is not valid for this host"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return f"the exchange failed ({type(error).__name__})"
