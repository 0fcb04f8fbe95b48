"""The permitted destinations of messages: public addresses, and never our own network.

The person who makes a webhook chooses where this service connects to. Without these rules it would
be a way around every firewall: into the database's network, to the cloud's metadata service, to
this machine itself.
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
"""All addresses assigned to hosts; those that map or translate IPv4 are outside of it."""

_NOT_FOR_US = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
"""Protocol assignments, tunnels that lead to IPv4 addresses, documentation: some versions of Python
classify these as global."""

_OWN_NETWORK = re.compile(
    r"(.*\.)?(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)"
)
"""Names for this machine or for a local network, whatever they resolve to: those of RFC 6761, 6762
and 8375, and those that are reserved because they are in wide local use."""
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""If the last part is a number, the whole is an IPv4 address: resolvers accept `127.1`, `0x7f.1`
and `2130706433` for 127.0.0.1 (WHATWG URL, "ends in a number")."""
_HOST = re.compile(rb"[0-9A-Za-z._:-]+")
_ALL_PORTS = range(1, 65_536)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """A message may not be sent to this address."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to a host on the public internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address.version == net.version and address in net for net in _NOT_FOR_US):
        return False
    return address.version == IPv4Address(0).version or address in _GLOBAL_UNICAST


def check_url(text: str, *, allows_private: bool) -> httpx.URL:
    """Read the URL of a webhook, with the parser that is also used for sending.

    Names are not resolved here: what matters is what they resolve to at the time of each message.
    But a name that cannot be a public host's is refused at once, while the user is still there.

    Raises:
        AddressRefused: it is not a URL, or not one that messages may be sent to.
    """
    try:
        url = httpx.URL(text)
        # Decodes an encoded international name now, so that it cannot cause an error later.
        host = url.host
    except (httpx.InvalidURL, UnicodeError):
        raise AddressRefused("expected a URL, such as https://example.com/hooks") from None
    if len(text) > URL_CHARACTERS_MAX:
        raise AddressRefused(f"expected at most {URL_CHARACTERS_MAX} characters")
    if url.scheme != "https" and not (allows_private and url.scheme == "http"):
        raise AddressRefused("expected https://")
    if not host or not _HOST.fullmatch(url.raw_host) or url.userinfo or url.fragment:
        raise AddressRefused("expected a host, without a user or a fragment")
    if port_of(url) not in (_ALL_PORTS if allows_private else PORTS):
        raise AddressRefused(f"expected one of the ports {', '.join(map(str, sorted(PORTS)))}")
    if not allows_private:
        _check_name(url.raw_host.decode("ascii").lower().rstrip("."))
    return url


def check_addresses(found: tuple[str, ...], *, allows_private: bool) -> None:
    """Check what a name resolves to: a single address that is not public refuses the name.

    Raises:
        AddressRefused: without the address, which is not disclosed.
    """
    if not allows_private and not all(is_public(ip_address(address)) for address in found):
        raise AddressRefused(
            "the address is not public; LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES allows others"
        )


def port_of(url: httpx.URL) -> int:
    """Return the port in a URL, or the default port of its scheme."""
    return _DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def _check_name(host: str) -> None:
    """Refuse names that cannot be a public host's, before they are resolved."""
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
