"""Times as fixed-width text, so that text order is time order."""

from datetime import UTC, datetime


def format_utc(moment: datetime) -> str:
    """Write a UTC time with six decimals."""
    assert moment.tzinfo is UTC, "times inside are UTC"
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def format_optional_utc(moment: datetime | None) -> str | None:
    """Write a UTC time, if there is one."""
    return None if moment is None else format_utc(moment)
