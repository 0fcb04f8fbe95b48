"""Turn a body into a value, or explain why it is not JSON.

There are two readers, and they agree. The fast one is orjson plus a proof that the body contains
nothing that JSON leaves undefined; together they cost three to four times the bare parser. The
exact one is the standard library's parser with a hook for each undefined case. It handles every
body, at ten times the bare parser's cost including the failed proof. Nearly every body passes the
proof. The exact reader handles the rest, so a failed proof costs time, never correctness.

The proof, for a body without an escaped NUL or colon:

- The body has as many colons as its value written again. Each duplicate key would have lost a
  colon, and no colon can have been added. (Colons inside strings count the same on both sides,
  because none is escaped.)
- It has no run of nineteen digits, so no integer can exceed 64 bits, where orjson would return an
  unsigned integer or a float.
- orjson itself refuses NaN, infinities, lone surrogates, byte order marks and wrong encodings.
"""

import json
import math
import re
from array import array
from itertools import accumulate
from typing import Final, NoReturn

import orjson

from events.limits import INTEGER_MAX, INTEGER_MIN, TEXT_DEPTH_MAX
from events.strict_json.faults import Unreadable
from events.strict_json.writing import JsonValue, OversizedInteger, write

# Searching bytes in bytes with `in` raises an exception inside the interpreter, which costs five
# times the search itself. Searching an integer, or with `find`, does not.
_BACKSLASH: Final = ord("\\")
_ESCAPED_NUL_OR_COLON: Final = re.compile(rb"\\u00(?:00|3[aA])")
_DIGITS_TO_ZERO: Final = bytes(
    ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256)
)
_LONG_RUN_OF_DIGITS: Final = b"0" * 19

_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_STRING: Final = re.compile(rb'"[^"]*"?')
_NOT_A_BRACKET: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_BRACKET_TO_STEP: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")

_INTEGER_CHARACTERS_MAX: Final = len(str(INTEGER_MIN))


def read_text(body: bytes) -> tuple[JsonValue, bool]:
    """Read a whole body; return the value and whether it is plain.

    Plain means: proved to contain no NUL and no integer beyond 64 bits. A value that is not plain
    may contain `OversizedInteger`, and must be checked before use.

    Raises `Unreadable` for anything other than strict JSON in UTF-8 without duplicate keys.
    """
    value: JsonValue = None
    try:
        value = orjson.loads(body)
        proved = _is_proved(body, orjson.dumps(value))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        proved = False
    return (value, True) if proved else _read_exactly(body)


def is_plain(written: bytes) -> bool:
    """Return True if the output of `write` surely has no NUL and no integer beyond 64 bits."""
    return written.find(b"\\u0000") < 0 and not _has_long_run_of_digits(written)


def _is_proved(body: bytes, written: bytes) -> bool:
    if _BACKSLASH in body and _ESCAPED_NUL_OR_COLON.search(body):
        return False
    return body.count(b":") == written.count(b":") and not _has_long_run_of_digits(body)


def _has_long_run_of_digits(text: bytes) -> bool:
    return text.translate(_DIGITS_TO_ZERO).find(_LONG_RUN_OF_DIGITS) >= 0


def _read_exactly(body: bytes) -> tuple[JsonValue, bool]:
    text = _decoded(body)
    _bound_depth(body)
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        found = f"a fault at line {error.lineno}, column {error.colno}: {error.msg}"
        raise Unreadable(expected="JSON as RFC 8259 defines it", found=found) from None
    return value, is_plain(_written_whole(value))


def _decoded(body: bytes) -> str:
    expected = "UTF-8 without a byte order mark"
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        found = f"bytes at offset {error.start} that are not UTF-8"
        raise Unreadable(expected=expected, found=found) from None
    if text.startswith("\ufeff"):
        raise Unreadable(expected=expected, found="a byte order mark")
    return text


def _bound_depth(body: bytes) -> None:
    """Refuse bodies that nest too deep before a recursive parser sees them.

    Linear in the size of any body: remove escapes, then strings (an unterminated one ends the
    text), then everything except brackets, whose running sum is the depth. Up to its first fault a
    faulty body counts like a valid one, so the parser never goes deeper than was counted here.
    """
    if body.count(b"{") + body.count(b"[") <= TEXT_DEPTH_MAX:
        return
    brackets = _STRING.sub(b"", _ESCAPE.sub(b"", body)).translate(_BRACKET_TO_STEP, _NOT_A_BRACKET)
    if max(accumulate(array("b", brackets)), default=0) > TEXT_DEPTH_MAX:
        raise Unreadable(
            expected=f"at most {TEXT_DEPTH_MAX} levels of nesting", found="more than that"
        )


def _written_whole(value: JsonValue) -> bytes:
    """Write a value that was read. Of all that the parser accepts, only a lone surrogate fails."""
    try:
        return write(value)
    except orjson.JSONEncodeError:
        raise Unreadable(expected="whole Unicode characters", found="a lone surrogate") from None


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable(
            expected="each key once in an object", found="an object with a duplicate key"
        )
    return members


def _integer(digits: str) -> int | OversizedInteger:
    if len(digits) > _INTEGER_CHARACTERS_MAX:
        return OversizedInteger(digits)
    value = int(digits)
    return value if INTEGER_MIN <= value <= INTEGER_MAX else OversizedInteger(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Unreadable(
            expected="numbers that a 64-bit float can hold", found="a number beyond its range"
        )
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(expected="numbers as JSON defines them", found=name)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_refuse_constant,
)
