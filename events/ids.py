"""Ids of leads, accounts and refusals: UUID version 7 (RFC 9562), so that index pages stay warm."""

import os
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def new_id() -> str:
    """Return a new id: milliseconds of now, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high, low = random >> 68, random & ((1 << 62) - 1)
    return str(UUID(int=(milliseconds << 80) | _VERSION | (high << 64) | _VARIANT | low))
