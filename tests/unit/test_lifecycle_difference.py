"""Changes between two lifecycles are described in words, entry by entry."""

import pytest

from domain.lifecycle.change.difference import differences
from domain.lifecycle.text.load import load
from events.lifecycles.shipped import SHIPPED, shipped_text
from tests.support.small_lifecycle import SMALL

LISTS = "lists:\n  all: {label: {en: all}, definition: {en: all}, when: {lead.known: true}}\n"
TOO_SMALL = "  too_small: {label: {en: too small}, definition: {en: would never buy}}\n"
OTHER_FIELDS = "score is no longer a field, channel is required, value is a new field"


def changes(before: str, after: str) -> list[str]:
    return [str(one) for one in differences(load(before), load(after))]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lifecycle_does_not_differ_from_itself(name: str) -> None:
    assert changes(shipped_text(name), shipped_text(name)) == []


@pytest.mark.parametrize(
    ("before", "after", "differences"),
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
        (
            "values: [steel, glass, paper]",
            "values: [paper, glass, wood, stone]",
            ["attributes: industry changes: may also be wood or stone and may no longer be steel"],
        ),
        (
            "values: [steel, glass, paper]",
            "values: [paper, glass, steel]",
            ["attributes: industry changes: lists its values in another order"],
        ),
        (
            "{type: code, values: [steel, glass, paper]}",
            "{type: integer}",
            ["attributes: industry changes: may be anything and becomes integer"],
        ),
        (
            "channel: {type: code}",
            "channel: {type: code, values: [web, shop]}",
            ["events: visit.recorded changes: channel may only be web or shop"],
        ),
        (
            "fields: [channel, score]",
            "fields: [value], required: [channel]",
            [f"events: visit.recorded changes: {OTHER_FIELDS}"],
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
def test_each_change_is_described_in_words(before: str, after: str, differences: list[str]) -> None:
    assert before in SMALL
    assert changes(SMALL, SMALL.replace(before, after, 1)) == differences


def test_a_change_that_many_event_types_share_is_listed_once_with_their_names() -> None:
    taken = SMALL.replace(
        "lead.again: {label: {en: again}}", "lead.again: {label: {en: again}, fields: [reason]}"
    )
    competitor = "  competitor: {label: {en: competitor}, definition: {en: sells the same}}\n"
    assert changes(taken, taken.replace(competitor, competitor + TOO_SMALL)) == [
        "reasons: too_small is new",
        "events: lead.dropped, lead.again change: reason may also be too_small",
    ]


def test_only_equal_changes_are_listed_together() -> None:
    changed = SMALL.replace("{en: visit}", "{en: call}").replace("{en: again}", "{en: once more}")
    assert changes(
        SMALL, changed.replace("lead.accepted: {", "lead.accepted: {right: ledger:admin, ")
    ) == [
        "events: visit.recorded, lead.again change: label, definition or aliases",
        "events: lead.accepted changes: right",
    ]


def test_lists_come_change_and_go() -> None:
    assert changes(SMALL, SMALL + LISTS) == ["lists: all is new"]
    assert changes(SMALL + LISTS, SMALL + LISTS.replace("true", "false")) == [
        "lists: all changes: when"
    ]
    assert changes(SMALL + LISTS, SMALL) == ["lists: all is gone"]


def test_a_stage_that_is_renamed_takes_its_moves_with_it() -> None:
    differences = changes(SMALL, SMALL.replace("CUSTOMER", "BUYER"))
    assert differences == [
        "stages of account: CUSTOMER is gone",
        "stages of account: BUYER is new",
        "moves of account: company.gained from unplaced, TARGET to CUSTOMER is gone",
        "moves of account: company.gained from unplaced, TARGET to BUYER is new",
    ]
