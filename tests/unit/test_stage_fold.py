"""The fold of the stage intervals, on events made by hand."""

from datetime import UTC, datetime
from json import loads
from typing import Any
from zoneinfo import ZoneInfo

from domain.effects import Effects
from domain.event import Event
from domain.lead.state import LeadState
from domain.lead.state_json import content_of
from domain.lead.stays import Stay, Stays
from domain.lead.stays import content_of as content_of_stays
from domain.lifecycle.definition import SubjectKind
from projections.funnel.fold import Published, Stages, fold
from projections.funnel.projection import concerns
from projections.funnel.stay import ENDED_COLUMNS, STAY_COLUMNS
from tests.support.stage_events import Script, day, records_of, subject_id

DIGITAL: Effects = {"origin": "marketing-digital", "channel": "organic"}


def folded(script: Script) -> Stages:
    stages = Stages(is_complete=True, zone=UTC)
    for event in script.events:
        fold(stages, event)
    return stages


def ended(stages: Stages) -> list[dict[str, Any]]:
    return [dict(zip(ENDED_COLUMNS, row, strict=True)) for row in stages.ended]


def test_a_move_ends_one_stay_and_begins_the_next() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered", effects=DIGITAL)
    script.move(1, 2, "ML")

    stages = folded(script)

    assert ended(stages) == [
        {
            "subject_id": subject_id(1),
            "kind": "lead",
            "stage": "AL",
            "before": "",
            "origin": "marketing-digital",
            "channel": "organic",
            "month": "2026-01",
            "pass_number": 1,
            "is_first_entry": True,
            "entered_at": day(0),
            "entry_position": 1,
            "entry_kind": "entered",
            "known_from": 1,
            "number": 0,
            "acquired": None,
            "traits": '{"entered_by":"stage.corrected"}',
            "changes": None,
            "left_at": day(2),
            "exit_position": 2,
            "exit_kind": "advanced",
            "next_stage": "ML",
            "known_to": None,
        }
    ]
    stay = stages.standing[subject_id(1)]
    assert dict(zip(STAY_COLUMNS, stay, strict=False)) == {
        "subject_id": subject_id(1),
        "kind": "lead",
        "stage": "ML",
        "before": "AL",
        "origin": "marketing-digital",
        "channel": "organic",
        "month": "2026-01",
        "pass_number": 1,
        "is_first_entry": True,
        "entered_at": day(2),
        "entry_position": 2,
        "entry_kind": "advanced",
        "known_from": 2,
        "number": 0,
        "acquired": None,
        "traits": '{"entered_by":"stage.corrected"}',
        "changes": None,
    }


def test_a_lead_that_has_not_moved_is_unplaced() -> None:
    script = Script()
    script.tell(1, 3)
    script.tell(1, 4)
    script.move(1, 5, "ML", "entered")

    stages = folded(script)

    (unplaced,) = ended(stages)
    assert (unplaced["stage"], unplaced["entered_at"], unplaced["left_at"]) == (
        "unplaced",
        day(3),
        day(5),
    )
    assert unplaced["entry_kind"] is None
    assert unplaced["exit_kind"] == "entered"
    assert stages.standing[subject_id(1)].before == ""


def test_a_lead_placed_by_an_earlier_time_was_unplaced_for_no_time() -> None:
    script = Script()
    script.tell(1, 3)
    script.move(1, 1, "ML", "entered")

    stages = folded(script)

    (unplaced,) = ended(stages)
    assert (unplaced["entered_at"], unplaced["left_at"]) == (day(3), day(3))
    assert stages.standing[subject_id(1)].entered_at == day(1)


def test_a_stay_of_no_length_counts_as_entered_and_not_as_standing() -> None:
    script = Script()
    script.move(1, 0, "ML", "entered")
    script.move(1, 0, "MAL")

    stages = folded(script)

    assert stages.counts == {
        ("lead", "ML", "", None, None, "2026-01"): [1, 0],
        ("lead", "MAL", "ML", None, None, "2026-01"): [1, 1],
    }


def test_a_stage_entered_again_in_one_pass_is_not_a_first_entry() -> None:
    script = Script()
    script.move(1, 0, "MAL", "entered")
    script.move(1, 1, "MQL")
    script.move(1, 2, "MAL", "returned")
    script.move(1, 3, "MQL")

    stages = folded(script)

    assert [(one["stage"], one["before"], one["is_first_entry"]) for one in ended(stages)] == [
        ("MAL", "", True),
        ("MQL", "MAL", True),
        ("MAL", "MAL MQL", False),
    ]
    assert stages.standing[subject_id(1)].before == "MAL MQL"
    assert not stages.standing[subject_id(1)].is_first_entry


def test_recycling_begins_a_pass_that_has_entered_nothing_before() -> None:
    script = Script()
    script.move(1, 0, "MAL", "entered", effects=DIGITAL)
    script.move(1, 1, "MAL", "recycled", pass_number=2)

    stages = folded(script)

    stay = stages.standing[subject_id(1)]
    assert (stay.pass_number, stay.before, stay.is_first_entry, stay.entry_kind) == (
        2,
        "",
        True,
        "recycled",
    )
    assert stay.origin == "marketing-digital"


def test_a_corrected_origin_holds_from_the_next_stay_on() -> None:
    script = Script()
    script.move(1, 0, "ML", "entered", effects=DIGITAL)
    script.tell(1, 1, effects={"origin": "sales-direct"})
    script.move(1, 2, "MAL")

    stages = folded(script)

    assert ended(stages)[0]["origin"] == "marketing-digital"
    assert stages.standing[subject_id(1)].origin == "sales-direct"
    assert stages.standing[subject_id(1)].channel == "organic"


def test_values_that_a_restatement_removes_from_a_pass_do_not_come_back() -> None:
    script = Script()
    script.move(1, 0, "ML", "entered", effects=DIGITAL)
    stays = Stays((Stay("ML", day(0), 1, "entered", 1, "marketing-digital", "organic"),))
    state = LeadState(stage="ML", entered_at=day(0), entered=("ML",), origin="referral")
    effects: Effects = {"state": content_of(state), **content_of_stays(stays)}
    script.tell(1, 1, type="lead.restated", effects=effects)
    script.move(1, 2, "MAL")

    stages = folded(script)

    assert ended(stages)[-1]["channel"] == "organic"
    standing = stages.standing[subject_id(1)]
    assert (standing.origin, standing.channel) == ("referral", None)


def test_a_blank_origin_is_kept_apart_from_the_origin_unknown() -> None:
    script = Script()
    script.move(1, 0, "ML", "entered", effects={"origin": "", "channel": None})
    script.move(2, 0, "ML", "entered", effects={"origin": "unknown", "channel": "unknown"})

    stages = folded(script)

    assert set(stages.counts) == {
        ("lead", "ML", "", None, None, "2026-01"),
        ("lead", "ML", "", "unknown", "unknown", "2026-01"),
    }


def test_an_absorbed_lead_leaves_by_an_exit_of_its_own_kind() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered")
    script.move(2, 0, "ML", "entered")
    script.absorb(1, 4, by=2)

    stages = folded(script)

    (left,) = ended(stages)
    assert (left["stage"], left["left_at"], left["exit_kind"], left["next_stage"]) == (
        "AL",
        day(4),
        "absorbed",
        None,
    )
    assert list(stages.standing) == [subject_id(2)]


def test_an_absorption_reported_late_ends_the_stay_where_it_began() -> None:
    script = Script()
    script.move(1, 5, "AL", "entered")
    script.absorb(1, 4, by=2)

    (left,) = ended(folded(script))

    assert left["left_at"] == day(5)


def test_an_event_that_was_forwarded_moves_the_lead_that_received_it() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered")
    script.move(2, 0, "ML", "entered")
    script.absorb(1, 1, by=2)
    script.move(1, 2, "MAL", forwarded_to=2)

    stages = folded(script)

    assert {one: stay.stage for one, stay in stages.standing.items()} == {subject_id(2): "MAL"}


def test_a_lead_whose_absorption_has_ended_has_a_stage_again() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered")
    script.absorb(1, 1, by=2)
    script.tell(1, 2, effects={"absorbed_by": None})
    script.move(1, 3, "AL", "corrected")

    assert folded(script).standing[subject_id(1)].stage == "AL"


def test_accounts_have_a_separate_track() -> None:
    script = Script()
    script.move(1, 0, "PL", "entered", kind=SubjectKind.ACCOUNT)
    script.move(1, 1, "PROSPECT", kind=SubjectKind.ACCOUNT)

    stages = folded(script)

    assert set(stages.counts) == {
        ("account", "PL", "", None, None, "2026-01"),
        ("account", "PROSPECT", "PL", None, None, "2026-01"),
    }


def test_months_are_those_of_the_lifecycle_in_force() -> None:
    script = Script()
    late_in_january = (datetime(2026, 1, 31, 16, tzinfo=UTC) - day(0)).total_seconds() / 86400
    script.move(1, late_in_january, "ML", "entered")
    script.publish(version=7)
    script.move(2, late_in_january, "ML", "entered")
    script.move(3, 0, "ML", "entered")

    stages = folded(script)

    assert [stages.standing[subject_id(one)].month for one in (1, 2, 3)] == [
        "2026-01",
        "2026-02",
        "2026-01",
    ]
    assert stages.published == [Published(2, 7, "Asia/Tokyo")]
    assert stages.zone == ZoneInfo("Asia/Tokyo")


def test_a_record_about_no_subject_changes_nothing() -> None:
    script = Script()
    script.publish()
    script.tell(1, 0, effects={"attributes": {"industry": "steel"}})
    script.tell(1, 1, effects={"fit": {"size": 5}})
    script.tell(1, 2, effects={"team": "x"})
    script.tell(1, 2, effects={"origin": "referral"})
    script.move(1, 3, "ML", "entered")
    script.tell(1, 3)
    script.tell(2, 3)
    script.absorb(2, 4, by=1)
    seen = [concerns(record) for record in records_of(script.events)]
    assert seen == [True, True, False, False, True, True, False, True, True]

    concerning: list[Event] = [
        event for event, sees in zip(script.events, seen, strict=True) if sees
    ]
    assert folded(Script(concerning)) == folded(script)


def test_text_in_an_event_is_not_taken_for_its_keys() -> None:
    script = Script()
    script.tell(1, 0)
    event = script.tell(1, 1)
    script.events[-1] = event._replace(data={"note": '"effectivetime":"x"'})

    assert [concerns(record) for record in records_of(script.events)] == [True, False]


def test_a_stay_has_the_traits_of_its_entry_and_those_that_followed() -> None:
    script = Script()
    known = Effects(known=True, channel="exhibition", market="north")
    script.move(1, 0, "ML", "entered", effects=known, data={"campaign": "expo"})
    script.tell(1, 1, effects=Effects(owner="sato"))
    script.tell(1, 2, effects=Effects(late=True), data={"product": "press"})
    script.tell(1, 3, data={"product": "press"})
    script.move(1, 4, "MAL")
    script.move(1, 5, "ML", "recycled", pass_number=2)

    stages = folded(script)

    acquired = {"acquired_by": "stage.corrected", "entered_by": "stage.corrected"}
    first = {**acquired, "campaign": "expo", "market": "north"}
    owned = {**first, "owner": "sato"}
    stays = [*ended(stages), stages.standing[subject_id(1)]._asdict()]
    assert [loads(stay["traits"]) for stay in stays] == [
        first,
        {**owned, "product": "press"},
        {**acquired, "market": "north", "owner": "sato"},
    ]
    assert [loads(stay["changes"] or "[]") for stay in stays] == [
        [
            ["2026-01-02T00:00:00.000000Z", 2, owned],
            ["2026-01-04T00:00:00.000000Z", 4, {**owned, "product": "press"}],
        ],
        [],
        [],
    ]


def test_a_stay_carries_the_month_in_which_its_person_became_known() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered")
    script.move(1, 30, "ML", effects={"known": True})
    script.move(1, 60, "MAL", effects={"known": True})

    stages = folded(script)

    months = [stay["acquired"] for stay in ended(stages)]
    assert [*months, stages.standing[subject_id(1)].acquired] == [None, "2026-01", "2026-01"]


def test_a_person_who_becomes_known_without_a_move_counts_from_the_next_stay() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered")
    script.tell(1, 20, effects={"known": True})
    script.move(1, 40, "ML")

    stages = folded(script)

    months = [stay["acquired"] for stay in ended(stages)]
    assert [*months, stages.standing[subject_id(1)].acquired] == [None, "2026-01"]


def test_an_absorption_may_end_all_stays_without_a_state() -> None:
    script = Script()
    script.move(1, 0, "AL", "entered", effects={"known": True})
    script.tell(1, 1, type="identity.absorbed", effects={"stays": [], "absorbed_by": subject_id(2)})

    assert folded(script).standing == {}
