"""Which format a request prefers: JSON, CSV or a workbook."""

import asyncio
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from fastapi import Request
from starlette.responses import Response

from service.http.answer import Answer, json_answer
from service.limits import TABLE_ROWS_MAX
from service.shapes.shape import Shape
from service.tables.spreadsheet import Sheet, as_csv, as_xlsx

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MARK: Final = "bom"
_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")

TABLES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "JSON, or a table if `Accept` prefers one; `text/csv;bom=true` begins with "
        "the byte order mark that Excel needs.",
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""What routes that answer with tables describe."""


class Format(StrEnum):
    """How an answer is written."""

    JSON = "application/json"
    CSV = CSV
    XLSX = XLSX


class Preferred(NamedTuple):
    """What a request prefers."""

    format: Format
    has_mark: bool = False


_ACCEPTED: Final = {
    "*/*": Format.JSON,
    "application/*": Format.JSON,
    "text/*": Format.CSV,
    **{str(table_format): table_format for table_format in Format},
}


def preferred_by(accept: str) -> Preferred:
    """Read `Accept`. The first of the most preferred known types counts; JSON if there is none."""
    best, best_quality = Preferred(Format.JSON), 0.0
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        quality = _quality(given.get("q", "1"))
        if name in _ACCEPTED and quality > best_quality:
            best = Preferred(_ACCEPTED[name], given.get(_MARK) in ("1", "true"))
            best_quality = quality
    return best


def rows_wanted(request: Request, limit: int) -> int:
    """Return how many rows to list: a table has all of them, unless a limit is given."""
    wants_table = preferred_by(request.headers.get("accept", "")).format is not Format.JSON
    return TABLE_ROWS_MAX if wants_table and "limit" not in request.query_params else limit


async def answer_as_preferred(
    request: Request, content: Shape, sheet: Callable[[], Sheet], *, next: str | None = None
) -> Response:
    """Answer in the format that the request prefers.

    `next` is where a list goes on; a table names that in its `Link`.
    """
    preferred = preferred_by(request.headers.get("accept", ""))
    if preferred.format is Format.JSON:
        answer = json_answer(content)
        answer.raw_headers.append((b"vary", b"accept"))
        return answer
    body = await asyncio.to_thread(_written, sheet, preferred)
    return Answer(
        200, body, media_type=_media_type(preferred), headers=_headers(request, preferred, next)
    )


def _written(sheet: Callable[[], Sheet], preferred: Preferred) -> bytes:
    if preferred.format is Format.CSV:
        return as_csv(sheet(), has_mark=preferred.has_mark)
    return as_xlsx(sheet())


def _media_type(preferred: Preferred) -> bytes:
    charset = "; charset=utf-8" if preferred.format is Format.CSV else ""
    return f"{preferred.format}{charset}".encode()


def _headers(
    request: Request, preferred: Preferred, next: str | None
) -> tuple[tuple[bytes, bytes], ...]:
    ending = "csv" if preferred.format is Format.CSV else "xlsx"
    name = _FILE_NAME.sub("-", request.url.path.removeprefix("/v1/")).strip("-")
    headers = [
        (b"content-disposition", f'attachment; filename="{name}.{ending}"'.encode()),
        (b"vary", b"accept"),
    ]
    if next is not None:
        following = request.url.include_query_params(after=next)
        headers.append((b"link", f'<{following.path}?{following.query}>; rel="next"'.encode()))
    return tuple(headers)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
