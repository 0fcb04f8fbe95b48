"""What `leadledger compare` prints, and how it reads page after page."""

from pathlib import Path
from typing import Any

import pytest

from service.command.compare import WORDS, all_pages, print_comparison
from service.command.compared_files import WORDS as FILE_WORDS
from service.command.compared_files import csv_of, print_file_comparison
from service.command.exits import CommandFailed
from service.tables.spreadsheet import Column, Sheet, as_xlsx

COUNTS = {
    "first": 3,
    "second": 2,
    "same": 1,
    "only_first": 1,
    "only_second": 0,
    "different": 1,
}


def difference(subject: str, *sides: str, type: str | None) -> dict[str, Any]:
    event = None if type is None else {"position": "1234", "type": type, "type_label": f"={type}"}
    return {
        "subject": f"lead/{subject}",
        **{side: {} if side in sides else None for side in ("first", "second")},
        "because": "reported",
        "because_label": "報告日より後に判明",
        "event": event,
    }


def get(path: str, **asked: Any) -> dict[str, Any]:
    """Return one of two pages, of one difference each."""
    assert (path, asked["other_known_at"]) == ("/compare", "9")
    if asked["after"] is None:
        found = [difference("a", "first", type="lead.restated")]
        return {"counts": COUNTS, "differences": found, "next": "a"}
    assert asked["after"] == "a"
    found = [difference("b", "first", "second", type=None)]
    return {"counts": None, "differences": found, "next": None}


def printed(capsys: pytest.CaptureFixture[str], *, limit: int = 500) -> str:
    compared = all_pages(get, "/compare", {"other_known_at": "9"}, limit)
    print_comparison(*compared, WORDS["ja"])
    return capsys.readouterr().out


def test_every_difference_is_printed_with_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys)

    assert [line.split() for line in text.splitlines() if line.startswith("lead/")] == [
        ["lead/a", "1番目のみ", "報告日より後に判明", "=lead.restated", "1234"],
        ["lead/b", "両方(内容が異なる)", "報告日より後に判明"],
    ]
    assert "1番目 3件、2番目 2件。一致 1件" in text
    assert "ほかにもあります" not in text


def test_what_the_limit_leaves_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, limit=1)

    assert "lead/b" not in text
    assert "ほかにもあります" in text


def test_a_file_is_read_whatever_its_encoding_and_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    for encoding, delimiter in (("utf-8-sig", ","), ("cp932", ";"), ("utf-16", "\t")):
        lines = ("email{}stage", "a@example.com{}商談", "", 'b@example.com{}"SQ\nL"')
        text = "\r\n".join(line.format(delimiter) for line in lines)
        path.write_bytes(text.encode(encoding))
        assert csv_of(path).decode().split("\r\n") == [
            *("email,stage", "a@example.com,商談", "", "b@example.com,SQ L", ""),
        ]


def test_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "crm.xlsx"
    path.write_bytes(as_xlsx(Sheet("x", [Column("email"), Column("date")], [["a@b.example", "y"]])))
    assert csv_of(path) == b"email,date\r\na@b.example,y\r\n"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot read"):
        csv_of(tmp_path / "none.csv")


def test_what_differs_from_a_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    nothing: dict[str, Any] = {"line": None, "subject": None, "fields": []}
    nothing |= {"stands": None, "counted": None}
    stands = {"stage": "MQL", "stage_label": "認定", "since": "t", "position": "9", "type": "x"}
    field = {"field": "stage", "file": "SQL", "figure": "MAL"}
    answer = {
        "count": 3,
        "rows": 4,
        "counts": {"same": 1, "differs": 1, "elsewhere": 1, "repeated": 1, "not_in_file": 0},
        "ignored_columns": ["memo"],
        "truncated": False,
        "differences": [
            {**nothing, "line": 2, "subject": "lead/a", "because": "differs", "fields": [field]},
            {**nothing, "line": 3, "subject": "lead/b", "because": "elsewhere", "stands": stands},
            {**nothing, "line": 4, "subject": "lead/b", "because": "repeated", "first_line": 3},
            {
                **nothing,
                "subject": "lead/c",
                "because": "not_in_file",
                "counted": {"at": "t", "position": "7"},
            },
        ],
    }

    print_file_comparison(answer, FILE_WORDS["ja"])

    text = capsys.readouterr().out
    for shown in (
        "stage: ファイル SQL、数字 MAL",
        "t から 認定(x、記録番号 9)",
        "3行目",
        "t から該当、記録番号 7",
        "数字は 3件、ファイルは 4行です。",
        "比較しなかった列: memo。",
    ):
        assert shown in text
    assert "ファイルにない:" not in text
