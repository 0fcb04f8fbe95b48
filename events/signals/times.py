"""Parse the times that senders write: RFC 3339 with an offset, nothing looser."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum

YEAR_MIN, YEAR_MAX = 1970, 2200
"""Outside this range, the time of a lead's action is certainly a mistake."""

AHEAD_MAX = timedelta(days=1)
"""A clock may be wrong by a time zone across the date line; more than that is a mistyped year."""
QUEUED_MAX = timedelta(days=30)
"""How long an offline client may keep an event before sending it."""


class InFuture(Exception):
    """A time more than a day after its receipt."""

    def __init__(self, claimed: datetime) -> None:
        super().__init__(f"{claimed.isoformat()} is more than a day in the future")


_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def parse(text: str) -> datetime | None:
    """Return the moment in UTC, or None if the text is not RFC 3339 with an offset."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if YEAR_MIN <= moment.year <= YEAR_MAX else None


class SentAt(Enum):
    """The meaning of a sender's `sent_at`."""

    OF_THE_EVENT = "of the event"
    """Stamped once, when the event was prepared: a later receipt is delivery delay, not clock
    error. Only a clock that is ahead of the receipt is corrected."""
    OF_THE_REQUEST = "of the request"
    """Stamped by an SDK with every request: any difference from the receipt is clock error."""


def occurred(
    claimed: datetime | None, sent: datetime | None, received: datetime, *, meaning: SentAt
) -> tuple[datetime, datetime | None]:
    """Return when it happened, and the claimed time if that differs (domain §9).

    An event never happens after its receipt. Raises InFuture for a time further ahead than a clock
    may be: a mistyped year must not silently become the present.
    """
    if claimed is None:
        return received, None
    moment = claimed
    if sent is not None and (sent > received or meaning is SentAt.OF_THE_REQUEST):
        moment = _corrected(claimed, sent, received)
    if moment - received > AHEAD_MAX:
        raise InFuture(claimed)
    moment = min(moment, received)
    return moment, claimed if claimed != moment else None


def _corrected(claimed: datetime, sent: datetime, received: datetime) -> datetime:
    """Subtract the error of the sender's clock, if a clock error is plausible.

    It is if the error is small, or if the event was sent soon after it happened by the same clock.
    Otherwise the time of sending is itself wrong, and corrects nothing.
    """
    ahead = sent - received
    is_small = abs(ahead) <= AHEAD_MAX
    is_fresh = timedelta() <= sent - claimed <= QUEUED_MAX
    moment = claimed - ahead
    is_bounded = YEAR_MIN <= moment.year <= YEAR_MAX
    return moment if is_bounded and (is_small or is_fresh) else claimed
