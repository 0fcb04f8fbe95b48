"""How a request for a page arrived, as far as its head shows.

Pages and their cookie travel over https, or over a loopback address, which never leaves the
machine. A browser trusts the same two. Whether a proxy in front of us received https, only a proxy
that the settings name can say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

from service.http.problem import Problem

Network = IPv4Network | IPv6Network

COOKIE: Final = "__Host-leadledger"
"""Browsers accept a cookie of this prefix only over https, for this host and every path."""
_LOCAL_COOKIE: Final = "leadledger"
_SAME_SITE: Final = frozenset({"same-origin", "none"})
"""`none`: the person typed the address, or chose it from their bookmarks."""


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies whose X-Forwarded-Proto counts."""

    networks: tuple[Network, ...]

    @classmethod
    def from_text(cls, text: str) -> "TrustedProxies":
        """Read addresses and networks separated by commas. Raises ValueError."""
        return cls(
            tuple(ip_network(network.strip()) for network in text.split(",") if network.strip())
        )

    def include(self, host: str) -> bool:
        """Whether a connection comes from one of them."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A connection over which pages may be shown."""

    host: str
    """Host and port, as the browser addressed us."""
    is_https: bool

    @property
    def cookie(self) -> str:
        """The name of the session's cookie.

        Cookies ignore ports, so two services on one machine would overwrite each other's.
        """
        if self.is_https:
            return COOKIE
        port = urlsplit(f"//{self.host}").port
        return f"{_LOCAL_COOKIE}-{port}" if port is not None else _LOCAL_COOKIE

    def token(self, headers: Mapping[str, str]) -> str | None:
        """Return the token in the request's cookie."""
        # Lenient, because cookies of other services on this host are sent along.
        return cookie_parser(headers.get("cookie", "")).get(self.cookie)

    def set_cookie(self, token: str, *, seconds: int) -> str:
        """Return the header that gives a browser its token, or takes it away with 0 seconds.

        Lax and not Strict, so that a link in a message opens the page it names.
        """
        secure = "; Secure" if self.is_https else ""
        return f"{self.cookie}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    def check_form(self, headers: Mapping[str, str]) -> None:
        """Check that a form was sent by one of our own pages. Raises Problem: form-foreign.

        Browsers say so in Sec-Fetch-Site; older ones only in Origin.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            is_ours = site in _SAME_SITE
        else:
            scheme = "https" if self.is_https else "http"
            is_ours = headers.get("origin") == f"{scheme}://{self.host}"
        if not is_ours:
            raise Problem(
                "form-foreign",
                "This form was not sent by a page of this service. Open the page here and send it "
                "again.",
            )


def arrival_of(scope: Any, headers: Mapping[str, str], proxies: TrustedProxies) -> Arrival:
    """Return how a request arrived. Raises Problem: https-needed."""
    host = headers.get("host", "")
    client = scope.get("client") or ("", 0)
    protocol = scope.get("scheme", "http")
    if proxies.include(client[0]):
        # Each proxy appends what it received; the last is the one that we know.
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        last = b",".join(said).rpartition(b",")[2].strip().lower()
        protocol = last.decode("latin-1") or protocol
    if protocol == "https" or _is_loopback(host):
        return Arrival(host, is_https=protocol == "https")
    raise Problem(
        "https-needed",
        "Pages are shown only over https, because a log-in over http can be overheard. Put a "
        "proxy with https in front, name its address in LEADLEDGER_TRUSTED_PROXIES, and let it "
        "send X-Forwarded-Proto. On the machine itself, http://127.0.0.1 works.",
    )


def _is_loopback(host: str) -> bool:
    """Whether a browser that sent this Host is on the same machine as what it connected to."""
    try:
        address = urlsplit(f"//{host}")
        name, _ = address.hostname or "", address.port
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
