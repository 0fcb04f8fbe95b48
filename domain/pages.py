"""Pages of a site: the part of an address that identifies the page.

Trackers write the same page in many ways: with or without the host, a campaign query, a fragment
or a trailing slash, and percent-encoded or not. All of these are one page.
"""

import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//")
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
"""Encoded non-ASCII characters. Decoding any others could change the meaning of the address."""


def reduced(address: str) -> str:
    """Return the host and path of a page's address: `www.acme.example/pricing`, or `/pricing`.

    Anything that is not an address, such as a page's name, is returned unchanged.
    """
    text = address.strip().partition("#")[0].partition("?")[0]
    scheme = _SCHEME.match(text)
    host = ""
    if scheme is not None:
        host, _, path = text[scheme.end() :].partition("/")
        host, text = host.rpartition("@")[2].lower(), f"/{path}"
    if text.startswith("/"):
        text = text.rstrip("/") or "/"
    return host + _ENCODED.sub(_decoded, text)


def path_of(page: str) -> str:
    """Return what pages are compared by: the path, whatever the host."""
    page = reduced(page)
    begin = page.find("/")
    return page[begin:] if begin > 0 else page


def _decoded(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]
