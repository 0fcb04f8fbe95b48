"""Three shipped lifecycles share one vocabulary: the same stream can be decided under each."""

import pytest

from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.text.load import inspect, load
from events.lifecycles.shipped import DEFAULT, SHIPPED, shipped_text, with_sections
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import Story


def shipped(name: str) -> CompiledLifecycle:
    return compile_lifecycle(load(shipped_text(name)))


def vocabulary(lifecycle: Lifecycle) -> dict[str, object]:
    """What a sender may report: types with kinds, subjects, rights, fields; not stage codes."""
    return {
        name: (
            event.kind,
            event.subject,
            event.right,
            event.departments,
            event.role,
            {
                field.name: (field.type, field.required, field.name == "to" or field.values)
                for field in event.fields.values()
            },
        )
        for name, event in lifecycle.events.items()
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_each_has_nothing_to_complain_of(name: str) -> None:
    inspection = inspect(shipped_text(name), zones={"Asia/Tokyo"})
    assert inspection.complaints == ()
    assert inspection.lifecycle is not None
    assert inspection.lifecycle.name == name


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != DEFAULT])
def test_all_speak_one_vocabulary(name: str) -> None:
    one, other = load(shipped_text(DEFAULT)), load(shipped_text(name))
    assert vocabulary(one) == vocabulary(other)
    assert (one.reasons, one.classes) == (other.reasons, other.classes)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_has_the_thirteen_lists_in_their_order(name: str) -> None:
    labels = [one.words.label["ja"] for one in load(shipped_text(name)).lists.values()]
    assert len(labels) == 13
    assert (labels[0], labels[4], labels[12]) == ("ハウスリスト", "対象リスト", "案件・商談リード")


@pytest.mark.parametrize("name", SHIPPED)
def test_stages_lists_classes_reasons_phases_and_departments_are_defined_in_both_languages(
    name: str,
) -> None:
    lifecycle = load(shipped_text(name))
    things = {
        **{code: one.words for code, one in lifecycle.lead.stages.items()},
        **{code: one.words for code, one in lifecycle.account.stages.items()},
        **{code: one.words for code, one in lifecycle.lists.items()},
        **lifecycle.classes,
        **lifecycle.reasons,
        **lifecycle.phases,
        **lifecycle.departments,
    }
    lacking = [
        code
        for code, words in things.items()
        if not {"ja", "en"} <= words.label.keys() & words.definition.keys()
    ]
    assert lacking == []


def test_a_section_takes_the_place_of_the_one_of_its_name_with_its_comment() -> None:
    text = "# head\na: 1\n\n# of b\nb:\n  c: 2\n\nd: 4\n"
    assert with_sections(text, "# mine\nb: 3\n\ne: 5\n") == (
        "# head\na: 1\n\n# mine\nb: 3\n\nd: 4\n\ne: 5\n"
    )


STREAM = [
    ("form.submitted", {}),
    ("owner.assigned", {"owner": "sato"}),
    ("lead.qualified", {}),
    ("scenario.started", {"scenario": "basics"}),
    ("scenario.completed", {"scenario": "basics"}),
    ("lead.handed_over", {}),
    ("lead.sales_accepted", {}),
    ("screening.completed", {"class": "now"}),
    ("lead.sales_accepted", {}),
    ("opportunity.created", {"opportunity": "o-1"}),
    ("opportunity.won", {"opportunity": "o-1"}),
]


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        (
            "demand_funnel",
            ["MAL", "MAL", "MQL", "MQL", "MQL", "MQL", "SAL", "SQL", "SQL", "OPP", "WON"],
        ),
        (
            "merged",
            ["MAL", "MAL", "MQL", "MQL", "MQL", "MQL", "SAL", "SQL", "FSA", "OPP", "WON"],
        ),
        (
            "lead_management",
            [
                *("ACQUIRED", "ACCEPTED", "SELECTED", "SELECTED", "NURTURED", "HANDED_OVER", None),
                *("CALLED", "SALES_ACCEPTED", "DEAL", "WON"),
            ],
        ),
    ],
)
def test_one_stream_goes_the_way_of_each_funnel(name: str, stages: list[str | None]) -> None:
    """A decision that comes too early is refused, and the stream continues."""
    ledger = LedgerInMemory(shipped(name))
    found: list[str | None] = []
    for type, data in STREAM:
        outcome = ledger.send_one(type, lead={"email": "hanako@acme.example"}, data=data)
        found.append(getattr(outcome, "stage", None))
    assert found == stages


@pytest.mark.parametrize("screened", ["now", "later", "not_yet"])
def test_in_lead_management_a_completed_call_keeps_its_class_and_leaves_by_a_later_event(
    screened: str,
) -> None:
    story = Story(shipped("lead_management"))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("owner.assigned", owner="sato")
    story.tell("lead.qualified")
    story.tell("lead.handed_over")
    assert story.tell("screening.completed", data={"class": screened}) == [
        "screening.completed: HANDED_OVER → CALLED advanced"
    ]
    assert story.tell("lead.sales_accepted") == [
        "lead.sales_accepted: CALLED → SALES_ACCEPTED advanced"
    ]


def test_in_lead_management_a_visitor_has_no_stage_until_he_is_known() -> None:
    story = Story(shipped("lead_management"))
    story.tell("visit.recorded")
    assert story.stage is None
    assert story.tell("form.submitted", mail="rival.co.jp") == [
        "form.submitted: unplaced → ACQUIRED entered"
    ]


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("lead.sales_accepted", {"owner": "ito"}),
        ("inquiry.received", {"owner": "ito", "channel": "reseller"}),
    ],
)
def test_in_lead_management_the_person_who_takes_a_lead_keeps_it_through_the_hand_over(
    type: str, data: dict[str, str]
) -> None:
    story = Story(shipped("lead_management"))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("owner.assigned", owner="sato")
    story.tell("lead.qualified")
    story.tell("lead.handed_over")
    story.tell("screening.completed", data={"class": "now"})
    story.tell(type, data=data)
    assert (story.stage, story.lead.owner, story.lead.team) == (
        "SALES_ACCEPTED",
        "ito",
        "field_sales",
    )


def test_in_lead_management_a_seller_in_charge_is_not_marketings_acceptance() -> None:
    story = Story(shipped("lead_management"))
    story.tell("form.submitted", free_mail=True)
    story.tell("owner.assigned", owner="ito", department="field_sales")
    assert story.stage == "ACQUIRED"
    story.tell("owner.assigned", owner="sato", department="marketing")
    assert story.stage == "ACCEPTED"


@pytest.mark.parametrize(
    ("name", "stage"),
    [("demand_funnel", "ML"), ("merged", "ML"), ("lead_management", "ACQUIRED")],
)
def test_a_profile_from_marketing_makes_a_person_known_in_each(name: str, stage: str) -> None:
    story = Story(shipped(name))
    story.tell("profile.updated", free_mail=True, department="field_sales")
    assert story.stage is None
    story.tell("profile.updated", free_mail=True, department="marketing")
    assert story.stage == stage
