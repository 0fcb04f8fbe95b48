"""Dates and numbers as offices write them: each is read in its only possible way, or refused."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.command.importing.values.amounts import NotANumber, read_amount, read_integer
from service.command.importing.values.dates import CellTime, Unclear, read_moment

FIFTH = date(2026, 1, 5)
JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05",
        "2026/1/5",
        "2026.01.05",
        "2026年1月5日",
        "2026年 1月 5日",
        "2026年1月5日（月）",
        "2026/01/05(月曜日)",
        "20260105",
        "46027",
        "令和8年1月5日",
        "令和８年１月５日",
        "令和08年01月05日",
        "R8.1.5",
        "r8/1/5",
        "R08-01-05",
        "２０２６／１／５",
        " 2026/1/5 ",
        "平成38年1月5日",
        "\N{SQUARE ERA NAME REIWA}8年1月5日",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read_moment(text) == CellTime(FIFTH)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("H1.1.8", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("S51.4.1", date(1976, 4, 1)),
        ("25569", date(1970, 1, 1)),
        ("43890", date(2020, 2, 29)),
    ],
)
def test_an_era_and_a_serial_number_are_counted_from_their_first_day(text: str, day: date) -> None:
    assert read_moment(text) == CellTime(day)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026/1/5 14:05", time(14, 5)),
        ("2026-01-05T14:05:30", time(14, 5, 30)),
        ("2026-01-05 14:05:30.25", time(14, 5, 30, 250_000)),
        ("2026年1月5日 14時5分", time(14, 5)),
        ("2026年1月5日14時", time(14)),
        ("2026年1月5日(月) 午後2時5分", time(14, 5)),
        ("2026/1/5 午前9:30", time(9, 30)),
        ("令和8年1月5日 午後0時30分", time(12, 30)),
        ("2026/1/5 2:05 PM", time(14, 5)),
        ("2026/1/5 12:05 AM", time(0, 5)),
        ("２０２６／１／５　１４：０５", time(14, 5)),
        ("46027.5", time(12)),
        ("46027.586805556", time(14, 5)),
    ],
)
def test_a_time_of_day_is_read_behind_the_day(text: str, clock: time) -> None:
    assert read_moment(text) == CellTime(FIFTH, clock)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-01-05T14:05:00Z", UTC),
        ("2026-01-05T14:05:00.000+0900", JST),
        ("2026-01-05 14:05:00 +09:00", JST),
        ("2026-01-05 14:05 JST", JST),
        ("2026-01-05 14:05:00 UTC", UTC),
    ],
)
def test_an_offset_says_where_the_time_was_true(text: str, zone: timezone) -> None:
    assert read_moment(text) == CellTime(FIFTH, time(14, 5), zone)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "expected a date, such as 2026-01-05"),
        ("2026", "expected a date"),
        ("12345", "Excel serial date"),
        ("2026-02-30", "no such day in the calendar"),
        ("2026-13-01", "no such day in the calendar"),
        ("01/05/2026", "the day or the month may come first"),
        ("5.1.2026 10:00", "the day or the month may come first"),
        ("26/1/5", "a two-digit year is ambiguous"),
        ("26年1月5日", "a two-digit year is ambiguous"),
        ("令和元年4月30日", "the era begins on 2019-05-01"),
        ("2026/1/5 24:00", "no such time of day"),
        ("2026/1/5 12:60", "no such time of day"),
        ("2026/1/5 午後12時", "is ambiguous; write the hour"),
        ("2026/1/5 13:00 PM", "expected 1 to 12 before PM"),
        ("2026/1/5 morning", "expected a time after the date"),
        ("2026/1/5 10:00 +99:00", "less than 24 hours"),
        ("2026-W01-1", "expected a date"),
        ("", "expected a date"),
    ],
)
def test_what_is_not_a_date_or_could_be_two_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Unclear) as unclear:
        read_moment(text)
    assert why in str(unclear.value)


def test_a_format_says_what_would_be_ambiguous() -> None:
    assert read_moment("01/05/2026", ["%m/%d/%Y"]) == CellTime(FIFTH)
    assert read_moment("5.1.26 14:05", ["%d.%m.%Y", "%d.%m.%y %H:%M"]) == CellTime(
        FIFTH, time(14, 5)
    )
    assert read_moment("2026-01-05", ["%d/%m/%Y"]) == CellTime(FIFTH), "a real date of a workbook"
    with pytest.raises(Unclear, match=r"expected a date in the format %d/%m/%Y"):
        read_moment("2026/1/5", ["%d/%m/%Y"])


def test_a_day_without_a_time_counts_at_the_hour_and_in_the_zone_that_are_given() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    noon = datetime(2026, 1, 5, 3, tzinfo=UTC)
    assert CellTime(FIFTH).at(time(12), tokyo) == noon
    assert CellTime(FIFTH, time(9)).at(time(12), tokyo) == datetime(2026, 1, 5, tzinfo=UTC)
    assert CellTime(FIFTH, time(9), UTC).at(time(12), tokyo) == datetime(2026, 1, 5, 9, tzinfo=UTC)


@given(st.dates(min_value=date(2019, 5, 1), max_value=date(2099, 12, 31)))
def test_all_ways_to_write_a_day_mean_the_same_day(day: date) -> None:
    era = day.year - 2018
    serial = (day - date(1899, 12, 30)).days
    written = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"令和{'元' if era == 1 else era}年{day.month}月{day.day}日",
        f"R{era}.{day.month}.{day.day}",
        str(serial),
    ]
    assert {read_moment(text) for text in written} == {CellTime(day)}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1200", "1200"),
        ("1,200", "1200"),
        ("1,200.50", "1200.50"),
        ("1 200", "1200"),
        ("1\u00a0200", "1200"),
        ("12,345,678", "12345678"),
        ("▲1,200", "-1200"),
        ("△1,200", "-1200"),
        ("▲ 1,200", "-1200"),
        ("(1200)", "-1200"),
        ("（1,200）", "-1200"),
        ("-1,200", "-1200"),
        ("－１，２００", "-1200"),
        ("\N{MINUS SIGN}1200", "-1200"),
        ("１２００円", "1200"),
        ("1,200 円", "1200"),
        ("¥1,200", "1200"),
        ("\N{FULLWIDTH YEN SIGN}1,200", "1200"),
        ("\\1,200", "1200"),
        ("-¥1,200", "-1200"),
        ("¥-1,200", "-1200"),
        ("(¥1,200)", "-1200"),
        ("+7", "7"),
        ("007", "7"),
        ("-0", "0"),
        ("0.50", "0.50"),
        ("▲0.00", "0.00"),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, amount: str) -> None:
    assert read_amount(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", "NaN", "many", "1,20", "12,00", "1,2000", "1.200,50", "1 20", "1,200 300"),
        *("(1200", "1200)", "(-1200)", "--1", "▲-1", "12%", "１２％", "1e5", "0x10"),
        *("120万円", "$1,200", "1.2.3", "1.1234567", "1" * 19, "\u0661\u0662"),
    ],
)
def test_what_is_not_a_number_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        read_amount(text)


def test_a_percentage_is_refused_with_its_reason() -> None:
    with pytest.raises(NotANumber, match="has no meaning without its base"):
        read_amount("12%")


def test_a_whole_number_is_read_like_an_amount_and_has_no_fraction() -> None:
    assert [read_integer(text) for text in ("1,200", "１２", "▲3")] == [1200, 12, -3]
    with pytest.raises(NotANumber, match="whole number"):
        read_integer("7.0")


@given(st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_all_ways_to_write_a_number_mean_the_same_number(number: int) -> None:
    digits = f"{abs(number):,}"
    written = [str(number), f"{number:,}"]
    if number < 0:
        written += [f"▲{digits}", f"△{digits}", f"({digits})", f"-¥{digits}円"]
    assert {read_amount(text) for text in written} == {str(number)}
