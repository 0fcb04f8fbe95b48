"""Where messages may go: to public addresses, and never to our own neighbours.

Whoever may make a webhook chooses where this service connects to. Without these rules it would be
a way around every firewall: into the database's network, to the metadata of the cloud, to this
machine itself.
"""

import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

import httpx

from service.webhooks.limits import PORTS, URL_CHARACTERS_MAX

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is assigned to hosts; what maps or translates IPv4 elsewhere lies outside."""

_NOT_FOR_US = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
"""Protocol assignments, tunnels that lead to IPv4 addresses, documentation: some versions of
Python count these as global."""

_OWN_NETWORK = re.compile(
    r"(.*\.)?(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)"
)
"""Names that stand for this machine or for a network of one's own, whatever they resolve to: of RFC
6761, 6762 and 8375, and those that are reserved because so many use them."""
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""Where the last part is a number, all is an IPv4 address: resolvers take `127.1`, `0x7f.1` and
`2130706433` for 127.0.0.1 (WHATWG URL, "ends in a number")."""
_HOST = re.compile(rb"[0-9A-Za-z._:-]+")
_ALL_PORTS = range(1, 65_536)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """A message may not be sent there."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is a host's on the public internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address.version == one.version and address in one for one in _NOT_FOR_US):
        return False
    return address.version == IPv4Address(0).version or address in _GLOBAL_UNICAST


def check_url(text: str, *, allows_private: bool) -> httpx.URL:
    """Read the address of a webhook; the same parser reads it when it is sent to.

    A name is not resolved here: what counts is what it resolves to at the time of each message. But
    one that cannot be a public host's is refused at once, to whoever has just typed it.

    Raises:
        AddressRefused: it is no URL, or not one that messages may be sent to.
    """
    try:
        url = httpx.URL(text)
        # Decodes what is encoded as an international name, and nobody may stumble over it later.
        host = url.host
    except (httpx.InvalidURL, UnicodeError):
        raise AddressRefused("expected a URL, such as https://example.com/hooks") from None
    if len(text) > URL_CHARACTERS_MAX:
        raise AddressRefused(f"expected at most {URL_CHARACTERS_MAX} characters")
    if url.scheme != "https" and not (allows_private and url.scheme == "http"):
        raise AddressRefused("expected https://")
    if not host or not _HOST.fullmatch(url.raw_host) or url.userinfo or url.fragment:
        raise AddressRefused("expected a host, and neither a user nor a fragment")
    if port_of(url) not in (_ALL_PORTS if allows_private else PORTS):
        raise AddressRefused(f"expected one of the ports {', '.join(map(str, sorted(PORTS)))}")
    if not allows_private:
        _check_name(url.raw_host.decode("ascii").lower().rstrip("."))
    return url


def check_addresses(found: tuple[str, ...], *, allows_private: bool) -> None:
    """Look at what a name resolves to: one that is not public spoils all.

    Raises:
        AddressRefused: without the address, which is nobody's business outside.
    """
    if not allows_private and not all(is_public(ip_address(one)) for one in found):
        raise AddressRefused(
            "the address is not public; LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES allows others"
        )


def port_of(url: httpx.URL) -> int:
    """Return the port that a URL names, or that goes with its scheme."""
    return _DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def _check_name(host: str) -> None:
    """Refuse what can be told to be no public host before anybody resolves it."""
    try:
        literal = str(ip_address(host.strip("[]")))
    except ValueError:
        if _NUMBER.fullmatch(host):
            raise AddressRefused(
                "expected an IPv4 address as four decimal numbers, such as 203.0.113.7, or a name"
            ) from None
        if "." not in host or _OWN_NETWORK.fullmatch(host):
            raise AddressRefused(
                "expected the name of a public host, such as hooks.example.com; "
                "LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES allows others"
            ) from None
    else:
        check_addresses((literal,), allows_private=False)
