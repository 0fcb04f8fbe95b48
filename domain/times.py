"""Times as fixed-width text, so that text order is time order."""

from datetime import UTC, datetime
from functools import lru_cache

from domain.limits import TIMES_MAX


@lru_cache(TIMES_MAX)
def format_utc(moment: datetime) -> str:
    """Write a UTC time with six decimals. The time of one event is written several times."""
    assert moment.tzinfo is UTC, "times inside are UTC"
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def format_optional_utc(moment: datetime | None) -> str | None:
    """Write a UTC time, if there is one."""
    return None if moment is None else format_utc(moment)
