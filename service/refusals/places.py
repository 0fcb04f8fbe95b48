"""Where a reader of refusals stands, in the order of their first receipt."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain.times import format_utc
from events.signals import times

_BETWEEN = "~"


class RefusalCursor(NamedTuple):
    """The refusal that was seen last."""

    received_at: datetime
    refusal_id: UUID

    @property
    def text(self) -> str:
        """What a page hands out, to be passed on as it is."""
        return f"{format_utc(self.received_at)}{_BETWEEN}{self.refusal_id}"


OLDEST = RefusalCursor(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
NEWEST = RefusalCursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))


def parse_place(text: str) -> RefusalCursor | None:
    """Read what a page handed out; None if it is nothing of the kind."""
    moment, between, refusal_id = text.partition(_BETWEEN)
    received_at = times.parse(moment)
    try:
        named = UUID(refusal_id)
    except ValueError:
        return None
    return RefusalCursor(received_at, named) if received_at is not None and between else None
