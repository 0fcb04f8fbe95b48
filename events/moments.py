"""Times as senders write them: RFC 3339 with an offset, nothing looser."""

import re
from datetime import UTC, datetime

YEAR_MIN, YEAR_MAX = 1970, 2200
"""Outside of these a time of a lead's action is a mistake, whatever it meant."""

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


def occurred(
    claimed: datetime | None, sent: datetime | None, received: datetime
) -> tuple[datetime, datetime | None]:
    """Return when it happened, and the claim where it differs (domain §9).

    The skew of the sender's clock is what its time of sending differs from our time of receipt.
    Nothing happened after it was received.
    """
    if claimed is None:
        return received, None
    moment = claimed
    if sent is not None:
        try:
            moment = claimed + (received - sent)
        except OverflowError:
            moment = received
    moment = min(moment, received)
    return moment, claimed if claimed != moment else None
