"""How the rows of a table become events, and what happens to those that cannot."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.command.importing.mapping_text import read_mapping
from service.command.importing.opening import TableInvalid, open_table
from service.command.importing.refused import Group, Groups, refused_file
from service.command.importing.translation import batches_of, translation_of
from service.command.importing.values.readers import Surroundings
from service.command.limits import REFUSED_GROUPS_MAX
from service.command.sending import ImportTally, RefusedRow, RowBatch

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "olist_sample"
OLIST = ROOT / "docs" / "examples" / "olist"

HEAD = "format: 1\ntime: {column: at, zone: UTC}\n"
ONE_EVENT = HEAD + "events: [{id: '{n}', type: visit.recorded}]\n"

SURROUNDINGS = Surroundings(ZoneInfo("Asia/Tokyo"), datetime(2026, 11, 29, 20, tzinfo=UTC))
"""The lifecycle's zone, in which the file was last changed on the 30th."""

Translated = tuple[list[dict[str, Any]], list[RefusedRow], ImportTally]
TranslateText = Callable[..., Translated]


@pytest.fixture
def translate(tmp_path: Path) -> TranslateText:
    """Run mapping and table through everything but the sending."""

    def run(mapping: str, table: str | bytes, *, events_max: int = 1_000) -> Translated:
        file = tmp_path / "table.csv"
        file.write_bytes(table if isinstance(table, bytes) else table.encode())
        form, tally, refused = read_mapping(mapping), ImportTally(), list[RefusedRow]()
        with open_table(file, form.table) as opened:
            batches = list(
                batches_of(
                    opened.rows,
                    translation_of(form, opened.header, SURROUNDINGS),
                    events_max=events_max,
                    personal=form.personal,
                    tally=tally,
                    on_refused=refused.append,
                )
            )
        assert all(len(batch.lines) <= events_max for batch in batches)
        return [event for batch in batches for event in events_in(batch)], refused, tally

    return run


def events_in(batch: RowBatch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in batch.body.splitlines()]


def test_the_example_of_the_documentation_is_true(translate: TranslateText) -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    mapping, table, events = (
        re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[0] for kind in ("yaml", "csv", "json")
    )
    assert translate(mapping, table)[:2] == (json.loads(events), [])


def test_the_documented_form_of_a_file_can_be_read() -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    form = re.findall(r"```yaml\n(file:.*?)```", text, re.DOTALL)[0]
    table = read_mapping(ONE_EVENT + form).table
    assert (table.encoding, table.delimiter, table.blanks, table.fill_short_rows) == (
        "cp932",
        ";",
        frozenset({"", "-", "NULL"}),
        True,
    )


def test_a_lead_of_olist_is_known_accepted_and_qualified(translate: TranslateText) -> None:
    events, refused, _ = translate(
        (OLIST / "mql.yaml").read_text(encoding="utf-8"),
        (SAMPLE / "olist_mql.csv").read_text(encoding="utf-8"),
    )
    shared = {"source": "olist", "lead": {"external_ids": {"olist": "lead-01"}}}
    assert events[:3] == [
        {
            **shared,
            "id": "lead-01/contact",
            "time": "2018-01-10T00:00:00+00:00",
            "type": "form.submitted",
            "data": {"channel": "organic search", "form": "page-a"},
        },
        {
            **shared,
            "id": "lead-01/accepted",
            "time": "2018-01-10T00:00:00.000001+00:00",
            "type": "lead.accepted",
        },
        {
            **shared,
            "id": "lead-01/qualified",
            "time": "2018-01-10T00:00:00.000002+00:00",
            "type": "lead.qualified",
        },
    ]
    assert (len(events), refused) == (18, [])


def test_a_blank_origin_is_not_the_origin_unknown(translate: TranslateText) -> None:
    events, _, _ = translate(
        (OLIST / "mql.yaml").read_text(encoding="utf-8"),
        (SAMPLE / "olist_mql.csv").read_text(encoding="utf-8"),
    )
    contacts = {event["id"]: event["data"] for event in events if "data" in event}
    assert contacts["lead-03/contact"] == {"form": "page-b"}
    assert contacts["lead-04/contact"] == {"form": "page-b", "channel": "unknown"}


def test_a_deal_of_olist_is_the_work_of_two_people(translate: TranslateText) -> None:
    events, refused, _ = translate(
        (OLIST / "deals.yaml").read_text(encoding="utf-8"),
        (SAMPLE / "olist_closed_deals.csv").read_text(encoding="utf-8"),
    )
    source = {"source": "olist"}
    named = {"external_ids": {"olist": "lead-01"}}
    assert events[:4] == [
        {
            **source,
            "id": "lead-01/sales-accepted",
            "time": "2018-01-15T13:45:10+00:00",
            "type": "lead.sales_accepted",
            "actor": "sdr-1",
            "lead": named,
        },
        {
            **source,
            "id": "lead-01/screened",
            "time": "2018-01-15T13:45:10.000001+00:00",
            "type": "screening.completed",
            "actor": "sdr-1",
            "lead": {**named, "profile": {"industry": "pet"}},
            "data": {"class": "now"},
        },
        {
            **source,
            "id": "lead-01/opportunity",
            "time": "2018-01-15T13:45:10.000002+00:00",
            "type": "opportunity.created",
            "actor": "sr-1",
            "lead": named,
            "data": {"opportunity": "lead-01", "business": "new", "owner": "sr-1"},
        },
        {
            **source,
            "id": "lead-01/won",
            "time": "2018-01-15T13:45:10.000003+00:00",
            "type": "opportunity.won",
            "actor": "sr-1",
            "lead": named,
            "data": {"opportunity": "lead-01", "business": "new"},
        },
    ]
    assert (len(events), refused) == (16, [])


def test_a_bad_cell_refuses_its_row_with_line_and_column_and_the_others_go_on(
    translate: TranslateText,
) -> None:
    mapping = HEAD + (
        "events:\n"
        "  - {id: '{n}/a', type: visit.recorded}\n"
        "  - id: '{n}/b'\n"
        "    type: order.recorded\n"
        "    data: {value: {column: amount, as: amount}}\n"
    )
    table = "n,at,amount\n1,2024-01-01,5\n2,soon,5\n3,2024-01-01,many\n,2024-01-01,5\n4,,5\n"
    events, refused, tally = translate(mapping, table)
    assert [event["id"] for event in events] == ["1/a", "1/b"]
    assert refused == [
        RefusedRow(
            3,
            "",
            "row-invalid",
            "at: expected a date, such as 2026-01-05, 2026/1/5, 2026年1月5日, 令和8年1月5日 "
            "or R8.1.5",
            found="soon",
        ),
        RefusedRow(
            4,
            "",
            "row-invalid",
            "amount: expected a number, such as 1200, 1,200.50, ▲1,200, (1,200) or ¥1,200",
            found="many",
        ),
        RefusedRow(5, "", "row-invalid", "n: is blank, but the event's id is made from it"),
        RefusedRow(6, "", "row-invalid", "at: is blank, but the event's time is made from it"),
    ]
    assert (tally.rows, tally.rows_refused) == (5, 4)


@pytest.mark.parametrize(
    ("cell", "rule", "expected"),
    [
        ("1200", "as: integer", 1200),
        ("+7", "as: integer", 7),
        ("1,200.50", "as: amount, remove: ','", "1200.50"),
        ("yes", "as: boolean", True),
        ("0", "as: boolean", False),
        ("22.11.2026", "as: date, format: '%d.%m.%Y'", "2026-11-22"),
        ("2026-11-22", "as: date", "2026-11-22"),
        ("2026-11-22T10:15:00+09:00", "as: time", "2026-11-22T01:15:00+00:00"),
        ("2026/11/22 10:15", "as: time", "2026-11-22T01:15:00+00:00"),
        ("2026/11/22", "as: time, zone: UTC, at: 09:30", "2026-11-22T09:30:00+00:00"),
        (" ", "as: date, default: 2026/11/22", "2026-11-22"),
        ("１，２００円", "as: amount", "1200"),
        ("1,200", "as: integer", 1200),
        ("はい", "as: boolean", True),
        ("B", "words: {A: 1, B: 2}", 2),
        ("C", "words: {A: 1}, otherwise: 9", 9),
        (" ", "default: none", "none"),
        (" kept ", "as: text", " kept "),
    ],
)
def test_a_cell_is_converted_as_its_rule_says(
    translate: TranslateText, cell: str, rule: str, expected: object
) -> None:
    mapping = ONE_EVENT.replace("recorded}", f"recorded, data: {{v: {{column: c, {rule}}}}}}}")
    events, refused, _ = translate(mapping, f'n,at,c\n1,2024-01-01,"{cell}"\n')
    assert ([event["data"] for event in events], refused) == ([{"v": expected}], [])


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("1.0", "as: integer"),
        ("1.200,50", "as: amount"),
        ("NaN", "as: amount"),
        ("maybe", "as: boolean"),
        ("2026-02-30", "as: date"),
        ("01/02/2026", "as: date"),
        ("01/02/2026", "as: time"),
        ("C", "words: {A: 1}"),
    ],
)
def test_a_cell_that_does_not_fit_its_rule_refuses_the_row(
    translate: TranslateText, cell: str, rule: str
) -> None:
    mapping = ONE_EVENT.replace("recorded}", f"recorded, data: {{v: {{column: c, {rule}}}}}}}")
    events, refused, _ = translate(mapping, f'n,at,c\n1,2024-01-01,"{cell}"\n')
    assert (events, [one.line for one in refused]) == ([], [2])


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("c: web", ["1"]),
        ("c: {in: [web, mail]}", ["1", "2"]),
        ("c: {not_in: [web]}", ["2", "3"]),
        ("c: {blank: true}", ["3"]),
        ("c: {blank: false}, n: {not_in: ['1']}", ["2"]),
    ],
)
def test_only_rows_that_meet_the_conditions_become_the_event(
    translate: TranslateText, condition: str, ids: list[str]
) -> None:
    mapping = ONE_EVENT.replace("recorded}", f"recorded, when: {{{condition}}}}}")
    table = "n,at,c\n1,2024-01-01,web\n2,2024-01-01,mail\n3,2024-01-01, \n"
    events, _, tally = translate(mapping, table)
    assert [event["id"] for event in events] == ids
    assert tally.rows_without_event == 3 - len(ids)


def test_times_that_a_change_of_clocks_leaves_out_or_repeats_are_read(
    translate: TranslateText,
) -> None:
    mapping = ONE_EVENT.replace("UTC", "America/Sao_Paulo")
    # Midnight was left out on the 15th of October 2017, and came twice on the 18th of February.
    events, _, _ = translate(mapping, "n,at\n1,2017-10-15 00:00\n2,2018-02-17 23:30\n")
    assert [event["time"] for event in events] == [
        "2017-10-15T03:00:00+00:00",
        "2018-02-18T01:30:00+00:00",
    ]


def test_rows_of_a_wrong_length_are_refused_and_blank_ones_are_skipped(
    translate: TranslateText,
) -> None:
    table = "n,at\n\n1,2024-01-01\n2\n3,2024-01-01,\n4,2024-01-01,more\n,\n , ,,\n"
    events, refused, tally = translate(ONE_EVENT, table)
    assert ([event["id"] for event in events], tally.rows) == (["1", "3"], 4)
    assert [(one.line, one.detail[:26]) for one in refused] == [
        (4, "expected 2 cells, found 1:"),
        (6, "expected 2 cells, found 3:"),
    ]


def test_short_rows_are_filled_where_the_mapping_says_so(translate: TranslateText) -> None:
    mapping = "file: {short_rows: fill}\n" + ONE_EVENT
    events, refused, _ = translate(mapping, "n,at,c\n1,2024-01-01\n")
    assert ([event["id"] for event in events], refused) == (["1"], [])


def test_a_line_is_where_a_row_begins_though_cells_run_over_lines(
    translate: TranslateText,
) -> None:
    _, refused, _ = translate(ONE_EVENT, 'n,at,c\n1,2024-01-01,"a\nb"\n2,soon,\n')
    assert [one.line for one in refused] == [4]


def test_a_quote_that_is_never_closed_refuses_what_it_swallows(translate: TranslateText) -> None:
    events, refused, _ = translate(ONE_EVENT, 'n,at,c\n1,2024-01-01,\n2,2024-01-01,"open\n3,,\n')
    assert [event["id"] for event in events] == ["1"]
    assert refused == [
        RefusedRow(3, "", "row-invalid", "lines 3 to 4 are not a row: unexpected end of data")
    ]


def test_a_byte_order_mark_is_not_part_of_the_first_column(translate: TranslateText) -> None:
    events, _, _ = translate(ONE_EVENT, "\ufeffn,at\n1,2024-01-01\n")
    assert [event["id"] for event in events] == ["1"]


def test_japanese_excel_can_be_read_and_wrong_bytes_refuse_only_their_row(
    translate: TranslateText,
) -> None:
    mapping = "file: {encoding: cp932}\n" + ONE_EVENT.replace(
        "recorded}", "recorded, actor: '{名}'}"
    )
    table = "n,at,名\n1,2024-01-01,山田\n".encode("cp932") + b"2,2024-01-01,\xfc\xfc\n"
    events, refused, _ = translate(mapping, table)
    assert [event["actor"] for event in events] == ["山田"]
    assert [(one.line, one.detail[:31]) for one in refused] == [
        (3, "名: holds bytes that are not cp9")
    ]


def test_columns_can_be_named_where_the_file_does_not(translate: TranslateText) -> None:
    events, _, _ = translate("file: {columns: [n, at]}\n" + ONE_EVENT, "1,2024-01-01\n")
    assert [event["id"] for event in events] == ["1"]


def test_batches_stay_within_their_bound_and_keep_the_order(translate: TranslateText) -> None:
    rows = "".join(f"{number},2024-01-01\n" for number in range(25))
    events, _, _ = translate(ONE_EVENT, f"n,at\n{rows}", events_max=10)
    assert [event["id"] for event in events] == [str(number) for number in range(25)]


def test_an_empty_file_is_not_a_table(translate: TranslateText) -> None:
    with pytest.raises(TableInvalid, match="expected column names"):
        translate(ONE_EVENT, "")


def test_a_refused_row_is_written_so_that_no_spreadsheet_runs_it(tmp_path: Path) -> None:
    refused = RefusedRow(7, "=cmd()", "event-invalid", "@SUM(A1)", "r-1")
    with refused_file(tmp_path / "refused.csv") as write:
        write(refused)
    with refused_file(tmp_path / "refused.jsonl") as write:
        write(refused)
    assert (tmp_path / "refused.csv").read_text(encoding="utf-8").splitlines() == [
        "line,event,reason,detail,refusal,found",
        "7,'=cmd(),event-invalid,'@SUM(A1),r-1,",
    ]
    assert json.loads((tmp_path / "refused.jsonl").read_text(encoding="utf-8")) == {
        "line": 7,
        "event": "=cmd()",
        "reason": "event-invalid",
        "detail": "@SUM(A1)",
        "refusal": "r-1",
        "found": "",
    }


@pytest.mark.parametrize(
    ("time", "cell", "expected"),
    [
        ("{column: at}", "2026/1/5", "2026-01-05T03:00:00+00:00"),
        ("{column: at, zone: UTC}", "2026/1/5", "2026-01-05T12:00:00+00:00"),
        ("{column: at, at: 9:30}", "令和8年1月5日", "2026-01-05T00:30:00+00:00"),
        ("{column: at, at: 00:00}", "46027", "2026-01-04T15:00:00+00:00"),
        ("{column: at, at: 00:00}", "2026/1/5 14:05", "2026-01-05T05:05:00+00:00"),
        ("{column: at}", "2026-01-05T14:05:00Z", "2026-01-05T14:05:00+00:00"),
        ("{column: at, format: '%m/%d/%Y'}", "01/05/2026", "2026-01-05T03:00:00+00:00"),
        ("{column: at, format: ['%d.%m.%Y', '%d.%m.%y']}", "5.1.26", "2026-01-05T03:00:00+00:00"),
        ("{column: at, default: 2026-01-05}", "", "2026-01-05T03:00:00+00:00"),
        ("{constant: 2026-01-05}", "", "2026-01-05T03:00:00+00:00"),
        ("{constant: '2026年1月5日 14:05', zone: UTC}", "", "2026-01-05T14:05:00+00:00"),
        ("{file: modified}", "", "2026-11-30T03:00:00+00:00"),
        ("{file: modified, zone: UTC, at: 00:00}", "", "2026-11-29T00:00:00+00:00"),
    ],
)
def test_when_a_row_happened_is_in_a_column_or_the_same_for_all_rows(
    translate: TranslateText, time: str, cell: str, expected: str
) -> None:
    mapping = f"format: 1\ntime: {time}\nevents: [{{id: '{{n}}', type: visit.recorded}}]\n"
    events, refused, _ = translate(mapping, f"n,at\n1,{cell}\n")
    assert ([event["time"] for event in events], refused) == ([expected], [])


def test_events_of_one_row_and_moment_follow_each_other_in_the_order_of_the_mapping(
    translate: TranslateText,
) -> None:
    mapping = HEAD + (
        "events:\n"
        "  - {id: '{n}/a', type: visit.recorded}\n"
        "  - {id: '{n}/b', type: visit.recorded, time: {column: at, zone: UTC, at: 09:00}}\n"
        "  - {id: '{n}/c', type: visit.recorded}\n"
    )
    events, _, tally = translate(mapping, "n,at\n1,2024-01-01\n2,2024-01-02\n")
    assert [event["time"][8:].removesuffix("+00:00") for event in events] == [
        *("01T12:00:00", "01T09:00:00", "01T12:00:00.000001"),
        *("02T12:00:00", "02T09:00:00", "02T12:00:00.000001"),
    ]
    assert (tally.first_time, tally.last_time) == (
        "2024-01-01T09:00:00+00:00",
        "2024-01-02T12:00:00.000001+00:00",
    )


def test_a_time_outside_the_years_of_the_ledger_refuses_its_row(translate: TranslateText) -> None:
    _, refused, _ = translate(ONE_EVENT, "n,at\n1,1969-01-01\n2,2300-01-01\n")
    assert [(one.line, one.detail, one.found) for one in refused] == [
        (2, "at: expected a year from 1970 to 2200", "1969-01-01"),
        (3, "at: expected a year from 1970 to 2200", "2300-01-01"),
    ]


def test_a_cell_is_shown_unless_it_identifies_a_person(translate: TranslateText) -> None:
    mapping = ONE_EVENT.replace(
        "recorded}",
        "recorded, lead: {email: '{mail}', profile: {position: {column: rank, words: {A: 1}}}}, "
        "data: {value: {column: v, as: amount}}}",
    )
    _, refused, _ = translate(
        mapping, "n,at,mail,rank,v\n1,2024-01-01,,secret,1\n2,2024-01-01,,A,x\n"
    )
    assert [(one.line, one.detail[:20], one.found) for one in refused] == [
        (2, "rank: expected one o", ""),
        (3, "v: expected a number", "x"),
    ]


def test_what_is_refused_for_one_reason_is_one_group_with_its_first_lines() -> None:
    groups = Groups()
    for line in range(2, 9_242):
        groups.add(
            RefusedRow(line, "", "row-invalid", "at: expected a date", found=f"soon {line % 2}")
        )
    groups.add(RefusedRow(9_242, "", "row-invalid", "value: expected a number", found="many"))
    assert groups.largest_first() == [
        Group("row-invalid", "at: expected a date", 9_240, [2, 3, 4], ["soon 0", "soon 1"]),
        Group("row-invalid", "value: expected a number", 1, [9_242], ["many"]),
    ]


def test_groups_are_bounded_however_many_mistakes_there_are() -> None:
    groups = Groups()
    for line in range(3 * REFUSED_GROUPS_MAX):
        groups.add(RefusedRow(line, "", "event-invalid", f"mistake {line}"))
    assert len(groups.by_kind) == REFUSED_GROUPS_MAX + 1
    assert groups.largest_first()[0].count == 2 * REFUSED_GROUPS_MAX


def test_a_column_may_say_whose_people_did_it(translate: TranslateText) -> None:
    words = "{column: d, words: {営業部: field_sales, マーケ: marketing}}"
    mapping = ONE_EVENT.replace("recorded}", f"recorded, department: {words}}}")
    events, _, _ = translate(mapping, "n,at,d\n1,2024-01-01,営業部\n2,2024-01-01,\n")
    assert [event.get("department") for event in events] == ["field_sales", None]
