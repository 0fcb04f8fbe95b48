"""Fill templates. Everything that is inserted is escaped, and a missing value is an error."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import ANY_LANGUAGE, language_of
from events.lifecycles.known import Lifecycles
from service.http.answer import Answer
from service.http.parts import part_of
from service.ingest.labels import Wording
from service.pages.frame.wording import LANGUAGES, PageWords, language_for
from service.sessions.visiting import Visitor

HTML: Final = b"text/html; charset=utf-8"

PAGES: Final = (
    ("/", "today.title"),
    ("/funnel", "funnel.title"),
    ("/conversion", "conversion.title"),
    ("/leads", "leads.title"),
    ("/accounts", "accounts.title"),
    ("/worklist", "work.title"),
    ("/deals", "deals.title"),
    ("/campaigns", "campaigns.title"),
    ("/contribution", "contribution.title"),
    ("/targets", "targets.title"),
    ("/figures", "figures.title"),
    ("/audit", "audit.title"),
    ("/settings", "settings.title"),
)
"""The pages that every page links to, and the keys of their names."""

HEADERS: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
            b"require-trusted-types-for 'script'"
        ),
    ),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    # A page is about people even where it names none.
    (b"cache-control", b"private, no-store"),
    (b"vary", b"cookie, accept-language"),
)


class View(NamedTuple):
    """What every template needs: the words, the address and who is looking."""

    path: str
    asked: Mapping[str, str]
    """The parameters of the URL."""
    words: PageWords
    lifecycle: Lifecycle
    visitor: Visitor | None

    @property
    def codes(self) -> Wording:
        """The words of the lifecycle, in a language that it has."""
        wanted = f"{self.words.language},{ANY_LANGUAGE}"
        language = language_of(self.lifecycle, wanted)
        assert language is not None, "a lifecycle has words in some language"
        return Wording(self.lifecycle, language)

    def url(self, path: str, **asked: str | int | None) -> str:
        """Return the address of a page, in the language that this one was asked for."""
        given = {"lang": self.asked.get("lang"), **asked}
        named = {name: value for name, value in given.items() if value not in (None, "")}
        return f"{path}?{urlencode(named)}" if named else path

    def again(self, **changes: str | int | None) -> str:
        """Return the address of this page with other values of some parameters; None leaves out."""
        return self.url(self.path, **{**self.asked, **changes})

    def again_at(self, path: str, kept: Collection[str]) -> str:
        """Return the address of another page that is about the same."""
        about = {name: self.asked[name] for name in kept if name in self.asked}
        return self.url(path, **about)

    def without_last(self, *filters: Collection[str]) -> str | None:
        """Return the address of this page without the filter that its URL names last, if any.

        Each filter is the parameters that have a meaning only together.
        """
        for name in reversed(list(self.asked)):
            for parameters in filters:
                if name in parameters:
                    return self.again(**dict.fromkeys((*parameters, "after")))
        return None

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The other languages, each with the address of this page in it."""
        return [(one, self.again(lang=one)) for one in LANGUAGES if one != self.words.language]


def view_of(request: Request, asked: Mapping[str, str]) -> View:
    """Return the view of a request, whose parameters are checked unless it has failed."""
    lifecycle = part_of(request, Lifecycles).in_force.lifecycle
    language = language_for(asked.get("lang"), request.headers.get("accept-language", ""))
    return View(
        path=request.url.path,
        asked=asked,
        words=PageWords(language, ZoneInfo(lifecycle.time_zone)),
        lifecycle=lifecycle,
        visitor=getattr(request.state, "visitor", None),
    )


def page(
    template: str,
    view: View,
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    **content: Any,
) -> Answer:
    """Answer with a page."""
    text = _environment().get_template(template).render(view=view, say=view.words, **content)
    return Answer(status, text.encode(), media_type=HTML, headers=(*HEADERS, *headers))


def redirect(address: str, *headers: tuple[bytes, bytes]) -> Answer:
    """Answer with the address of another page, which is read with GET."""
    location = (b"location", address.encode())
    return Answer(303, b"", media_type=HTML, headers=(*HEADERS, location, *headers))


class StaticFile(NamedTuple):
    path: str
    """Contains a digest, so what is at the address never changes."""
    body: bytes


@lru_cache(maxsize=2)
def static_file(name: str) -> StaticFile:
    """Return the style sheet `pages.css` or the module `pages.js`, and where it is served."""
    body = files("service.pages").joinpath("static", name).read_bytes()
    return StaticFile(f"/static/{sha256(body).hexdigest()[:16]}/{name}", body)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service.pages"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style_sheet"] = static_file("pages.css").path
    environment.globals["module"] = static_file("pages.js").path
    environment.globals["pages"] = PAGES
    return environment
