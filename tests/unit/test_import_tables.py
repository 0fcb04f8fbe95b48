"""Tables as offices have them: any usual encoding and delimiter, and workbooks."""

from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.command.importing.mapping import TableForm
from service.command.importing.opening import (
    Row,
    TableInvalid,
    Unreadable,
    misreading,
    open_table,
)
from service.tables.detection import delimiter_of, encoding_of
from tests.support.workbooks import Cell, write_workbook

TABLE = "会社名,氏名,金額\n株式会社例示,山田太郎,1200\n"


def read(path: Path, form: TableForm | None = None) -> tuple[tuple[str, ...], list[list[str]]]:
    with open_table(path, form or TableForm()) as table:
        rows = list(table.rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return table.header, [list(row.cells) for row in rows if isinstance(row, Row)]


def file_of(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TABLE, "utf-8"),
        (TABLE, "utf-8-sig"),
        (TABLE, "utf-16"),
        (TABLE, "utf-16-le"),
        (TABLE, "cp932"),
        (TABLE, "euc_jp"),
        (TABLE, "iso2022_jp"),
        ("①,㈱例示,～\n髙橋,﨑,ﾔﾏﾀﾞ\n", "cp932"),
        ("ｶﾌﾞｼｷｶﾞｲｼｬ,ﾔﾏﾀﾞ,ﾊﾟ\n", "cp932"),
        ("商談番号,金額,日付\n1,▲1200,2026/1/5\n", "cp932"),
        ("商談番号,金額,日付\n1,▲1200,2026/1/5\n", "euc_jp"),
        ("メールアドレス,電話番号,x\n", "euc_jp"),
        ("Firma,Größe,Straße\nMüller GmbH,3,Hauptstraße\n", "cp1252"),
        ("Société,Prénom,Ville\nÉcole,Zoë,Orléans\n", "cp1252"),
        ("No.,名前,x\n" + "".join(f"{n},a{n}@x.example,\n" for n in range(2_000)), "cp932"),
    ],
)
def test_the_encoding_is_detected(tmp_path: Path, text: str, encoding: str) -> None:
    header, rows = read(file_of(tmp_path, text.encode(encoding)))
    lines = [line.split(",") for line in text.splitlines()]
    assert (list(header), rows) == (lines[0], lines[1:])


def test_other_than_ascii_characters_are_found_however_late_they_come(tmp_path: Path) -> None:
    text = "n,c\n" + "1,plain\n" * 50_000 + "2,山田\n"
    assert read(file_of(tmp_path, text.encode("cp932")))[1][-1] == ["2", "山田"]


@given(st.text(alphabet="あいうアイウ山田商談番号会社名０１２（株）、。・ー", min_size=2))
def test_japanese_text_is_read_as_it_was_written(text: str) -> None:
    for encoding in ("utf-8", "cp932"):
        found = encoding_of(BytesIO(f"{text},1\n".encode(encoding)))
        assert f"{text},1\n".encode(encoding).decode(found) == f"{text},1\n"


def test_one_damaged_line_does_not_decide_the_encoding(tmp_path: Path) -> None:
    content = TABLE.encode("cp932") + b"\xfc\xfc,x,y\n" + "例示,鈴木,3\n".encode("cp932")
    with open_table(file_of(tmp_path, content), TableForm()) as table:
        rows = list(table.rows)
    assert rows[1] == Unreadable(
        3, "会社名", "holds bytes that are not cp932, the encoding of the file"
    )
    assert [type(row) for row in rows] == [Row, Unreadable, Row]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["番号", "名前", "備考"]) + "\n"
    text += delimiter.join(["1", "山田", '"a,b;c|d\te"']) + "\n"
    assert read(file_of(tmp_path, text.encode())) == (
        ("番号", "名前", "備考"),
        [["1", "山田", "a,b;c|d\te"]],
    )


def test_a_delimiter_parts_all_lines_into_equally_many_cells() -> None:
    assert delimiter_of(["a;b", "1,5;2,50", "3;4,5"]) == ";"
    assert delimiter_of(["only one column"]) == ","
    assert delimiter_of([]) == ","


def test_what_the_mapping_says_wins_and_a_wrong_word_is_answered_with_the_right_one(
    tmp_path: Path,
) -> None:
    path = file_of(tmp_path, TABLE.replace(",", ";").encode("cp932"))
    assert misreading(path, TableForm(encoding="cp932", delimiter=";")) is None
    wrong = misreading(path, TableForm(encoding="cp1252"))
    assert wrong is not None
    assert wrong.endswith("\nfile: {encoding: cp932}")
    wrong = misreading(path, TableForm(delimiter=","))
    assert wrong is not None
    assert wrong.endswith("\nfile: {delimiter: semicolon}")


def test_no_error_shows_unreadable_text(tmp_path: Path) -> None:
    path = file_of(tmp_path, TABLE.encode("cp932"))
    with pytest.raises(TableInvalid, match=r"file: \{encoding: cp932\}$") as invalid:
        read(path, TableForm(encoding="utf-8"))
    assert all(not "\ud800" <= c <= "\udfff" for c in str(invalid.value))


def test_column_names_may_be_further_down(tmp_path: Path) -> None:
    path = file_of(tmp_path, ("\n商談一覧,,\n\n" + TABLE).encode())
    assert read(path, TableForm(header_line=3))[0] == ("会社名", "氏名", "金額")


AFTERNOON = datetime.fromisoformat("2026-01-05T14:05:00")
SHEET: list[list[Cell]] = [
    ["番号", "受注日", "登録日時", "金額", "済", "備考"],
    [1, date(2026, 1, 5), AFTERNOON, 1200.5, True, "一\n二"],
    [None, None, None, None, None, None],
    ["A-2", 46027, None, 0.1 + 0.2, False],
]
TEXTS = [
    ["1", "2026-01-05", "2026-01-05 14:05:00", "1200.5", "TRUE", "一\n二"],
    ["A-2", "46027", "", "0.3", "FALSE", ""],
]


def test_a_workbook_is_read_whatever_its_name_says(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "table.csv", 商談=SHEET, 空=[])
    header, rows = read(path)
    assert (list(header), rows) == (SHEET[0], TEXTS)


def test_a_row_of_a_workbook_has_its_number_in_the_sheet(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "table.xlsx", 商談=[[None], ["題"], *SHEET])
    with open_table(path, TableForm(header_line=3)) as table:
        assert [row.line for row in table.rows] == [4, 6]
    assert table.form == "workbook, sheet '商談'"


def test_of_several_sheets_the_mapping_names_one(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "table.xlsx", 商談=SHEET, 名刺=[["氏名"], ["山田"]])
    with pytest.raises(TableInvalid) as several:
        read(path)
    assert str(several.value).endswith(
        "the sheets '商談', '名刺'; name one of them in the mapping:\nfile: {sheet: 商談}"
    )
    assert read(path, TableForm(sheet="名刺")) == (("氏名",), [["山田"]])
    with pytest.raises(TableInvalid, match="no sheet '受注'; it has '商談', '名刺'"):
        read(path, TableForm(sheet="受注"))


def test_what_only_begins_like_a_workbook_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match=r"cannot be read as a workbook"):
        read(file_of(tmp_path, b"PK\x03\x04 is how archives begin"))
    with pytest.raises(TableInvalid, match="has only empty sheets"):
        read(write_workbook(tmp_path / "empty.xlsx", 空=[]))
