"""Read JSON inside a string of a message, as strictly as the message itself."""

import base64
import binascii
from typing import Any

from events.signals.dialects.parts import Misshapen
from events.strict_json import JsonFault, read_value


def embedded_json(text: str, member: str, *, is_base64: bool) -> dict[str, Any]:
    """Read an object that a member holds as text. Raises Misshapen."""
    try:
        body = _decoded(text) if is_base64 else text.encode()
        value = read_value(body)
    except (binascii.Error, ValueError):
        raise Misshapen(member, expected="base64") from None
    except JsonFault as fault:
        raise Misshapen(member, expected=fault.expected) from None
    if not isinstance(value, dict):
        raise Misshapen(member, expected="a JSON object")
    return value


def _decoded(text: str) -> bytes:
    """Decode base64 in either alphabet, with or without padding."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/").encode("ascii")
    return base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
