"""Write JSON values back, once they have been read."""

from dataclasses import dataclass
from typing import TypeAlias

import orjson

JsonValue: TypeAlias = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OversizedInteger:
    """Keep an integer beyond 64 bits as it was written, until its event is refused.

    A class of its own, because an int of a million digits takes minutes to make.
    """

    digits: str


def write(value: JsonValue) -> bytes:
    """Write a value that was read, compactly: what a refusal keeps of one item out of several.

    Not the bytes that came, but the same: keys in their order, the same text, numbers of the same
    value (1e2 is written 100.0), integers of any size. The copy is deliberate: orjson hands out
    its whole buffer of 4 KiB with every result, which a batch of small events cannot afford to
    keep.
    """
    try:
        written = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except orjson.JSONEncodeError:
        written = _write_piecewise(value)
    return memoryview(written).tobytes()


def _write_piecewise(value: JsonValue | OversizedInteger) -> bytes:
    """Write what holds an oversized integer, which no encoder writes as it came.

    orjson's Fragment would, but writes one byte beyond its buffer where a fragment and the
    brackets after it fill it exactly (seen in 3.13.0, as an interpreter that aborts).
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
