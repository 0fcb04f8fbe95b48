"""E-mail addresses and host names.

A validating library would be too strict: mobile carriers in Japan have issued addresses that no RFC
allows (`a..b@`, `a.@`), and their owners fill in forms like everyone else.
"""

import re

import idna

from events.signals.identifiers.text import tidy

_PLAIN = re.compile(r"[\w+-][^@\s:<>\"']{0,63}@[^@\s]{1,254}[a-zA-Z]")
"""An address with nothing around it, as nearly all are."""
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62}")
_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>[^<>@]*")
"""`"花子" <hanako@x.example>`: copied from mail programs."""
_QUOTED = re.compile(r'"([^"@\s]+)"@(.+)')
"""Quotes that the local part does not need: `"hanako"@x.example` is the same mailbox."""
_REMARK = re.compile(r"\s*\([^()]*\)$")
_BEFORE_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?")
_AFTER_HOST = re.compile(r"(?::\d*)?(?:[/?#].*)?$", re.DOTALL)
_ENDS = " .,;:、。'\""
"""Characters that a sentence or a list leaves around an address."""


def email(written: str) -> tuple[str, str] | None:
    """Return the normalized local part and domain for comparison, or None.

    Letter case never distinguishes two mailboxes in practice, but `ß` and `ss` do: the local part
    is lowercased, not case-folded. The address as written is kept with the event.
    """
    address = tidy(written)
    if not _PLAIN.fullmatch(address):
        address = _bare(address)
    if not _ADDRESS.fullmatch(address):
        return None
    local, _, domain = address.rpartition("@")
    found = _host(domain)
    return (local.lower(), found) if found is not None else None


def host(written: str) -> str | None:
    """Return the host of a domain or URL in lower-case ASCII (IDNA 2008), or None if it has none.

    People write `https://www.x.example/about`, `x.example:8080` and `x.example` interchangeably.
    """
    text = tidy(written).lower()
    text = _BEFORE_HOST.sub("", text, count=1)
    return _host(_AFTER_HOST.sub("", text, count=1))


def _host(domain: str) -> str | None:
    domain = domain.rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii").rstrip(".")
        except UnicodeError:
            return None
    return domain if _HOST.fullmatch(domain) else None


def _bare(address: str) -> str:
    """Strip what mail programs, links and sentences put around an address."""
    bracketed = _IN_BRACKETS.fullmatch(address)
    if bracketed is not None:
        address = bracketed[1]
    address = _QUOTED.sub(r"\1@\2", _REMARK.sub("", address)).strip(_ENDS)
    if address[:7].lower() == "mailto:":
        address = address[7:].partition("?")[0]
    return "@".join(part.strip() for part in address.split("@"))
