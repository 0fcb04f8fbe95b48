"""`/openapi.json`, and `/docs`, which shows it and sends requests: both are open without a key.

The page is Swagger UI, served from an installed package so that it works without the internet. Its
policy allows nothing from another host and no inline script: a key that is entered on the page
goes to this service only.
"""

import gzip
from asyncio import to_thread
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

import orjson
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from service.http.answer import Answer
from service.http.exact_route import ExactRoute
from service.http.problem import Problem
from service.openapi.document import describe_interface

HTML: Final = b"text/html; charset=utf-8"
CSS: Final = b"text/css; charset=utf-8"
JAVASCRIPT: Final = b"text/javascript; charset=utf-8"

_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NO_SNIFFING: Final = (b"x-content-type-options", b"nosniff")
_OF_PAGE: Final = (
    (b"content-security-policy", _POLICY),
    _NO_SNIFFING,
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)
_OF_FILE: Final = (
    _NO_SNIFFING,
    # The address of a file contains a digest, so what is at an address never changes.
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"vary", b"accept-encoding"),
)
_COMPRESSED: Final = (b"content-encoding", b"gzip")

router = APIRouter(include_in_schema=False, route_class=ExactRoute)


class _File(NamedTuple):
    media_type: bytes
    body: bytes
    compressed: bytes
    """About a quarter, so that a reader at 300 kbit/s gets it within the time for an answer."""


def serve_documents(app: FastAPI) -> None:
    """Add the document and the page to an application that has all its other routes."""
    app.router.routes.extend(router.routes)


@router.get("/openapi.json", response_model=None)
async def get_openapi_document(request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return Answer(200, _document(request.app))


@router.get("/docs", response_model=None)
async def get_docs() -> Response:
    """Answer with the page."""
    return Answer(200, await to_thread(_page), media_type=HTML, headers=_OF_PAGE)


@router.get("/docs/{digest}/{file}", response_model=None)
async def get_docs_file(digest: str, file: str, request: Request) -> Response:
    """Answer with a file that the page loads.

    Raises Problem: not-found.
    """
    current_digest, held = await to_thread(_files)
    if digest != current_digest or file not in held:
        raise Problem("not-found", "The page has no such file; /docs names those that it has.")
    found = held[file]
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Answer(200, found.body, media_type=found.media_type, headers=_OF_FILE)
    headers = (*_OF_FILE, _COMPRESSED)
    return Answer(200, found.compressed, media_type=found.media_type, headers=headers)


@lru_cache(maxsize=4)
def _document(app: FastAPI) -> bytes:
    return orjson.dumps(describe_interface(app))


@lru_cache(maxsize=1)
def _page() -> bytes:
    digest, _ = _files()
    text = files("service.openapi").joinpath("docs.html").read_text(encoding="utf-8")
    # Relative, so that the page also works behind a proxy that adds a prefix.
    return text.replace("{files}", f"docs/{digest}").encode()


@lru_cache(maxsize=1)
def _files() -> tuple[str, Mapping[str, _File]]:
    """Return the files by name, and the digest of all of them."""
    swagger_ui = files("fastapi_standalone_docs").joinpath("static", "swagger")
    own = files("service.openapi")
    bodies = {
        (name, media_type): folder.joinpath(name).read_bytes()
        for folder, name, media_type in (
            (swagger_ui, "swagger-ui.css", CSS),
            (swagger_ui, "swagger-ui-bundle.js", JAVASCRIPT),
            (own, "start.js", JAVASCRIPT),
        )
    }
    digest = sha256(b"".join(bodies.values())).hexdigest()[:16]
    return digest, {
        name: _File(media_type, body, gzip.compress(body, mtime=0))
        for (name, media_type), body in bodies.items()
    }
