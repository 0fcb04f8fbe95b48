"""Qualification, sales, screening and corrections: decisions accepted, repeated and refused."""

from dataclasses import replace

import pytest

from domain.deciding.decide import NotAllowed
from domain.lead.state import LeadState, StandingFact, Timer
from domain.lifecycle.compiled.table import FailedGuard
from tests.support.stories import Story, day, demand_funnel, jst


def test_marketing_qualifies_and_sales_accepts() -> None:
    story = Story().reach("MAL")
    assert story.tell("lead.qualified") == ["lead.qualified: MAL → MQL advanced"]
    assert story.tell("lead.handed_over", owner="sato") == ["lead.handed_over"]
    assert story.tell("lead.sales_accepted") == ["lead.sales_accepted: MQL → SAL advanced"]


@pytest.mark.parametrize(
    ("stage", "decision"),
    [
        ("MAL", "lead.accepted"),
        ("MQL", "lead.qualified"),
        ("SAL", "lead.sales_accepted"),
        ("SAL", "lead.qualified"),
        ("SAL", "lead.handed_over"),
        ("SQL", "lead.sales_qualified"),
        ("OPP", "lead.sales_accepted"),
        ("WON", "lead.accepted"),
    ],
)
def test_a_decision_for_what_already_is_moves_nothing_and_says_so(
    stage: str, decision: str
) -> None:
    story = Story().reach(stage)
    before = story.lead
    assert story.tell(decision) == [f"{decision}: already"]
    assert story.lead == before


@pytest.mark.parametrize(
    ("stage", "decision", "data"),
    [
        ("AL", "lead.qualified", {}),
        ("MAL", "lead.sales_accepted", {}),
        ("MAL", "lead.handed_over", {}),
        ("MAL", "lead.sales_rejected", {"reason": "out_of_focus"}),
        ("MQL", "lead.sales_qualified", {}),
        ("SAL", "lead.sales_rejected", {"reason": "out_of_focus"}),
        ("SAL", "lead.excluded", {"reason": "competitor"}),
        ("MQL", "lead.requalified", {}),
        ("WON", "lead.recycled", {"reason": "too_early"}),
        ("WON", "lead.disqualified", {"reason": "student"}),
        ("DISQUALIFIED", "lead.sales_accepted", {}),
        ("LOST", "lead.qualified", {}),
    ],
)
def test_a_decision_that_is_not_legal_from_here_is_refused_with_the_stage(
    stage: str, decision: str, data: dict[str, str]
) -> None:
    story = Story().reach(stage)
    before = story.lead
    refused = story.refuse(decision, data=data)
    assert (refused.reason, refused.stage) == ("move-not-allowed", stage)
    assert stage not in refused.legal_from
    assert story.lead == before


def test_a_stage_that_was_passed_over_was_never_decided() -> None:
    story = Story()
    story.tell("inquiry.received", mail="example.co.jp", channel="reseller")
    assert story.refuse("lead.qualified").stage == "SAL"


def test_a_refusal_names_the_stages_it_would_be_legal_from_and_the_moves_there_are() -> None:
    assert Story().reach("DISQUALIFIED").refuse("lead.sales_accepted") == NotAllowed(
        "move-not-allowed",
        "lead.sales_accepted is not allowed from stage DISQUALIFIED, only from MQL.",
        stage="DISQUALIFIED",
        allowed=(
            ("opportunity.won", "WON"),
            ("order.recorded", "WON"),
            ("lead.requalified", "MAL"),
        ),
        legal_from=("MQL",),
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("out_of_focus", "lead.sales_rejected: MQL → MAL returned"),
        ("too_early", "lead.sales_rejected: MQL → MAL returned"),
        ("competitor", "lead.sales_rejected: MQL → DISQUALIFIED disqualified"),
        ("unserved_region", "lead.sales_rejected: MQL → DISQUALIFIED disqualified"),
    ],
)
def test_sales_may_refuse_any_lead_and_the_reason_says_where_it_goes(
    reason: str, said: str
) -> None:
    assert Story().reach("MQL").tell("lead.sales_rejected", reason=reason) == [said]


def test_an_acceptance_that_comes_after_the_return_is_refused() -> None:
    story = Story().reach("SAL")
    story.tell("screening.completed", data={"class": "not_yet"})
    assert story.stage == "MAL"
    assert story.refuse("lead.sales_accepted").stage == "MAL"


def test_a_screening_moves_by_its_class() -> None:
    assert Story().reach("SAL").tell("screening.completed", data={"class": "now"}) == [
        "screening.completed: SAL → SQL advanced"
    ]
    assert Story().reach("SAL").tell("screening.completed", data={"class": "later"}) == [
        "screening.completed"
    ]
    assert Story().reach("SAL").tell("screening.completed", data={"class": "not_yet"}) == [
        "screening.completed: SAL → MAL returned"
    ]


def test_attempts_are_facts_that_move_nothing() -> None:
    story = Story().reach("SAL")
    assert story.tell("screening.attempted", reached=False) == ["screening.attempted"]


def test_a_call_completed_before_the_acceptance_moves_on_after_it() -> None:
    story = Story().reach("MQL")
    assert story.tell("screening.completed", at=1, data={"class": "now"}) == ["screening.completed"]
    assert story.lead.standing == (
        StandingFact("screening.completed", 6, day(1), {"class": "now"}),
    )
    assert story.tell("lead.sales_accepted", at=2) == [
        "lead.sales_accepted: MQL → SAL advanced",
        "lead.reconsidered: SAL → SQL advanced",
    ]
    (moved,) = (one for one in story.events if one.type == "lead.reconsidered")
    assert moved.data == {"fact": "6", "type": "screening.completed"}


def test_a_call_that_found_nothing_yet_before_the_acceptance_returns_the_lead() -> None:
    story = Story().reach("MQL")
    story.tell("screening.completed", data={"class": "not_yet"})
    assert story.tell("lead.sales_accepted") == [
        "lead.sales_accepted: MQL → SAL advanced",
        "lead.reconsidered: SAL → MAL returned",
    ]
    assert story.lead.standing[0].moved_to == ("MAL",)


def test_an_early_fact_returns_a_lead_once_and_not_after_it_is_accepted_again() -> None:
    story = Story().reach("MQL")
    story.tell("screening.completed", data={"class": "not_yet"})
    story.tell("lead.sales_accepted")
    story.tell("lead.qualified")
    assert story.tell("lead.sales_accepted") == ["lead.sales_accepted: MQL → SAL advanced"]
    assert story.lead.entered == ("ML", "MAL", "MQL", "SAL")


def test_a_request_for_contact_made_before_the_rejection_does_not_overrule_it() -> None:
    story = Story().reach("MQL")
    assert story.tell("contact.requested") == ["contact.requested"]
    assert story.tell("lead.sales_rejected", reason="out_of_focus") == [
        "lead.sales_rejected: MQL → MAL returned"
    ]


def test_of_several_early_calls_the_last_one_counts() -> None:
    story = Story().reach("MQL")
    story.tell("screening.completed", data={"class": "now"})
    story.tell("screening.completed", data={"class": "later"})
    assert story.tell("lead.sales_accepted") == ["lead.sales_accepted: MQL → SAL advanced"]


def test_a_call_that_has_moved_the_lead_does_not_do_so_again_in_its_pass() -> None:
    story = Story().reach("SQL")
    story.tell("stage.corrected", to="SAL", reason="recorded_by_mistake")
    assert story.stage == "SAL"
    assert story.tell("email.opened") == ["email.opened"]
    assert story.tell("screening.completed", data={"class": "now"}) == [
        "screening.completed: SAL → SQL advanced"
    ]


def test_recycling_ends_the_pass_and_what_stood_in_it() -> None:
    story = Story().reach("MQL")
    story.tell("screening.completed", data={"class": "now"})
    assert story.tell("lead.recycled", at=5, reason="too_early") == [
        "lead.recycled: MQL → MAL recycled, pass 2"
    ]
    assert story.lead == LeadState(
        stage="MAL",
        pass_number=2,
        entered_at=day(5),
        entered=("MAL",),
        known=True,
        acquired_at=day(0),
        origin="marketing-digital",
        first_touch="marketing-digital",
        attributes={"company_domain": ""},
        timers={
            "revisit": Timer(jst("2026-07-05T00:00"), 7),
            "dormant": Timer(jst("2026-10-04T00:00"), 7),
        },
        revisit_on="2026-07-05",
        team="inside_sales",
        latest_at=day(5),
    )
    story.tell("lead.qualified", at=6)
    assert story.tell("lead.sales_accepted", at=6) == [
        "lead.sales_accepted: MQL → SAL advanced, pass 2"
    ]


def test_a_lead_with_an_open_deal_is_not_recycled_and_the_refusal_names_the_guard() -> None:
    refused = Story().reach("OPP").refuse("lead.recycled", reason="no_budget")
    assert refused.detail == (
        "lead.recycled is not allowed from stage OPP now: a guard does not hold."
    )
    assert refused.failed == (
        FailedGuard("no_open_opportunity", {"lead.open_opportunities": 1}, "MAL"),
    )


def test_a_disqualified_lead_may_come_back() -> None:
    assert Story().reach("DISQUALIFIED").tell("lead.requalified") == [
        "lead.requalified: DISQUALIFIED → MAL returned"
    ]


def test_an_administrator_corrects_to_any_stage_and_nothing_counts_as_visited() -> None:
    story = Story().reach("MAL")
    assert story.tell("stage.corrected", to="OPP", reason="recorded_by_mistake") == [
        "stage.corrected: MAL → OPP corrected over MQL, SAL, SQL"
    ]
    assert story.lead.entered == ("ML", "MAL", "OPP")
    assert story.tell("stage.corrected", to="AL", reason="recorded_by_mistake") == [
        "stage.corrected: OPP → AL corrected"
    ]
    assert story.tell("stage.corrected", to="DISQUALIFIED", reason="other") == [
        "stage.corrected: AL → DISQUALIFIED corrected"
    ]


@pytest.mark.parametrize("stage", ["AL", "MQL", "DISQUALIFIED"])
def test_a_correction_to_the_current_stage_already_holds(stage: str) -> None:
    story = Story().reach(stage)
    assert story.tell("stage.corrected", to=stage, reason="other") == ["stage.corrected: already"]


def test_owners_come_and_go_from_any_stage() -> None:
    story = Story().reach("ML")
    assert story.tell("owner.assigned", owner="sato") == ["owner.assigned"]
    assert story.lead.owner == "sato"
    assert story.tell("owner.unassigned") == ["owner.unassigned"]
    assert story.lead.owner is None


def test_a_person_named_for_an_unplaced_lead_belongs_to_the_first_department() -> None:
    story = Story()
    story.tell("content.downloaded", known=True)
    story.tell("owner.assigned", owner="sato")
    assert (story.stage, story.lead.owner, story.lead.owners) == (None, "sato", {})
    story.tell("form.submitted", mail="example.co.jp")
    assert (story.stage, story.lead.owner, story.lead.owners) == (
        *("MAL", "sato"),
        {"marketing": "sato"},
    )


def test_a_decision_is_asked_of_the_machine_itself() -> None:
    compiled, asked = demand_funnel(), list[tuple[str, str]]()

    def refuse(*, stage: str, trigger: str, **_: object) -> None:
        asked.append((stage, trigger))

    story = Story(replace(compiled, lead=replace(compiled.lead, _ask=refuse))).reach("ML")
    assert asked == []  # facts have brought it there, and what follows from them
    refused = story.refuse("lead.accepted")
    assert (refused.reason, asked) == ("move-not-allowed", [("ML", "lead.accepted")])
