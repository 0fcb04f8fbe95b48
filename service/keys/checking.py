"""Whether the terms of a key are valid; checked when a key is made or changed."""

import re
from collections.abc import Collection

import orjson

from domain.limits import CODE_CHARACTERS_MAX
from domain.recordable import identifying, is_code
from events.records import OWN_SOURCE
from events.signals.sender import ANY_SOURCE
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.terms import KeyTerms
from service.limits import KEY_ORIGINS_MAX, KEY_SOURCES_MAX, KEY_TERMS_BYTES_MAX

_SOURCE = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
_ORIGIN = re.compile(
    r"(https://(?!.*:443$)|http://(?!.*:80$))"
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(:\d{1,5})?"
)
"""As browsers write it: lower case, no path, no default port."""


class TermsInvalid(ValueError):
    """A key cannot have these terms."""

    def __init__(self, pointer: str, expected: str) -> None:
        super().__init__(f"{pointer.removeprefix('/')}: expected {expected}")
        self.pointer = pointer
        self.expected = expected


def check(terms: KeyTerms, *, departments: Collection[str]) -> None:
    """Raise TermsInvalid for the first invalid place."""
    _check_sources(terms.sources)
    if terms.department is not None and terms.department not in departments:
        raise TermsInvalid("/department", f"one of {', '.join(departments)}")
    known = [str(scope) for scope in Scope]
    for index, scope in enumerate(terms.scopes):
        if scope not in known:
            raise TermsInvalid(f"/scopes/{index}", f"one of {', '.join(known)}")
    if terms.person is not None and not is_code(terms.person):
        raise TermsInvalid(
            "/person", f"an employee id of up to {CODE_CHARACTERS_MAX} printable ASCII characters"
        )
    if terms.origins:
        _check_page(terms)
    if len(orjson.dumps([terms.sources, terms.origins])) > KEY_TERMS_BYTES_MAX:
        raise TermsInvalid(
            "/origins" if terms.origins else "/sources",
            f"sources and origins that take at most {KEY_TERMS_BYTES_MAX} bytes as JSON",
        )


def _check_sources(sources: tuple[str, ...]) -> None:
    if not 0 < len(sources) <= KEY_SOURCES_MAX:
        raise TermsInvalid("/sources", f"1 to {KEY_SOURCES_MAX} sources")
    if OWN_SOURCE in sources or sources[0] == ANY_SOURCE:
        raise TermsInvalid("/sources", f"a default source first; {OWN_SOURCE} is reserved")
    for index, source in enumerate(sources):
        if not _SOURCE.fullmatch(source):
            raise TermsInvalid(f"/sources/{index}", "1 to 255 characters of printable ASCII")
        if (found := identifying(source)) is not None:
            raise TermsInvalid(
                f"/sources/{index}",
                f"the name of a system, without {found}: it becomes part of records, which are "
                "never erased",
            )


def _check_page(terms: KeyTerms) -> None:
    """Check that a key for web pages can do as little as possible: visitors can read it.

    With any source allowed, it could use up ids that other senders are going to use.
    """
    if len(terms.origins) > KEY_ORIGINS_MAX:
        raise TermsInvalid("/origins", f"at most {KEY_ORIGINS_MAX} origins")
    for index, origin in enumerate(terms.origins):
        if not _ORIGIN.fullmatch(origin):
            raise TermsInvalid(
                f"/origins/{index}", "an origin as browsers send it, such as https://www.example.jp"
            )
    if terms.scopes != DEFAULT_SCOPES:
        raise TermsInvalid("/scopes", "events:write alone, because the key is public in a web page")
    if terms.person is not None:
        raise TermsInvalid("/person", "no person, because the key is public in a web page")
    if ANY_SOURCE in terms.sources:
        raise TermsInvalid("/sources", "named sources, because the key is public in a web page")
