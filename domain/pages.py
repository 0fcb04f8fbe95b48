"""Pages of a site: the part of an address that identifies the page.

Trackers write the same page in many ways: with or without the host, a campaign query, a fragment
or a trailing slash, and percent-encoded or not. All of these are one page.

A path may also say who is reading: `/reset/Zk3x…`, `/members/hanako@acme.example`. In a record such
a segment is a placeholder, so that all pages of that kind are one page.
"""

import re
from collections.abc import Container
from functools import lru_cache

from domain.limits import PAGES_MAX
from domain.recordable import decode_run, decoded, identifying

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//")
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
"""Encoded non-ASCII characters. Decoding any others could change the meaning of the address."""
_PLAIN = re.compile(r"(?!.*(?<!\d)0\d)(?:[A-Za-z0-9._-]{0,19}/)*[A-Za-z0-9._-]{0,19}")
"""Short segments without a leading 0, as in nearly all pages: no token, no telephone number."""
_TOKEN_CHARACTERS_MIN = 20
"""Slugs of this length consist of words. Shorter random values are also the ids of articles."""
_TOKEN = re.compile(
    r"[0-9A-Fa-f]{20,}"
    r"|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
    r"|(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+=]{20,}"
    r"|(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+=_.~-]{20,}"
)
"""Hexadecimal, a UUID, or letters and digits without words."""
ADDRESS, TELEPHONE, TOKEN, TEXT = ":address", ":telephone", ":token", ":text"
"""In place of a segment: what it seems to be. No path of a site begins a segment with a colon."""
_PLACEHOLDERS = {
    "an e-mail address": ADDRESS,
    "a telephone number": TELEPHONE,
    "a signed token": TOKEN,
    "encoded text": TEXT,
}


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
    return host + _ENCODED.sub(decode_run, text)


def recordable(page: str, named: Container[str] = ()) -> str:
    """Return a reduced page as a record may hold it, with no segment about a person.

    `named` are the paths that the lifecycle names: they are the company's own words, whatever
    they look like.
    """
    if _PLAIN.fullmatch(page) or path_of(page) in named:
        return page
    return "/".join(_recordable(segment) for segment in page.split("/"))


@lru_cache(PAGES_MAX)
def path_of(page: str) -> str:
    """Return what pages are compared by: the path, whatever the host.

    Every rule about pages asks for it, and a site has a few hundred pages.
    """
    page = reduced(page)
    begin = page.find("/")
    return page[begin:] if begin > 0 else page


def _recordable(segment: str) -> str:
    segment = segment.partition(";")[0]
    text = decoded(segment) if "%" in segment else segment
    # `mailto:` and `tel:` are followed by no slash.
    for part in (text, *text.split(":")):
        found = identifying(part)
        if found is not None:
            return _PLACEHOLDERS[found]
        if len(part) >= _TOKEN_CHARACTERS_MIN and _TOKEN.fullmatch(part):
            return TOKEN
    return segment if text.isascii() and text.isprintable() else TEXT
