"""Times as senders write them, and when a thing happened."""

from datetime import UTC, datetime, timedelta

import pytest

from events.moments import occurred, parse

RECEIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:15:00+09:00", datetime(2026, 11, 22, 1, 15, tzinfo=UTC)),
        ("2026-11-22t10:15:00z", datetime(2026, 11, 22, 10, 15, tzinfo=UTC)),
        ("2026-11-22 10:15:00.25Z", datetime(2026, 11, 22, 10, 15, 0, 250_000, tzinfo=UTC)),
        (
            "2026-11-22T10:15:00.123456789-03:30",
            datetime(2026, 11, 22, 13, 45, 0, 123_456, tzinfo=UTC),
        ),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2200-12-31T23:59:59Z", datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_offset_is_a_moment(text: str, expected: datetime) -> None:
    assert parse(text) == expected
    assert parse(text).tzinfo is UTC  # type: ignore[union-attr] # compared above


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22T10:15:00",
        "2026-11-22",
        "2026-11-22T10:15Z",
        "2026-11-22T10:15:60Z",
        "2026-02-29T00:00:00Z",
        "2026-11-22T10:15:00+0900",
        "2026-11-22T10:15:00+24:00",
        "2026-W47-7T10:15:00Z",
        "20261122T101500Z",
        "1795327200",
        " 2026-11-22T10:15:00Z",
        "2026-11-22T10:15:00Z\n",
        "2026-11-22T10:15:00.1234567890Z",
        "\uff12\uff10\uff12\uff16-11-22T10:15:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "2201-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_anything_looser_is_none(text: str) -> None:
    assert parse(text) is None


def test_without_a_claim_it_happened_when_it_was_received() -> None:
    assert occurred(None, None, RECEIVED) == (RECEIVED, None)
    assert occurred(None, RECEIVED + timedelta(hours=1), RECEIVED) == (RECEIVED, None)


def test_a_claim_in_the_past_is_taken() -> None:
    claimed = RECEIVED - timedelta(days=3)
    assert occurred(claimed, None, RECEIVED) == (claimed, None)


def test_nothing_happened_after_it_was_received() -> None:
    claimed = RECEIVED + timedelta(seconds=1)
    assert occurred(claimed, None, RECEIVED) == (RECEIVED, claimed)


@pytest.mark.parametrize("skew", [timedelta(hours=2), -timedelta(hours=2)])
def test_the_skew_of_the_senders_clock_is_taken_out(skew: timedelta) -> None:
    happened = RECEIVED - timedelta(minutes=5)
    claimed, sent = happened + skew, RECEIVED + skew
    assert occurred(claimed, sent, RECEIVED) == (happened, claimed)


def test_a_claim_after_its_own_sending_still_is_not_after_the_receipt() -> None:
    claimed, sent = RECEIVED + timedelta(hours=3), RECEIVED + timedelta(hours=2)
    assert occurred(claimed, sent, RECEIVED) == (RECEIVED, claimed)


def test_a_clock_that_is_right_leaves_the_claim_as_it_is() -> None:
    claimed = RECEIVED - timedelta(minutes=5)
    assert occurred(claimed, RECEIVED, RECEIVED) == (claimed, None)
