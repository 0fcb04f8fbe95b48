"""What the shipped lifecycles owe to the two descriptions that they implement.

A describes the process with thirteen lists, B the funnel in four phases. Each test quotes the
sentence that it serves.
"""

import pytest

from domain.lifecycle.compiled import Compiled
from domain.lifecycle.loading import load
from domain.lists import on_list
from domain.state import LeadState, State
from events.shipped import SHIPPED, shipped_text
from tests.stories import Story, day, demand_funnel, published

WHOLE = {name: load(shipped_text(name)) for name in SHIPPED}
CALLED_FROM = {"demand_funnel": "SAL", "lead_management": "HANDED_OVER", "merged": "SAL"}
"""Where inside sales screens."""
TARGET = {"industry": "manufacturing", "position": "director"}


def compiled(name: str) -> Compiled:
    return published(shipped_text(name))


def lists_of(story: Story) -> tuple[str, ...]:
    return on_list(story.compiled.lifecycle.lists, story.state, day(1))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("found", ["now", "later", "not_yet"])
def test_the_eleventh_list_holds_all_three_classes(name: str, found: str) -> None:
    """A: 「ここに存在するリードは、今すぐ客、そのうち客、まだまだ客に分類されます」"""
    story = Story(compiled(name))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("stage.corrected", to=CALLED_FROM[name], reason="other")
    story.tell("screening.completed", data={"class": found})
    assert "call_completed" in lists_of(story)


@pytest.mark.parametrize("name", SHIPPED)
def test_who_is_disqualified_is_on_no_list_of_targets(name: str) -> None:
    """B: 「MLから営業対象外データ、競合を排除したもの」"""
    story = Story(compiled(name))
    story.tell("form.submitted", mail="example.co.jp", profile=TARGET)
    story.tell("seminar.attended")
    story.tell("seminar.attended")
    targets = {"target", "target_by_market", "likely"}
    assert targets <= set(lists_of(story))
    story.tell("lead.disqualified", reason="competitor")
    assert not targets & set(lists_of(story))


def test_a_target_that_stands_nowhere_yet_is_on_the_list_of_targets() -> None:
    """A: 「ターゲット」 is a question about 業種・職種・職位, whatever the stage."""
    lead = LeadState(known=True, market="manufacturing", priority="high")
    assert "target" in on_list(demand_funnel().lifecycle.lists, State(lead), day(0))


@pytest.mark.parametrize("channel", ["exhibition", "event", "seminar"])
def test_a_card_from_marketings_booth_is_marketings_whoever_records_it(channel: str) -> None:
    """A: 「マーケティング組織起因で発生したリードのみ」"""
    story = Story()
    story.tell("card.captured", known=True, department="field_sales", channel=channel)
    assert story.lead.origin == "marketing-offline"


def test_a_card_that_field_sales_takes_on_a_visit_is_not_marketings() -> None:
    story = Story()
    story.tell("card.captured", known=True, department="field_sales")
    assert story.lead.origin == "sales-direct"


def test_screening_is_called_by_what_it_is_and_not_by_the_telephone() -> None:
    """B: 「メールや電話、Web会議など」"""
    lifecycle = WHOLE["demand_funnel"]
    assert lifecycle.events["screening.attempted"].words.label["ja"] == "スクリーニング接触"
    assert lifecycle.events["capacity.declared"].words.label["ja"].startswith("スクリーニング可能")
    for one in WHOLE.values():
        assert one.pace.deadlines["first_attempt"].words.label["ja"] == "初回接触期限"


def test_phases_and_key_accounts_are_defined_as_in_the_description() -> None:
    """B: 「ターゲットを決めてスクリーニングし…」「需要集中顧客に絞り込む」「太く繋がる顧客」"""
    lifecycle = WHOLE["demand_funnel"]
    assert "スクリーニング" in lifecycle.phases["customer_acquisition"].definition["ja"]
    assert "需要集中顧客に絞り込む" in lifecycle.phases["customer_growth"].definition["ja"]
    stages = lifecycle.account.stages
    assert "太く繋がる顧客" in stages["KA"].words.definition["ja"]
    assert stages["CHURNED"].words.label["ja"] == "取引終了(解約)"
