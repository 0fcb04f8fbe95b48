"""How much a test does: little on every push, much at night.

LEADLEDGER_TEST_TIER=nightly .venv/bin/pytest
"""

import os
from typing import TypeVar

VARIABLE = "LEADLEDGER_TEST_TIER"

Amount = TypeVar("Amount")


def by_tier(*, push: Amount, nightly: Amount) -> Amount:
    """Return the amount for the current tier; an unknown tier is an error."""
    return {"push": push, "nightly": nightly}[os.environ.get(VARIABLE, "push")]
