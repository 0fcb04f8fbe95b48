"""What changes between two lifecycles is told in words, thing by thing."""

import pytest

from domain.lifecycle.difference import differences
from domain.lifecycle.loading import load
from events.shipped import SHIPPED, shipped_text
from tests.small_lifecycle import SMALL

LISTS = "lists:\n  all: {label: {en: all}, definition: {en: all}, when: {lead.known: true}}\n"


def changes(before: str, after: str) -> list[str]:
    return [str(one) for one in differences(load(before), load(after))]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lifecycle_does_not_differ_from_itself(name: str) -> None:
    assert changes(shipped_text(name), shipped_text(name)) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("name: small", "name: tall", ["name: small becomes tall"]),
        (
            "{en: looks good}",
            "{en: looks better}",
            ["stages of lead: GOOD changes: label, definition or aliases"],
        ),
        (
            "{on: lead.accepted, from: NEW, to: GOOD, guards: [known]}",
            "{on: lead.accepted, from: NEW, to: GOOD}",
            [
                "moves of lead: lead.accepted from NEW to GOOD, if known is gone",
                "moves of lead: lead.accepted from NEW to GOOD is new",
            ],
        ),
        (
            "when: {event.channel: web}",
            "when: {event.channel: net}",
            ["guards: by_web changes: when"],
        ),
        (
            "trades: [steel, glass]",
            "trades: [steel, wood]",
            ["value_lists: trades changes: +wood, -glass"],
        ),
        ("exclusion:\n", "# none\nexclusion:\n", []),
        ("trust: [email, phone]", "trust: [phone, email]", ["identifier_trust: changes"]),
        ("otherwise: unknown", "otherwise: digital", ["origin_otherwise: unknown becomes digital"]),
        (
            "    lead.again: {label: {en: again}}\n",
            "    lead.again: {label: {en: again}}\n    lead.paused: {label: {en: paused}}\n",
            ["events: lead.paused is new"],
        ),
    ],
)
def test_each_change_is_told_in_words(before: str, after: str, told: list[str]) -> None:
    assert before in SMALL
    assert changes(SMALL, SMALL.replace(before, after, 1)) == told


def test_lists_come_change_and_go() -> None:
    assert changes(SMALL, SMALL + LISTS) == ["lists: all is new"]
    assert changes(SMALL + LISTS, SMALL + LISTS.replace("true", "false")) == [
        "lists: all changes: when"
    ]
    assert changes(SMALL + LISTS, SMALL) == ["lists: all is gone"]


def test_a_stage_that_is_renamed_takes_its_moves_with_it() -> None:
    told = changes(SMALL, SMALL.replace("CUSTOMER", "BUYER"))
    assert told == [
        "stages of account: CUSTOMER is gone",
        "stages of account: BUYER is new",
        "moves of account: company.gained from unplaced to CUSTOMER is gone",
        "moves of account: company.gained from TARGET to CUSTOMER is gone",
        "moves of account: company.gained from unplaced to BUYER is new",
        "moves of account: company.gained from TARGET to BUYER is new",
    ]
