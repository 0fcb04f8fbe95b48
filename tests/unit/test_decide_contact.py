"""Screening, recycling, silence and closed channels: given, when, then."""

from datetime import timedelta

import pytest

from domain.lead.readings import CaseReadings
from domain.lifecycle.conditions import Scalar
from tests.support.stories import Story, day, demand_funnel, jst


def asked(story: Story, path: str) -> Scalar:
    """Return the value that a condition would read of the lead now."""
    consent = demand_funnel().lifecycle.pace.consent
    assert consent is not None
    readings = CaseReadings(
        story.state, type="", data={}, department=None, channels=consent.channels
    )
    return readings.get(path)


def test_five_unsuccessful_attempts_within_two_weeks_recycle_the_lead() -> None:
    story = Story().reach("SAL")
    for number in range(1, 5):
        assert story.tell("screening.attempted", at=number, reached=False) == [
            "screening.attempted"
        ]
    assert asked(story, "lead.unreached_attempts") == 4
    assert story.tell("screening.attempted", at=5, reached=False) == [
        "screening.attempted",
        "lead.recycled: SAL → MAL recycled, pass 2",
    ]
    recycled = story.events[-1]
    assert recycled.data == {"reason": "unreachable"}
    assert story.lead.attempts == ()
    assert story.lead.revisit_on == "2026-05-06"


def test_attempts_that_lie_too_far_back_do_not_count() -> None:
    story = Story().reach("SAL")
    for at in (1, 2, 3, 4, 18):
        story.tell("screening.attempted", at=at, reached=False)
    assert (story.stage, asked(story, "lead.unreached_attempts")) == ("SAL", 1)


def test_a_lead_that_was_reached_once_is_not_unreachable() -> None:
    story = Story().reach("SAL")
    for number in range(1, 5):
        story.tell("screening.attempted", at=number, reached=False)
    story.tell("screening.attempted", at=5, reached=True)
    story.tell("screening.attempted", at=6, reached=False)
    assert story.stage == "SAL"


def test_a_lead_is_not_recycled_from_a_stage_that_does_not_allow_it() -> None:
    story = Story().reach("OPP")
    for number in range(1, 6):
        story.tell("screening.attempted", at=number, reached=False)
    assert story.stage == "OPP"


def test_a_later_customer_keeps_stage_and_owner_until_the_day() -> None:
    story = Story().reach("SAL")
    story.tell("owner.assigned", owner="suzuki")
    story.tell("screening.completed", at=1, data={"class": "later", "revisit_date": "2026-06-01"})
    assert (story.stage, story.lead.owner, story.lead.screened_as) == ("SAL", "suzuki", "later")
    assert (story.lead.revisit_on, asked(story, "lead.awaits_revisit")) == ("2026-06-01", True)
    story.wait_until(jst("2026-05-31T23:59"))
    assert "revisit" in story.lead.timers
    assert story.wait_until(jst("2026-06-01T00:00"))[-1] == "lead.revisit_due"
    assert story.events[-1].data == {"revisit_date": "2026-06-01", "timer": "revisit"}
    assert (story.stage, story.lead.revisit_on) == ("SAL", "2026-06-01")
    assert asked(story, "lead.awaits_revisit") is False
    story.tell("screening.completed", at=jst("2026-06-02T10:00"), data={"class": "now"})
    assert story.lead.revisit_on is None


def test_a_call_that_names_no_day_gets_that_of_its_class() -> None:
    story = Story().reach("SAL")
    story.tell("screening.completed", at=1, data={"class": "not_yet"})
    assert (story.stage, story.lead.screened_as) == ("MAL", "not_yet")
    assert story.lead.revisit_on == "2026-09-29"


def test_a_call_that_moves_on_sets_no_day() -> None:
    story = Story().reach("SAL")
    story.tell("screening.completed", at=1, data={"class": "now"})
    assert (story.stage, story.lead.screened_as, story.lead.revisit_on) == ("SQL", "now", None)


@pytest.mark.parametrize(
    ("data", "revisit_on"),
    [
        ({"reason": "too_early"}, "2026-07-01"),
        ({"reason": "chose_competitor"}, "2027-04-02"),
        ({"reason": "other"}, "2026-09-29"),
        ({"reason": "too_early", "revisit_date": "2026-12-24"}, "2026-12-24"),
        ({"reason": "too_early", "revisit_date": "9999-12-31"}, "9999-12-31"),
    ],
)
def test_a_lead_that_was_sent_back_is_revisited_by_reason_or_on_the_date_named(
    data: dict[str, str], revisit_on: str
) -> None:
    for decision in ("lead.recycled", "lead.sales_rejected"):
        story = Story().reach("MQL")
        story.tell(decision, at=1, data=data)
        assert story.lead.revisit_on == revisit_on


def test_a_permanently_rejected_lead_is_not_revisited() -> None:
    story = Story().reach("MQL")
    story.tell("lead.sales_rejected", reason="competitor")
    assert (story.stage, story.lead.revisit_on) == ("DISQUALIFIED", None)


def test_a_new_request_does_not_wait_for_the_day() -> None:
    story = Story().reach("MQL")
    story.tell("lead.recycled", at=1, reason="too_early")
    story.tell("contact.requested", at=2)
    assert (story.stage, story.lead.revisit_on) == ("MQL", None)
    assert "revisit" not in story.lead.timers


def test_a_new_pass_forgets_the_day_unless_it_sets_one() -> None:
    story = Story().reach("SAL")
    story.tell("screening.completed", at=1, data={"class": "later", "revisit_date": "2026-06-01"})
    story.tell("lead.recycled", at=2, reason="too_early")
    assert (story.lead.revisit_on, story.lead.pass_number) == ("2026-07-02", 2)
    assert story.lead.timers["revisit"].due_at == jst("2026-07-02T00:00")
    story.tell("order.recorded", at=3, order="o")
    story.tell("opportunity.created", at=4, opportunity="another")
    assert (story.lead.revisit_on, story.lead.pass_number) == (None, 3)
    assert "revisit" not in story.lead.timers


def test_silence_makes_a_lead_dormant_once() -> None:
    story = Story().reach("MAL")
    silent = jst("2026-04-01T00:00") + timedelta(days=181)
    assert story.wait_until(silent - timedelta(seconds=1)) == []
    assert story.wait_until(silent) == ["lead.dormant"]
    assert story.events[-1].data == {"days": 180, "timer": "dormant"}
    assert story.wait_until(day(9_999)) == []


def test_activity_of_one_day_sets_the_timer_once() -> None:
    story = Story().reach("MAL")
    story.tell("content.viewed", at=10)
    assert "timers" in story.events[-1].effects
    story.tell("content.viewed", at=10.1)
    assert "timers" not in story.events[-1].effects


def test_what_we_send_breaks_no_silence() -> None:
    story = Story().reach("MAL")
    story.tell("content.viewed", at=10)
    armed = story.lead.timers["dormant"]
    story.tell("email.sent", at=20)
    assert story.lead.timers["dormant"] == armed


def test_silence_counts_only_while_marketing_has_the_lead() -> None:
    story = Story().reach("MQL")
    assert "dormant" not in story.lead.timers
    story.tell("lead.sales_rejected", at=3, reason="too_early")
    assert story.lead.timers["dormant"].due_at == jst("2026-04-04T00:00") + timedelta(days=181)


@pytest.mark.parametrize(
    ("type", "data", "blocks"),
    [
        ("unsubscribed", {}, {"email": "unsubscribed"}),
        ("do_not_call.set", {}, {"phone": "do_not_call.set"}),
        ("email.complained", {}, {"email": "email.complained"}),
        ("email.bounced", {"outcome": "hard"}, {"email": "email.bounced"}),
        ("email.bounced", {"outcome": "soft"}, {}),
        ("email.bounced", {}, {}),
        ("consent.withdrawn", {}, dict.fromkeys(("email", "phone", "post"), "consent.withdrawn")),
        ("consent.withdrawn", {"channel": "post"}, {"post": "consent.withdrawn"}),
        ("unsubscribed", {"channel": "newsletter"}, {"email": "unsubscribed"}),
    ],
)
def test_an_event_closes_the_channels_that_it_is_about(
    type: str, data: dict[str, str], blocks: dict[str, str]
) -> None:
    story = Story().reach("MAL")
    story.tell(type, data=data)
    assert story.lead.blocks == blocks
    assert asked(story, "lead.blocked_email") is ("email" in blocks)
    assert asked(story, "lead.contactable") is (len(blocks) < 3)


def test_consent_opens_what_was_closed() -> None:
    story = Story().reach("MAL")
    story.tell("consent.withdrawn", at=1)
    story.tell("consent.given", at=2, channel="email")
    assert story.lead.blocks.keys() == {"phone", "post"}
    story.tell("consent.given", at=3)
    assert story.lead.blocks == {}
