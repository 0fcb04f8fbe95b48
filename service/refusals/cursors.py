"""A reader's place among the refusals, in the order of their first receipt."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain.times import format_utc
from events.signals import times

_BETWEEN = "~"


class RefusalCursor(NamedTuple):
    """The last refusal that was seen."""

    received_at: datetime
    refusal_id: UUID

    @property
    def text(self) -> str:
        """The cursor that a page returns, to be passed back unchanged."""
        return f"{format_utc(self.received_at)}{_BETWEEN}{self.refusal_id}"


OLDEST = RefusalCursor(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
NEWEST = RefusalCursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))


def parse_cursor(text: str) -> RefusalCursor | None:
    """Read a cursor that a page returned; None if it is not one."""
    moment, between, refusal_id = text.partition(_BETWEEN)
    received_at = times.parse(moment)
    try:
        named = UUID(refusal_id)
    except ValueError:
        return None
    return RefusalCursor(received_at, named) if received_at is not None and between else None
