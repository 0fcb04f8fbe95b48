"""How much came in: for each source, what became of its items.

The log shows what was recorded, but neither that something was sent twice nor what was refused. So
a batch counts its items, and the counts are written in the transaction that records it.
"""

from collections import Counter
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from domain.lifecycle.definition import Lifecycle


class Became(StrEnum):
    """What became of an item that was received."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """It is kept, and listed with the refusals."""
    IGNORED = "ignored"
    """Its sender got the reason, and nothing else of it is kept."""


Intake: TypeAlias = Counter[tuple[str, Became, str]]
"""Items by source, what became of them, and the reason of a refusal, which is otherwise empty.

An empty source stands for all that have no row of their own.
"""


def day_of(moment: datetime, lifecycle: Lifecycle) -> date:
    """Return the day on which items count: that of their answer, in the lifecycle's time zone."""
    return moment.astimezone(ZoneInfo(lifecycle.time_zone)).date()
