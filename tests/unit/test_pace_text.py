"""What is wrong with the text of calendars, hand-overs, deadlines, calls, channels, and where."""

import re
from pathlib import Path

import pytest

from domain.lifecycle.text.load import inspect
from events.lifecycles.expansion import known_countries
from events.lifecycles.shipped import read_lifecycle_text, with_sections
from tests.support.lifecycle_edits import edited

ENTRY_LINES = 8
"""What an entry lacks is reported where it begins, some lines above the place that was changed."""
TEXT = read_lifecycle_text("demand_funnel")


def complaints(shipped: str, written: str) -> list[str]:
    """Change one place of the shipped funnel, and return the complaints."""
    assert TEXT.count(shipped) >= 1, shipped
    changed = TEXT.replace(shipped, written, 1)
    line = TEXT[: TEXT.index(shipped)].count("\n") + 1
    inspection = inspect(changed, countries=known_countries())
    assert inspection.lifecycle is None
    begins, ends = line - ENTRY_LINES, line + written.count("\n") + 1
    assert all(begins <= one.line <= ends for one in inspection.complaints), inspection.complaints
    return [one.message for one in inspection.complaints]


def test_the_shipped_text_has_nothing_wrong() -> None:
    assert inspect(TEXT, countries=known_countries()).complaints == ()


@pytest.mark.parametrize(
    ("shipped", "written", "said"),
    [
        ("monday: 09:00-18:00", "monday: 18:00-09:00", "closes before it opens"),
        ("monday: 09:00-18:00", "monday: 9-18", "is not hours such as 09:00-18:00"),
        ("monday: 09:00-18:00", "monday: 09:00-24:30", "closes before it opens"),
        (
            "monday: 09:00-18:00",
            "monday: ['09:00-13:00', '12:00-18:00']",
            "must be in order and must not overlap",
        ),
        ("monday: 09:00-18:00", "moonday: 09:00-18:00", "unknown key"),
        ("holidays: JP", "holidays: Japan", "is not a country such as JP"),
        ("holidays: JP", "holidays: XX", "the public holidays of XX are not known here"),
        ("from: '12-29', to: '01-03'", "from: '12-29'", "either `on`, or `from` and `to`"),
        ("from: '12-29', to: '01-03'", "on: '02-30'", "is not a day of the calendar"),
        (
            "from: '12-29', to: '01-03'",
            "from: '12-29', to: '2027-01-03'",
            "must both be days of every year, or both dates",
        ),
        (
            "from: '12-29', to: '01-03'",
            "from: '2026-12-29', to: '2026-01-03'",
            "ends before it begins",
        ),
        ("fiscal_year_begins: 4", "fiscal_year_begins: 13", "expected a number from 1 to 12"),
        ("    by: lead.handed_over", "    by: lead.handed", "is not a decision about a lead"),
        ("    from: marketing", "    from: kitchen", "is not a department"),
        (
            "      - {team: inside_sales}",
            "      - {when: {lead.known: true}}",
            "assigns the lead to no one",
        ),
        (
            "      - {team: inside_sales}",
            "      - {team: a, when: {event.channel: web}}",
            "unknown path",
        ),
        (
            "brief: [lead.origin, lead.channel",
            "brief: [lead.name, lead.channel",
            "is not a path of a lead",
        ),
        ("    entering: MQL\n    met_by", "    met_by", "either `entering`, a stage, or `on`"),
        ("within: {business_days: 2}", "within: {}", "either `business_days` or `business_hours`"),
        ("within: {business_days: 2}", "within: {business_days: 0}", "a number from 1 to 250"),
        ("    calendar: office", "    calendar: factory", "is not a calendar"),
        (
            "met_by: [lead.sales_accepted, lead.sales_rejected]",
            "met_by: [account.key_set]",
            "is not an event type about a lead",
        ),
        ("    on: [lead.handed_over]", "    entering: SQL", "only applies to events of `on`"),
        ("when: {event.reseller: {", "when: {event.dealer: {", "unknown path"),
        ("    # returns:", "    returns:", "no move is declared for lead.returned from MQL"),
        ("attempted_by: [screening.attempted]", "attempted_by: [visit.recorded]", "`reached`"),
        ("completed_by: [screening.completed]", "completed_by: [visit.recorded]", "`class`"),
        ("{later: 90, not_yet: 180}", "{sometime: 90}", "'sometime' is not a class"),
        ("attempts: 5,", "attempts: 0,", "expected a number from 1 to 100"),
        ("reason: unreachable}", "reason: gone}", "is not a reason"),
        ("    too_early: 90", "    too_soon: 90", "'too_soon' is not a reason"),
        ("  due_by: lead.revisit_due", "  due_by: lead.accepted", "is not a derived event"),
        ("  stages: [ML, MAL]\n  except", "  stages: [ML, MEL]\n  except", "is not a stage"),
        ("except: [email.sent,", "except: [lead.accepted,", "is not a fact about a lead"),
        (
            "{on: unsubscribed, channels: [email]}",
            "{on: unsubscribed, channels: [fax]}",
            "is not a channel of this section",
        ),
        (
            "{on: do_not_call.set, channels: [phone]}",
            "{on: do_not_call.set, channels: [phone], when: {event.outcome: hard}}",
            "reads event.outcome, unknown at do_not_call.set",
        ),
    ],
)
def test_each_mistake_is_reported_with_its_place(shipped: str, written: str, said: str) -> None:
    (complaint,) = complaints(shipped, written)
    assert said in complaint


def test_a_calendar_may_not_be_mostly_closed() -> None:
    closed = "from: '01-01', to: '12-20'"
    (complaint,) = complaints("from: '12-29', to: '01-03'", closed)
    assert "at most 180 closed days" in complaint


def test_deadlines_need_words_for_what_the_service_writes() -> None:
    gone = (
        "    deadline.met: {label: {ja: 期限内対応, en: deadline met}, fields: [deadline, due]}\n"
    )
    inspection = inspect(TEXT.replace(gone, "", 1))
    assert [one.message for one in inspection.complaints] == [
        "the event type deadline.met is missing; the service writes it"
    ]


def test_no_two_deadlines_are_called_the_same() -> None:
    text = TEXT.replace(
        "label: {ja: 初回接触期限, en: first attempt}", "label: {ja: 受入期限, en: b}", 1
    )
    (complaint,) = inspect(text).complaints
    assert "already names acceptance" in complaint.message


def test_a_return_has_to_be_one_that_can_be_taken_back() -> None:
    text = TEXT.replace("    # returns:", "    returns:", 1).replace(
        "# - {on: lead.returned, from: MQL, to: MAL}",
        "- {on: lead.returned, from: MQL, to: MAL, begins_pass: true}",
        1,
    )
    (complaint,) = inspect(text).complaints
    assert "lead.returned begins a pass" in complaint.message


def test_the_examples_of_the_documentation_are_what_a_company_can_write() -> None:
    document = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    text = TEXT
    for example in examples:
        text = with_sections(text, example)
    move = "- {on: lead.returned, from: MQL, to: MAL}"
    assert move.removeprefix("- ") in document
    lifecycle = inspect(text.replace(f"# {move}", move), countries=known_countries()).lifecycle
    assert lifecycle is not None
    assert lifecycle.pace.deadlines["acceptance"].returns is not None
    assert not lifecycle.pace.calendars["office"].week[2]


def test_without_these_sections_nothing_happens_automatically() -> None:
    begins = TEXT.index("# When teams are at work.")
    lifecycle = inspect(TEXT[:begins]).lifecycle
    assert lifecycle is not None
    assert (lifecycle.pace.deadlines, lifecycle.pace.hand_overs) == ({}, ())


RETURNS_BOTH_WAYS = """
deadlines:
  acceptance:
    returns: {after: {business_days: 3}, by: lead.returned}
  marketing_decision:
    label: {ja: 再判断の期限, en: decision again}
    entering: MAL
    met_by: [lead.qualified]
    within: {business_days: 2}
    calendar: office
    returns: {after: {business_days: 3}, by: lead.returned}
"""
BACK = """
lead:
  moves:
    - {on: lead.returned, from: MQL, to: MAL}
"""
FORTH = """
lead:
  moves:
    - {on: lead.returned, from: MAL, to: MQL}
"""


def complaints_of(*blocks: str) -> list[str]:
    return [one.message for one in inspect(edited(TEXT, *blocks)).complaints if one.fatal]


def test_moves_by_time_alone_in_a_circle_are_refused() -> None:
    (complaint,) = complaints_of(FORTH, BACK, RETURNS_BOTH_WAYS)
    assert complaint == (
        "time alone would move leads in a circle: MQL → MAL → MQL; break it at a stage"
    )


def test_a_return_to_a_stage_without_moves_by_time_is_not_a_circle() -> None:
    one_way = RETURNS_BOTH_WAYS.partition("  marketing_decision:")[0]
    assert complaints_of(BACK, one_way) == []


def test_a_circle_that_a_guard_may_break_is_left_to_the_author() -> None:
    guarded = FORTH.replace("to: MQL", "to: MQL, guards: [known]")
    assert complaints_of(guarded, BACK, RETURNS_BOTH_WAYS) == []
