"""What `leadledger figure` prints."""

from typing import Any

import pytest

from service.command.figure import WORDS, _bars, _print_figure

MEASURES = [
    {"name": "in", "label": "流入計", "is_detail": False},
    {"name": "left_lost", "label": "流出: 失注", "is_detail": True},
]


def row(name: str, count: int, share: str | None) -> dict[str, Any]:
    return {
        "track": "lead",
        "row": name,
        "row_label": f"={name}",
        "counts": {"in": {"count": count}, "left_lost": {"count": 0}},
        "shares": {"rate": share},
        "durations": {"p50": {"days": "12.340000"} if count else None},
    }


def answer(**more: Any) -> dict[str, Any]:
    return {
        "label": "流入・流出",
        "by": None,
        "as_of": "2026-11-22T01:15:00.000000Z",
        "as_of_position": "17",
        "zone": "Asia/Tokyo",
        "from": None,
        "to": "2026-11-30T15:00:00.000000Z",
        "is_open": True,
        "main": "in",
        "measures": MEASURES,
        "shares": [{"name": "rate", "label": "率"}],
        "durations": [{"name": "p50", "label": "p50"}],
        "rows": [row("MQL", 12_000, "0.248000"), row("WON", 3_000, None), row("OPP", 0, None)],
        "parts": [],
        **more,
    }


def test_a_figure_is_printed_with_bars_shares_and_what_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print_figure(answer(), WORDS["ja"], details=False)

    printed = capsys.readouterr().out
    mql, won = (line for line in printed.splitlines() if line.startswith((" MQL", "MQL", "WON")))
    assert tuple(mql.split()[2:]) == ("█" * 20, "12,000", "24.8%", "12.3")
    assert tuple(won.split()[2:]) == ("█" * 5, "3,000", "–", "12.3")
    # Nothing counts there, and nothing is shown that another measure sums up.
    assert "OPP" not in printed
    assert "失注" not in printed
    assert "2026-11-22 10:15:00(Asia/Tokyo)、記録番号 17 まで" in printed
    assert "… から 2026-12-01 の直前まで" in printed
    assert "期間が終わっていない" in printed


def test_a_breakdown_has_a_column_for_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [
        {"value": "x", "value_label": "Ex", "rows": [row("MQL", 2, None)]},
        {"value": None, "rows": [row("MQL", 1, None)]},
    ]
    _print_figure(answer(by="channel", parts=parts), WORDS["en"], details=True)

    printed = capsys.readouterr().out
    assert "channel" in printed
    assert "Ex " in printed
    assert "(not reported)" in printed


def test_a_figure_of_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _print_figure(answer(rows=[]), WORDS["en"], details=False)
    assert "Nothing counts here." in capsys.readouterr().out


def test_bars_are_in_proportion() -> None:
    assert _bars([8, 4, 1, 0]) == ["█" * 20, "█" * 10, "██▌", ""]
    assert _bars([0.0]) == [""]
    assert _bars([]) == []


def test_the_period_that_it_is_compared_with_has_a_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    against = {"period": "last_year", "rows": [row("MQL", 7, None)], "parts": []}
    _print_figure(answer(against=against), WORDS["ja"], details=False)

    printed = capsys.readouterr().out.splitlines()
    heading, mql, won = (line.split() for line in printed if line.startswith(("行", "MQL", "WON")))
    assert (heading[-1], mql[-1], won[-1]) == ("前年同期", "7", "0")
