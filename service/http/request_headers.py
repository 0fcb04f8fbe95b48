"""The headers that decide how a request is read, collected in one pass."""

from typing import Any, NamedTuple

from service.http.problem import Problem

STRICT = b"handling=strict"


class RequestHeaders(NamedTuple):
    """What a request's headers say about it."""

    authorization: bytes = b""
    content_type: bytes = b""
    content_encoding: bytes = b""
    content_length: int | None = None
    is_strict: bool = False
    is_cloudevent: bool = False
    """A CloudEvent in binary mode: its attributes are headers, its data is the body."""
    origin: bytes = b""
    """The origin of the page whose script sends this; browsers set it."""

    @property
    def is_lines(self) -> bool:
        """Only the type identifies NDJSON: its first line looks like any JSON object."""
        media_type = self.content_type.partition(b";")[0].strip().lower()
        return media_type in _LINES


_LINES = frozenset(
    {b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"application/x-jsonl"}
)


def read_transfer(scope: Any) -> RequestHeaders:
    """Read the headers of an ASGI request."""
    authorization = content_type = content_encoding = origin = b""
    content_length: int | None = None
    is_strict = is_cloudevent = False
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value
        elif name == b"content-type":
            content_type = value
        elif name == b"content-length":
            content_length = _length(value)
        elif name == b"content-encoding":
            content_encoding = value.strip().lower()
        elif name == b"origin":
            origin = value
        elif name == b"prefer":
            is_strict = is_strict or _asks_for_strict(value)
        elif name == b"ce-specversion":
            is_cloudevent = True
    return RequestHeaders(
        authorization,
        content_type,
        content_encoding,
        content_length,
        is_strict,
        is_cloudevent,
        origin,
    )


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise Problem("body-unreadable", "Expected a whole number in Content-Length.")
    return int(value)


def _asks_for_strict(value: bytes) -> bool:
    wishes = value.lower().replace(b" ", b"").replace(b'"', b"").split(b",")
    return any(wish.partition(b";")[0] == STRICT for wish in wishes)
