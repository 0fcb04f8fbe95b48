"""Forms that pages send: read in bounded memory, and accepted from our own pages only."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudget
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.limits import UPLOAD_BYTES_MAX
from service.sessions.visiting import arrival_at

_BOUNDARY: Final = re.compile(rb'^multipart/form-data;\s*boundary="?([!-~]{1,70}?)"?$')
_HERE: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\U0010ffff]*")
"""A path of this site: a second slash, or what browsers take for one, would name another site."""


async def read_form(request: Request, budget: MemoryBudget, *, bytes_max: int) -> Mapping[str, str]:
    """Read a form of one of our pages; a field that was left empty is absent.

    Raises Problem: https-needed, form-foreign, body-too-large, body-too-slow, body-unreadable.
    """
    arrival_at(request).check_form(request.headers)
    with budget.memory() as memory:
        transfer = read_transfer(request.scope)
        body = await read_body(request.receive, transfer, memory, bytes_max=bytes_max)
        try:
            fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
        except (UnicodeDecodeError, ValueError):
            raise Problem("body-unreadable", "This is not a form in UTF-8.") from None
    given = {name: value for name, value in fields if value}
    if any("\0" in text for field in given.items() for text in field):
        raise Problem("body-unreadable", "A form must not contain NUL.")
    return given


async def read_upload(request: Request, budget: MemoryBudget) -> bytes:
    """Read the file of a form that has one file and nothing else.

    Raises Problem: https-needed, form-foreign, body-too-large, body-too-slow, body-unreadable.
    """
    arrival_at(request).check_form(request.headers)
    transfer = read_transfer(request.scope)
    boundary = _BOUNDARY.search(transfer.content_type)
    if boundary is None:
        raise Problem("body-unreadable", "A file is sent as multipart/form-data.")
    with budget.memory() as memory:
        body = await read_body(request.receive, transfer, memory, bytes_max=UPLOAD_BYTES_MAX)
    # Browsers begin every part with its headers, and end the last one with this delimiter.
    head, has_head, rest = body.partition(b"\r\n\r\n")
    file, has_end, _ = rest.partition(b"\r\n--" + boundary[1])
    if not (has_head and has_end and b'name="file"' in head):
        raise Problem("body-unreadable", "The form must contain one field, file, with the file.")
    if not file:
        raise Problem("request-invalid", "No file was chosen, or it is empty.")
    return file


def path_here(text: str | None) -> str:
    """Return a path of this site to lead to: the one given, if it is one."""
    return text if text is not None and _HERE.fullmatch(text) else "/"
