"""How a mapping is read, and its complaints about mistakes."""

from pathlib import Path

import pytest

from service.command.importing.mapping import Template, template_of
from service.command.importing.mapping_text import MappingInvalid, check_columns, read_mapping

MINIMAL = """
format: 1
time: {column: at, zone: UTC}
events:
  - id: '{n}/seen'
    type: visit.recorded
"""

OLIST = Path(__file__).parents[2] / "docs" / "examples" / "olist"


def complaints_about(text: str) -> list[str]:
    with pytest.raises(MappingInvalid) as invalid:
        read_mapping(text)
    return [str(complaint) for complaint in invalid.value.complaints]


def test_a_template_is_text_with_columns_in_it() -> None:
    assert template_of("a {No.} b{{c}} {名前}") == Template(("a ", " b{c} ", ""), ("No.", "名前"))
    assert template_of("plain") == Template(("plain",), ())


@pytest.mark.parametrize("text", ["a } b", "{", "{open", "{}"])
def test_a_lone_brace_is_not_a_template(text: str) -> None:
    assert template_of(text) is None


def test_a_mapping_states_which_columns_it_reads() -> None:
    assert read_mapping(MINIMAL).mentions == {"n": 5, "at": 3}


@pytest.mark.parametrize("name", ["mql.yaml", "deals.yaml"])
def test_the_shipped_examples_are_valid(name: str) -> None:
    assert read_mapping((OLIST / name).read_text(encoding="utf-8")).events


def test_every_mistake_is_complained_about_at_once_with_its_line() -> None:
    text = """
format: 2
file: {encoding: utf-99, delimiter: hyphen}
sauce: crm
time: {column: at, format: '%Y-%m-%d'}
lead: {mail: '{E-mail}'}
events:
  - id: fixed
    type: {column: kind, as: word}
    time: tomorrow
    data: {value: {column: amount, zone: Asia/Tokyo}, open: '{brace'}
    when: {kind: {is: web}}
  - type: visit.recorded
"""
    assert complaints_about(text) == [
        "line 2: format: expected 1, the mapping format that this version reads",
        (
            "line 3: file.encoding: 'utf-99' is not an encoding; try utf-8, cp932 (Japanese "
            "Excel) or cp1252"
        ),
        (
            "line 3: file.delimiter: 'hyphen' is not a delimiter; known are comma, semicolon, tab, "
            "pipe"
        ),
        (
            "line 4: sauce: unknown key; known are format, file, source, time, actor, department, "
            "lead, account, "
            "events"
        ),
        (
            "line 6: lead.mail: unknown key; known are id, email, phone, user_id, "
            "anonymous_id, name, "
            "external_ids, profile"
        ),
        (
            "line 8: events[0].id: an id must contain at least one column, such as "
            "'{order_number}/won'"
        ),
        (
            "line 9: events[0].type.as: 'word' is not a kind of value; known are text, integer, "
            "amount, boolean, date, time"
        ),
        (
            "line 10: events[0].time: expected {column: …}, {constant: 2026-01-05} or "
            "{file: modified}"
        ),
        "line 11: events[0].data.value.zone: `zone` is only for a date or a time, and this is text",
        (
            "line 11: events[0].data.open: found an unpaired brace; write {column}, or {{ and }} "
            "for literal braces"
        ),
        "line 12: events[0].when.kind.is: unknown key; known are in, not_in, blank",
        "line 13: events[1]: `id` is missing",
    ]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("format: 1", "format: [1"), "line 3: is not YAML: did not find expected ',' or ']'"),
        (
            ("time: {column: at, zone: UTC}\n", ""),
            (
                "line 4: events[0]: `time` is missing; expected {column: …}, or for a table "
                "without dates {constant: 2026-01-05} or {file: modified}"
            ),
        ),
        (
            ("zone: UTC", "zone: Mars/Base"),
            (
                "line 3: time.zone: 'Mars/Base' is not a known time zone; expected one such as "
                "Asia/Tokyo"
            ),
        ),
        (
            ("zone: UTC", "zone: UTC, format: '%Q'"),
            (
                "line 3: time.format: '%Q' is not a strptime format; expected one such as "
                "'%Y-%m-%d %H:%M:%S'"
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(change: tuple[str, str], complaint: str) -> None:
    assert complaints_about(MINIMAL.replace(*change))[0] == complaint


def test_an_id_may_not_be_personal_because_it_is_permanent() -> None:
    naming = MINIMAL.replace("'{n}/seen'", "'{n}/{mail}'").replace(
        "events:", "lead: {email: '{mail}'}\nevents:"
    )
    (complaint,) = complaints_about(naming)
    assert complaint == (
        "line 6: events[0].id: 'mail' identifies a person, and an id is permanent; use a column of "
        "numbers, and add one to the table if there is none"
    )


def test_two_events_of_one_row_need_ids_of_their_own() -> None:
    twice = MINIMAL + "  - id: '{n}/seen'\n    type: content.viewed\n"
    assert complaints_about(twice) == [
        (
            "line 7: events[1]: another event of this row has the same id; add text that makes "
            "the ids different"
        )
    ]


def test_events_for_different_rows_may_share_an_id() -> None:
    either = MINIMAL + "  - id: '{n}/seen'\n    type: content.viewed\n    when: {kind: content}\n"
    assert len(read_mapping(either).events) == 2


def test_columns_that_the_table_lacks_or_has_twice_are_all_named() -> None:
    with pytest.raises(MappingInvalid) as invalid:
        check_columns(read_mapping(MINIMAL), ("number", "at", "at"))
    assert [str(complaint) for complaint in invalid.value.complaints] == [
        "line 3: the file has 2 columns 'at'",
        "line 5: the file has no column 'n'; known are number, at, at",
    ]
