"""What campaigns cost: one row for each report, never changed.

A later report for the same campaign, channel, currency and days replaces an earlier one. Both rows
stay, so the cost can be queried as it was known at any position.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.event import Event
from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY
from domain.traits import CAMPAIGN


class CostRow(NamedTuple):
    position: int
    occurred_at: datetime
    campaign: str
    channel: str | None
    currency: str
    starts_on: date
    ends_on: date
    """The last day, included."""
    cost: Decimal


def cost_row(event: Event) -> CostRow:
    data = event.data
    return CostRow(
        event.position,
        event.occurred_at,
        data[CAMPAIGN],
        data.get("channel"),
        data["currency"],
        date.fromisoformat(data[FIRST_DAY]),
        date.fromisoformat(data[LAST_DAY]),
        Decimal(str(data["cost"])),
    )
