"""Ids of leads, accounts and refusals: UUID version 7 (RFC 9562), so that index pages stay warm."""

import os
import time

_VARIANTS = "89ab"
"""The first digit of the fourth group, by two random bits."""


def new_id() -> str:
    """Return a new id: the current time in milliseconds, then 74 random bits."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    random = os.urandom(10)
    digits = random.hex()
    return (
        f"{moment[:8]}-{moment[8:]}-7{digits[:3]}-"
        f"{_VARIANTS[random[-1] & 3]}{digits[3:6]}-{digits[6:18]}"
    )
