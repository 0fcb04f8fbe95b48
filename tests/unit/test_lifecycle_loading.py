"""Texts become lifecycles, or complaints: all of them, in line order."""

import pytest

from domain.lifecycle.definition import UNPLACED, EventKind, Field, Move, MoveKind, Right, Role
from domain.lifecycle.text.complaints import Complaint, LifecycleInvalid
from domain.lifecycle.text.load import inspect, load
from domain.limits import LIFECYCLE_CHARACTERS_MAX, LIFECYCLE_DEPTH_MAX
from tests.support.small_lifecycle import SMALL


def complaints_of(text: str) -> list[str]:
    return [str(complaint) for complaint in inspect(text).complaints]


def test_a_valid_text_has_no_complaint_and_is_kept() -> None:
    assert complaints_of(SMALL) == []
    assert load(SMALL).text == SMALL


def test_all_mistakes_are_reported_at_once_in_line_order() -> None:
    text = (
        SMALL.replace("to: OUT}", "to: OUTT}")
        .replace("phase: begin}", "phase: begun}")
        .replace("{lead.known: true}", "{lead.known: maybe}")
    )
    with pytest.raises(LifecycleInvalid) as raised:
        load(text)
    assert str(raised.value).splitlines() == [
        "line 66: guards.known.when.lead.known: expected boolean, found 'maybe'",
        "line 72: lead.stages.NEW.phase: 'begun' is not a phase; known are begin",
        (
            "line 79: lead.moves[2].to: 'OUTT' is not a stage of this track; "
            "known are NEW, GOOD, DEAL, OUT, named, same"
        ),
    ]


def test_event_types_take_kind_and_right_from_their_group() -> None:
    events = load(SMALL).events
    assert [
        (events[name].kind, events[name].right, events[name].reserved)
        for name in ("visit.recorded", "lead.accepted", "stage.named", "lead.pushed")
    ] == [
        (EventKind.FACT, Right.FACTS, False),
        (EventKind.DECISION, Right.DECISIONS, False),
        (EventKind.DECISION, Right.ADMINISTRATION, False),
        (EventKind.DERIVED, Right.ADMINISTRATION, True),
    ]


def test_an_event_type_has_the_fields_it_names() -> None:
    deal = load(SMALL).events["deal.opened"]
    assert deal.fields == {
        "opportunity": Field(name="opportunity", type="code", required=True),
        "value": Field(name="value", type="amount"),
    }
    assert (deal.role, deal.stands_as) == (Role.OPENS_OPPORTUNITY, "lead.pushed")


def test_a_field_takes_its_codes_from_a_named_list() -> None:
    events = load(SMALL).events
    assert events["lead.dropped"].fields["reason"].values == ("competitor",)
    assert events["stage.named"].fields["to"].values == ("NEW", "GOOD", "DEAL", "OUT")


def test_a_restricted_code_keeps_only_the_values_named() -> None:
    text = SMALL.replace(
        "fields: [channel, score]", "fields: [channel], restrict: {channel: [web]}"
    )
    assert load(text).events["visit.recorded"].fields["channel"].values == ("web",)


def test_named_is_written_out_as_one_move_for_each_stage() -> None:
    corrections = [move for move in load(SMALL).lead.moves if move.on == "stage.named"]
    stages = ("NEW", "GOOD", "DEAL", "OUT")
    assert corrections == [
        Move(
            on="stage.named",
            sources=(UNPLACED, *(other for other in stages if other != stage)),
            to=stage,
            kind=MoveKind.CORRECTED,
            named=True,
        )
        for stage in stages
    ]


def test_same_is_written_out_as_one_stay_for_each_source() -> None:
    text = SMALL.replace(
        "from: [OUT, DEAL], to: GOOD, begins_pass: true", "from: [OUT, DEAL], to: same"
    )
    stays = [move for move in load(text).lead.moves if move.on == "lead.again"]
    assert stays == [
        Move(on="lead.again", sources=(stage,), to=stage, stays=True) for stage in ("OUT", "DEAL")
    ]


def test_an_unreachable_stage_is_a_warning_and_not_an_error() -> None:
    text = SMALL.replace("[unplaced, TARGET], to: CUSTOMER", "TARGET, to: CUSTOMER").replace(
        "{on: company.listed, from: unplaced, to: TARGET}",
        "{on: company.listed, from: CUSTOMER, to: TARGET}",
    )
    inspection = inspect(text)
    assert inspection.lifecycle is not None
    assert inspection.complaints == (
        Complaint(
            line=87,
            path="account.stages.TARGET",
            message="no moves lead here from the beginning",
            fatal=False,
        ),
        Complaint(
            line=88,
            path="account.stages.CUSTOMER",
            message="no moves lead here from the beginning",
            fatal=False,
        ),
    )


def test_a_stage_that_no_move_leaves_is_a_warning_unless_intended() -> None:
    assert complaints_of(SMALL.replace(", final: true", "")) == [
        (
            "line 88: account.stages.CUSTOMER: warning: no move leaves this stage; "
            "declare `final: true` if this is intended"
        )
    ]


def test_a_time_zone_is_checked_when_publishing_and_not_when_replaying() -> None:
    text = SMALL.replace("Asia/Tokyo", "Asia/Tokio")
    assert load(text).time_zone == "Asia/Tokio"
    with pytest.raises(LifecycleInvalid) as raised:
        load(text, zones={"Asia/Tokyo"})
    assert str(raised.value) == "line 5: time_zone: 'Asia/Tokio' is not a time zone known here"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: expected a mapping, found nothing"),
        ("a: 1\nb: [\n", "line 3: is not YAML: did not find expected node content"),
        ("a: &x 1\nb: 2", "line 1: anchors and aliases are not allowed; write the value out"),
        ("a: 1\nb: *x", "line 2: anchors and aliases are not allowed; write the value out"),
        ("a: !!python/none x", "line 1: tags are not allowed; found tag:yaml.org,2002:python/none"),
        ("a: 1\n---\nb: 2", "line 2: expected one document; a second one begins here"),
        (
            "[" * (LIFECYCLE_DEPTH_MAX + 1),
            f"line 1: expected at most 50000 values, at most {LIFECYCLE_DEPTH_MAX} deep",
        ),
        (
            "#" * (LIFECYCLE_CHARACTERS_MAX + 1),
            (
                f"line 1: expected at most {LIFECYCLE_CHARACTERS_MAX} characters, "
                f"found {LIFECYCLE_CHARACTERS_MAX + 1}"
            ),
        ),
    ],
    ids=["nothing", "no YAML", "anchor", "alias", "tag", "two documents", "too deep", "too long"],
)
def test_anything_but_a_plain_document_is_refused_before_it_is_read(
    text: str, complaint: str
) -> None:
    assert complaints_of(text) == [complaint]


@pytest.mark.parametrize("text", ["a: \x00", "a: \ud800"], ids=["NUL", "lone surrogate"])
def test_signs_that_no_text_may_hold_are_refused(text: str) -> None:
    (complaint,) = complaints_of(text)
    assert complaint.startswith("line 1: is not YAML: ")
    assert "\n" not in complaint


def test_a_list_in_place_of_the_whole_is_refused() -> None:
    assert complaints_of("- a") == ["line 1: expected a mapping, found a list"]
