"""Write JSON values back after they have been read."""

from dataclasses import dataclass
from typing import TypeAlias

import orjson

JsonValue: TypeAlias = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OversizedInteger:
    """Hold an integer beyond 64 bits as it was written, until its event is refused.

    A separate class, because parsing an int of a million digits takes minutes.
    """

    digits: str


def write(value: JsonValue) -> bytes:
    """Write a value that was read, compactly, as a refusal stores one item out of several.

    The bytes may differ from those received, but the content is the same: keys in their order, the
    same text, numbers of the same value (1e2 is written 100.0), integers of any size. The copy is
    deliberate: each orjson result holds its whole buffer of 4 KiB, which is too much to keep for
    every event in a batch of small events.
    """
    try:
        written = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except orjson.JSONEncodeError:
        written = _write_piecewise(value)
    return memoryview(written).tobytes()


def _write_piecewise(value: JsonValue | OversizedInteger) -> bytes:
    """Write a value that contains an oversized integer, which no encoder writes unchanged.

    orjson's Fragment would, but it writes one byte beyond its buffer when a fragment and the
    brackets after it fill the buffer exactly (in 3.13.0 this aborts the interpreter).
    """
    if isinstance(value, OversizedInteger):
        return value.digits.encode()
    if isinstance(value, list):
        return b"[" + b",".join(map(_write_piecewise, value)) + b"]"
    if isinstance(value, dict):
        return b"{" + b",".join(map(_write_member, value.items())) + b"}"
    return orjson.dumps(value)


def _write_member(member: tuple[str, JsonValue]) -> bytes:
    key, value = member
    return orjson.dumps(key) + b":" + _write_piecewise(value)
