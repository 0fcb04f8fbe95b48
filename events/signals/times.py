"""Times as senders write them: RFC 3339 with an offset, nothing looser."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum

YEAR_MIN, YEAR_MAX = 1970, 2200
"""Outside of these a time of a lead's action is a mistake, whatever it meant."""

AHEAD_MAX = timedelta(days=1)
"""A clock may be wrong by a time zone and its date line; beyond that somebody mistyped a year."""
QUEUED_MAX = timedelta(days=30)
"""How long a client that was offline may keep an event before it is sent."""


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
    """What a sender's time of sending means."""

    OF_THE_EVENT = "of the event"
    """Stamped once, when the event was made ready: a later receipt is delivery delay, no error of a
    clock. Only a clock that is ahead of the receipt is corrected."""
    OF_THE_REQUEST = "of the request"
    """Stamped by an SDK with every request: what it differs from the receipt by is the
    clock's error."""


def occurred(
    claimed: datetime | None, sent: datetime | None, received: datetime, *, meaning: SentAt
) -> tuple[datetime, datetime | None]:
    """Return when it happened, and the claim where it differs (domain §9).

    Nothing happens after it is received. Raises InFuture for a time that is further ahead than a
    clock may be: a mistyped year must not silently become now.
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
    """Take the error of the sender's clock out, where it is plausible that it is one.

    Either the error is small, or the event was sent soon after it happened by the same clock. A
    time of sending that is neither is itself wrong, and corrects nothing.
    """
    ahead = sent - received
    is_small = abs(ahead) <= AHEAD_MAX
    is_fresh = timedelta() <= sent - claimed <= QUEUED_MAX
    moment = claimed - ahead
    is_bounded = YEAR_MIN <= moment.year <= YEAR_MAX
    return moment if is_bounded and (is_small or is_fresh) else claimed
