"""What `import --check` and `--suggest` say, without any service."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.command.application import application
from service.command.exits import CommandFailed
from service.command.importing.mapping import Cell, Constant, TableForm
from service.command.importing.mapping_text import check_columns, read_mapping
from service.command.importing.opening import TableInvalid, open_table
from service.command.importing.suggesting import suggestion_for

MAPPING = """
format: 1
source: crm
lead: {external_ids: {crm: '{id}'}, email: '{mail}'}
events:
  - {id: '{id}/contact', type: form.submitted, time: {column: contact}, data: {channel: '{via}'}}
  - id: '{id}/accepted'
    type: lead.accepted
    time: {column: accepted}
    when: {accepted: {blank: false}}
  - id: '{id}/taken'
    type: lead.sales_accepted
    time: {column: taken}
    when: {taken: {blank: false}}
"""
TABLE = """id,mail,via,contact,accepted,taken,memo
1,a@check.example,web,2026/1/5,2026/1/6,,x
2,b@check.example,web,2026/1/5,2026/1/6,2026/1/7,x
,,,,,,
3,,web,2026/1/5,2026/1/4,,x
-,no address,web,2026/1/5,,,x
5,e@check.example,web,soon,,,x
1,f@check.example,web,2026/1/8,,,x
6,n/a,web,2026/1/6,,,x
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        application(["import", *map(str, arguments)])
    return int(str(ended.value.code)), capsys.readouterr().out


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    table, mapping = tmp_path / "table.csv", tmp_path / "mapping.yaml"
    table.write_text(TABLE, encoding="cp932")
    mapping.write_text(MAPPING, encoding="utf-8")
    return table, mapping


def test_a_check_shows_what_would_be_sent_and_what_would_be_refused(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADLEDGER_KEY", raising=False)
    table, mapping = files
    code, printed = run(capsys, "--check", table, "--mapping", mapping, "--json")
    said: dict[str, Any] = json.loads(printed)
    assert code == 6
    assert [one["line"] for one in said["first"]] == [2, 3, 5]
    assert said["first"][0]["events"][0] == {
        "id": "1/contact",
        "type": "form.submitted",
        "time": "2026-01-05T03:00:00+00:00",
        "source": "crm",
        "lead": {"external_ids": {"crm": "1"}, "email": "a@check.example"},
        "data": {"channel": "web"},
    }
    assert (said["rows"], said["rows_refused"], said["events"]) == (7, 1, 10)
    assert said["events_by_type"] == {
        "form.submitted": 6,
        "lead.accepted": 3,
        "lead.sales_accepted": 1,
    }
    assert (said["first_time"], said["last_time"]) == (
        "2026-01-04T03:00:00+00:00",
        "2026-01-08T03:00:00+00:00",
    )
    assert said["columns_unused"] == ["memo"]
    # Line 9 names somebody by the CRM's id, so it is not lost for an address that is none.
    assert said["ignored"] == {"email: placeholder": 1}
    # The rules accept a business address at once; sales has nothing to take from there.
    assert [(one["reason"], one["detail"], one["lines"]) for one in said["refused_groups"]] == [
        ("row-invalid", said["refused_groups"][0]["detail"], [7]),
        (
            "event-invalid",
            (
                "/lead/email An email must be local@domain. crm is a placeholder, not an answer. "
                "form.submitted is about a lead: name it by id, email, phone, user_id, "
                "anonymous_id, aliases or external_ids."
            ),
            [6],
        ),
        (
            "event-id-reused",
            "another row makes an event with this id and different content",
            [8],
        ),
        (
            "move-not-allowed",
            "lead.sales_accepted is not allowed from the lead's stage at that time",
            [3],
        ),
    ]
    assert said["refused_groups"][0]["found"] == ["soon"]
    assert (said["judged_by"], said["not_judged"]) == ("the lifecycle demand_funnel", 1)


def test_a_check_prints_for_people_and_names_the_period(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADLEDGER_KEY", raising=False)
    table, mapping = files
    code, printed = run(
        capsys, "--check", table, "--mapping", mapping, "--lifecycle", "lead_management"
    )
    assert code == 6
    assert "The file is read as utf-8, comma between cells." in printed
    assert "Judged by the lifecycle lead_management. Nothing was sent." in printed
    assert "from 2026-01-04T03:00:00+00:00 to 2026-01-08T03:00:00+00:00" in printed


def test_without_a_mapping_the_command_says_how_to_get_one(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path]
) -> None:
    with pytest.raises(CommandFailed, match=r"leadledger import --suggest .*table.csv"):
        application(["import", str(files[0])], standalone_mode=False)


EXPORTS = {
    "salesforce_ja": "商談 ID,商談名,取引先名,メール,フェーズ,完了予定日,作成日,金額\n"
    '006A1,更新,株式会社例示,a@x.example,Closed Won,2026/01/31,2026/01/05,"1,200,000"\n'
    "006A2,新規,株式会社見本,b@y.example,提案,2026/03/31,2026/01/06,500000\n",
    "salesforce_en": "Lead ID,First Name,Last Name,Company / Account,Email,Create Date\n"
    "00QA1,Hanako,Yamada,Acme,a@x.example,1/5/2026\n",
    "hubspot": "Record ID,Deal Name,Deal Stage,Close Date,Amount,Create Date,Email\n"
    "101,Renewal,Closed Won,2026-01-31 14:05,1200000,2026-01-05 09:00,a@x.example\n",
    "sansan": "名刺ID,会社名,部署名,役職,氏名,e-mail,電話番号,携帯電話番号,名刺交換日,登録日\n"
    "M1,株式会社例示,営業部,部長,山田太郎,a@x.example,03-0000-0000,,2026/01/05,2026/01/06\n",
    "by_hand": "No.,会社名,お名前,メールアドレス,日付,展示会名\n"
    "1,㈱例示,山田,a@x.example,R8.1.5,春の展示会\n",
    "without_dates": "No.,会社名,氏名,メールアドレス\n1,株式会社例示,山田太郎,a@x.example\n",
    "without_numbers": "氏名,メールアドレス\n山田太郎,a@x.example\n",
    "unknown_words": "foo,bar\n1,2\n",
}


@pytest.mark.parametrize("name", sorted(EXPORTS.keys() - {"without_numbers"}))
def test_a_suggested_mapping_passes_the_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADLEDGER_KEY", raising=False)
    table, mapping = tmp_path / "export.csv", tmp_path / "mapping.yaml"
    table.write_text(EXPORTS[name], encoding="cp932")
    code, printed = run(capsys, "--suggest", table)
    assert code == 0
    mapping.write_text(printed, encoding="utf-8")
    code, printed = run(capsys, "--check", table, "--mapping", mapping, "--json")
    said = json.loads(printed)
    assert (said["refused_groups"], code) == ([], 0)
    assert said["events"] > 0


def types(tmp_path: Path, name: str) -> dict[object, str]:
    table = tmp_path / "export.csv"
    table.write_text(EXPORTS[name], encoding="cp932")
    mapping = read_mapping(suggestion_for(table))
    with open_table(table, TableForm()) as opened:
        check_columns(mapping, opened.header)
    return {
        one.type.value: one.time.column
        for one in mapping.events
        if isinstance(one.type, Constant) and isinstance(one.time, Cell)
    }


def test_columns_of_dates_become_the_events_that_they_are_of(tmp_path: Path) -> None:
    assert types(tmp_path, "salesforce_ja") == {
        "opportunity.created": "作成日",
        "opportunity.won": "完了予定日",
    }
    assert types(tmp_path, "sansan") == {"card.captured": "名刺交換日"}
    assert types(tmp_path, "by_hand") == {"form.submitted": "日付"}


def test_a_table_without_an_id_column_needs_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "export.csv"
    table.write_text(EXPORTS["without_numbers"], encoding="cp932")
    _, printed = run(capsys, "--suggest", table)
    assert "add a column of numbers to the table" in printed
    assert "id: '{No.}/contact'" in printed


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("{encoding: cp1252}", "file: {encoding: cp932}"),
        ("{encoding: utf-8}", "file: {encoding: cp932}"),
        ("{delimiter: semicolon}", "file: {delimiter: comma}"),
    ],
)
def test_a_file_that_the_mapping_misreads_is_answered_with_the_line_that_the_mapping_needs(
    tmp_path: Path, file: str, advice: str
) -> None:
    table, mapping = tmp_path / "table.csv", tmp_path / "mapping.yaml"
    table.write_text("商談番号,日付\n1,2026/1/5\n", encoding="cp932")
    mapping.write_text(
        f"format: 1\nfile: {file}\ntime: {{column: 日付}}\nlead: {{user_id: '{{商談番号}}'}}\n"
        "events: [{id: '{商談番号}', type: visit.recorded}]\n",
        encoding="utf-8",
    )
    with pytest.raises((CommandFailed, TableInvalid)) as failed:
        application(
            ["import", "--check", str(table), "--mapping", str(mapping)], standalone_mode=False
        )
    assert str(failed.value).endswith(advice)
    assert "known are" not in str(failed.value)
