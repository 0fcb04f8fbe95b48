"""Times as text, of one width, so that text sorts as time."""

from datetime import UTC, datetime


def format_utc(moment: datetime) -> str:
    """Write a UTC time with six decimals."""
    assert moment.tzinfo is UTC, "times inside are UTC"
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"
