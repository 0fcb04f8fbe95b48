"""Pages of a site: the part of an address that says which page it is.

Trackers write one page in many ways: with and without the host, a campaign's query, a fragment, a
slash at the end, its name encoded or not. All of them are the same page.
"""

import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//")
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
"""What is encoded for not being ASCII. Decoding other characters could change what they mean."""


def reduced(address: str) -> str:
    """Return host and path of a page's address: `www.acme.example/pricing`, or `/pricing`.

    Anything that is no address, such as a page's name, stays as it is.
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
    """Return what a page is compared by: its path, wherever it lies."""
    page = reduced(page)
    begin = page.find("/")
    return page[begin:] if begin > 0 else page


def _decoded(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]
