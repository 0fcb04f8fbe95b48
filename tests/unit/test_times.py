"""Times as senders write them, and when an event happened."""

from datetime import UTC, datetime, timedelta

import pytest

from events.signals.times import InFuture, SentAt, occurred, parse

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
def test_anything_looser_is_not_a_time(text: str) -> None:
    assert parse(text) is None


EACH = pytest.mark.parametrize("meaning", SentAt)
DAY = timedelta(days=1)


@EACH
def test_without_a_claim_it_happened_when_it_was_received(meaning: SentAt) -> None:
    assert occurred(None, None, RECEIVED, meaning=meaning) == (RECEIVED, None)
    ahead = RECEIVED + timedelta(hours=1)
    assert occurred(None, ahead, RECEIVED, meaning=meaning) == (RECEIVED, None)


@EACH
def test_a_claim_in_the_past_is_taken(meaning: SentAt) -> None:
    claimed = RECEIVED - 3_000 * DAY
    assert occurred(claimed, None, RECEIVED, meaning=meaning) == (claimed, None)
    assert occurred(claimed, RECEIVED, RECEIVED, meaning=meaning) == (claimed, None)


@EACH
@pytest.mark.parametrize("ahead", [timedelta(seconds=1), DAY])
def test_nothing_happened_after_it_was_received(meaning: SentAt, ahead: timedelta) -> None:
    claimed = RECEIVED + ahead
    assert occurred(claimed, None, RECEIVED, meaning=meaning) == (RECEIVED, claimed)


@EACH
def test_a_time_more_than_a_day_ahead_is_a_mistake(meaning: SentAt) -> None:
    claimed = RECEIVED + DAY + timedelta(seconds=1)
    for sent in (None, RECEIVED):
        with pytest.raises(InFuture, match="2026-11-23T12:00:01"):
            occurred(claimed, sent, RECEIVED, meaning=meaning)


@EACH
@pytest.mark.parametrize("ahead", [timedelta(hours=2), 400 * DAY])
def test_a_clock_that_is_ahead_is_corrected(meaning: SentAt, ahead: timedelta) -> None:
    happened = RECEIVED - timedelta(minutes=5)
    claimed, sent = happened + ahead, RECEIVED + ahead
    assert occurred(claimed, sent, RECEIVED, meaning=meaning) == (happened, claimed)


@pytest.mark.parametrize("behind", [timedelta(hours=2), timedelta(days=7), 400 * DAY])
def test_a_receipt_later_than_the_sending_is_delay_or_a_clock_behind(behind: timedelta) -> None:
    happened = RECEIVED - timedelta(minutes=5)
    claimed, sent = happened - behind, RECEIVED - behind
    assert occurred(claimed, sent, RECEIVED, meaning=SentAt.OF_THE_EVENT) == (claimed, None)
    corrected = occurred(claimed, sent, RECEIVED, meaning=SentAt.OF_THE_REQUEST)
    assert corrected == (happened, claimed)


@EACH
@pytest.mark.parametrize(
    "sent",
    [
        datetime(2199, 1, 1, tzinfo=UTC),
        datetime(2080, 1, 1, tzinfo=UTC),
        RECEIVED + 40 * DAY,
    ],
)
def test_an_implausible_time_of_sending_corrects_nothing(meaning: SentAt, sent: datetime) -> None:
    claimed = RECEIVED - timedelta(hours=1)
    assert occurred(claimed, sent, RECEIVED, meaning=meaning) == (claimed, None)


def test_an_implausibly_old_time_of_sending_corrects_nothing_either() -> None:
    claimed, sent = RECEIVED - timedelta(hours=1), datetime(1970, 1, 1, tzinfo=UTC)
    corrected = occurred(claimed, sent, RECEIVED, meaning=SentAt.OF_THE_REQUEST)
    assert corrected == (claimed, None)


@EACH
def test_a_claim_after_its_own_sending_still_is_not_after_the_receipt(meaning: SentAt) -> None:
    claimed, sent = RECEIVED + timedelta(hours=3), RECEIVED + timedelta(hours=2)
    assert occurred(claimed, sent, RECEIVED, meaning=meaning) == (RECEIVED, claimed)
