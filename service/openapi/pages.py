"""`/openapi.json` and `/docs`: the interface described by itself, without a key.

The page is our own and plain: it needs no script and no external files, so it works on a machine
without internet access. To try requests out, load `/openapi.json` into a tool.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from service.http.answer import Answer
from service.http.exact_route import ExactRoute
from service.openapi.document import describe_interface

HTML = b"text/html; charset=utf-8"

router = APIRouter(include_in_schema=False, route_class=ExactRoute)


def serve_documents(app: FastAPI) -> None:
    """Add both to an application whose routes are complete."""
    app.router.routes.extend(router.routes)


@router.get("/openapi.json", response_model=None)
async def get_openapi_document(request: Request) -> Response:
    """Return the OpenAPI document."""
    return Answer(200, _documents(request.app)[0])


@router.get("/docs", response_model=None)
async def get_docs(request: Request) -> Response:
    """Return the page."""
    return Answer(200, _documents(request.app)[1], media_type=HTML)


@lru_cache(maxsize=4)
def _documents(app: FastAPI) -> tuple[bytes, bytes]:
    document = describe_interface(app)
    return orjson.dumps(document), _page(document).encode()


def _page(document: Mapping[str, Any]) -> str:
    style = files("service.openapi").joinpath("documents.css").read_text(encoding="utf-8")
    info = document["info"]
    addresses = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    sections = "".join(
        _operation(path, method, operation, addresses)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    schemas = "".join(
        f"<details><summary><code>{escape(name)}</code></summary><pre>{_json(schema)}</pre>"
        "</details>"
        for name, schema in document["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(info["title"])}</title>'
        f"<style>{style}</style></head><body><h1>{escape(info['title'])}</h1>"
        f"{_paragraphs(info['description'])}"
        '<p>For tools: <a href="openapi.json">openapi.json</a>.</p>'
        f"{sections}<h2>Schemas</h2>{schemas}</body></html>"
    )


def _operation(
    path: str, method: str, operation: Mapping[str, Any], addresses: Mapping[str, str]
) -> str:
    summary = f"<code>{escape(path)}</code> {escape(operation['summary'])}"
    parts = [
        f"<summary><b class={method}>{method.upper()}</b> {summary}</summary>",
        _paragraphs(operation.get("description", "")),
        *_parameters(operation.get("parameters", ())),
        *_body(operation.get("requestBody")),
        "<table><tr><th>answer<th></tr>",
    ]
    parts += [
        f"<tr><td><code>{status}</code><td>{escape(answer['description'])}"
        f"{_ways(answer, addresses)}</tr>"
        for status, answer in sorted(operation["responses"].items())
    ]
    return f'<details id="{escape(operation["operationId"])}">{"".join(parts)}</table></details>'


def _parameters(parameters: Any) -> Iterator[str]:
    if not parameters:
        return
    yield "<table><tr><th>parameter<th>in<th>type<th></tr>"
    for parameter in parameters:
        schema = parameter.get("schema", {})
        yield (
            f"<tr><td><code>{escape(parameter['name'])}</code>"
            f"{' *' if parameter.get('required') else ''}"
            f"<td>{escape(parameter['in'])}<td>{escape(_type_of(schema))}"
            f"<td>{escape(parameter.get('description', ''))}</tr>"
        )
    yield "</table>"


def _body(body: Any) -> Iterator[str]:
    if body is None:
        return
    for media_type, content in body["content"].items():
        yield f"<p>Body: <code>{escape(media_type)}</code></p><pre>{_json(content['schema'])}</pre>"


def _ways(answer: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    """Describe the operations that can follow an answer, and which of its values they take."""
    ways = []
    for link in answer.get("links", {}).values():
        name = link["operationId"]
        taken = [f"{parameter} = {found}" for parameter, found in link["parameters"].items()]
        shown = ", ".join(taken) or f"body = {link['requestBody']}"
        ways.append(f'<br>→ <a href="#{name}">{escape(addresses[name])}</a>: {escape(shown)}')
    return "".join(ways)


def _type_of(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(
            _type_of(option) for option in schema["anyOf"] if option.get("type") != "null"
        )
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"])
    name = str(schema.get("format") or schema.get("type") or schema.get("$ref", "")).split("/")[-1]
    default = schema.get("default")
    return f"{name}, default {default}" if default is not None else name


def _paragraphs(text: str) -> str:
    blocks = [block.strip() for block in text.split("\n\n")]
    return "".join(f"<p>{_code(escape(block))}</p>" for block in blocks if block)


def _code(text: str) -> str:
    """Mark up text between backticks as code; every second part is."""
    parts = text.split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )


def _json(value: Any) -> str:
    return escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
