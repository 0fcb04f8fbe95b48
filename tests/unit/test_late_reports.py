"""A report of something earlier than what is known already: everything is decided again by time.

Most tests compare with a twin that heard the same reports in the order in which things happened.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from domain.event import Event
from domain.lead.state import AccountState, LeadState, State
from domain.rules.lists import on_list
from events.outcomes import Duplicate, Recorded
from events.refusals import Refused
from events.revision import past
from events.signals.sender import Sender
from tests.support.audited import audit_of
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, LedgerInMemory
from tests.support.permuted import what_is_known
from tests.support.stories import day, demand_funnel, jst, returning_funnel

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
COMPANY = "acme.example"
QUALIFIED, IN_TIME = jst("2026-04-01T10:00"), jst("2026-04-02T10:00")
MISSED, RETURNED = jst("2026-04-06T10:00"), jst("2026-04-08T18:00")

Reported = Mapping[str, Any]


def report(type: str, at: float | datetime, whom: str = HANAKO, **data: Any) -> Reported:
    """Return a report about a person, or about a company if `whom` is a domain."""
    time = (at if isinstance(at, datetime) else day(at)).isoformat()
    person, company = {"user_id": whom, "email": whom}, {"domain": whom}
    about = {"lead": person} if "@" in whom else {"account": company}
    return {"id": f"{type} of {whom} at {time}", "type": type, "time": time, "data": data, **about}


def tell(ledger: LedgerInMemory, *reports: Reported, department: str | None = None) -> Recorded:
    """Send reports one after another, which must be recorded; return the last answer."""
    sender = Sender("key-1", ("test",), department, EVERY_RIGHT)
    answers = []
    for reported in reports:
        (answer,) = ledger.send(reported, sender=sender)
        assert isinstance(answer, Recorded), answer
        answers.append(answer)
    return answers[-1]


def refuse(ledger: LedgerInMemory, reported: Reported) -> Any:
    (answer,) = ledger.send(reported)
    assert isinstance(answer, Refused), answer
    return answer.refusal


def wait(ledger: LedgerInMemory, until: datetime) -> None:
    """Fire what is due by then."""
    ledger.at = until
    ledger.let_happen()


def lead(ledger: LedgerInMemory, whom: str = HANAKO) -> LeadState:
    state = ledger.subjects[ledger.pointers[DIGESTS.identifier("user_id", whom)]].state
    assert isinstance(state, LeadState)
    return state


def account(ledger: LedgerInMemory) -> AccountState:
    state = ledger.subjects[ledger.pointers[DIGESTS.identifier("domain", COMPANY)]].state
    assert isinstance(state, AccountState)
    return state


def restatements(ledger: LedgerInMemory) -> list[Event]:
    return [event for event, _ in ledger.records if event.type == "lead.restated"]


def in_order(ledger: LedgerInMemory, *reports: Reported) -> LedgerInMemory:
    """Return a ledger that heard these reports in the order in which things happened."""
    twin = LedgerInMemory(ledger.compiled, at=ledger.at)
    tell(twin, *sorted(reports, key=lambda reported: reported["time"]))
    return twin


def as_in_order(ledger: LedgerInMemory, *reports: Reported) -> bool:
    """Whether the same is known as if the reports had come in order; verification agrees."""
    twin = in_order(ledger, *reports)
    for either in (ledger, twin):
        either.let_happen()
    assert audit_of(ledger).subjects == ledger.subjects
    return what_is_known(ledger) == what_is_known(twin)


FORM = report("form.submitted", QUALIFIED)
HANDED_OVER = (FORM, report("lead.qualified", QUALIFIED))
ACCEPTED = report("lead.sales_accepted", IN_TIME)


def returned(*reports: Reported) -> LedgerInMemory:
    """Return a ledger in which a lead has returned automatically, because nobody answered."""
    ledger = LedgerInMemory(returning_funnel(), at=QUALIFIED)
    tell(ledger, *reports)
    wait(ledger, RETURNED)
    assert (lead(ledger).stage, ledger.records[-1].event.type) == ("MAL", "lead.returned")
    return ledger


def test_a_late_report_is_recorded_without_an_outcome_and_a_restatement_has_it() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("opportunity.lost", 3, opportunity="deal"))
    answer = tell(ledger, report("opportunity.created", 1, opportunity="deal"))
    (restated,), (recorded, _) = restatements(ledger), ledger.records[answer.position - 1]
    assert (recorded.type, recorded.occurred_at) == ("opportunity.created", day(1))
    assert (recorded.effects["late"], recorded.stage_to) == (True, None)
    assert recorded.effects.keys() == {"late", "tells", "of_opportunity"}
    assert (restated.type, restated.cause) == ("lead.restated", recorded.position)
    assert [(one["stage"], one["position"]) for one in restated.data["counts_now"]] == [
        ("OPP", str(recorded.position)),
        ("LOST", "1"),
    ]
    assert ledger.records[restated.position - 1].envelope.id.startswith("restatement.")
    assert (answer.is_late, answer.restated, answer.stage) == (True, restated.position, "LOST")
    assert (answer.moved, answer.derived) == (None, ())


def test_a_report_in_order_is_not_late_and_restates_nothing() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 1))
    for reported in (report("email.opened", 1), report("email.opened", 2)):
        answer = tell(ledger, reported)
        assert (answer.is_late, answer.restated) == (False, None)
    assert restatements(ledger) == []


def test_a_late_visit_that_moves_nothing_changes_only_the_points() -> None:
    visit = report("visit.recorded", 1.5)
    form = report("form.submitted", 1)
    opened = report("email.opened", 2)
    ledger = LedgerInMemory()
    tell(ledger, form, opened)
    before = lead(ledger)
    answer = tell(ledger, visit)
    after = lead(ledger)
    assert after == before._replace(points=after.points)
    assert [point.occurred_at for point in after.points] == [day(1), day(1.5), day(2)]
    assert (answer.stage, restatements(ledger)[-1].stage_to) == ("MAL", None)
    assert restatements(ledger)[-1].data == {
        "no_longer_counts": [],
        "counts_now": [],
        "awaiting": [],
    }
    assert as_in_order(ledger, form, opened, visit)


FIVE = (
    report("form.submitted", 1),
    report("screening.completed", 2, **{"class": "later"}),
    report("opportunity.created", 3, opportunity="deal"),
    report("opportunity.lost", 4, opportunity="deal"),
    report("order.recorded", 5, order="o"),
)


def test_the_same_five_facts_in_any_order_of_reporting_are_one_history() -> None:
    in_order = LedgerInMemory()
    tell(in_order, *FIVE)
    known = what_is_known(in_order)
    assert lead(in_order).stage == "WON"
    for facts in permutations(FIVE):
        ledger = LedgerInMemory()
        tell(ledger, *facts)
        assert what_is_known(ledger) == known, [one["type"] for one in facts]


def test_won_on_the_20th_is_won_even_if_lost_on_the_10th_is_reported_after_it() -> None:
    won = report("opportunity.won", 20, opportunity="deal")
    lost = report("opportunity.lost", 10, opportunity="deal")
    ledger = LedgerInMemory()
    tell(ledger, won)
    assert tell(ledger, lost).stage == "WON"
    assert lead(ledger).opportunities == {"test/deal": "won"}
    assert account(ledger).opportunities == {"test/deal": "won"}
    assert as_in_order(ledger, won, lost)


def test_a_late_report_does_not_reinstate_a_cancelled_order() -> None:
    cancelled, placed = (
        report("order.cancelled", 3, order="o"),
        report("order.recorded", 2, order="o"),
    )
    form = report("form.submitted", 1)
    ledger = LedgerInMemory()
    tell(ledger, form, cancelled)
    tell(ledger, placed)
    assert lead(ledger).orders == account(ledger).orders == {"test/o": "cancelled"}
    assert as_in_order(ledger, form, placed, cancelled)


def test_a_deal_won_before_the_first_contact_counts_from_when_it_was_won() -> None:
    form, won = report("form.submitted", 7), report("opportunity.won", 3, opportunity="deal")
    ledger = LedgerInMemory()
    tell(ledger, form)
    assert tell(ledger, won).stage == "WON"
    assert lead(ledger).entered_at == day(3)
    assert as_in_order(ledger, won, form)


def test_an_attempt_that_is_reported_late_takes_its_place_in_time() -> None:
    """It is the first of five, so the lead is recycled by the one that was the last."""
    given = (
        report("form.submitted", 0),
        report("lead.qualified", 0),
        report("lead.sales_accepted", 0),
    )
    attempts = [report("screening.attempted", at, reached=False) for at in (5, 6, 7, 8, 1)]
    ledger = LedgerInMemory()
    tell(ledger, *given, *attempts)
    assert (lead(ledger).stage, lead(ledger).pass_number) == ("MAL", 2)
    assert lead(ledger).entered_at == day(8)
    assert as_in_order(ledger, *given, *attempts)


def test_what_came_before_breaks_no_silence() -> None:
    form = report("form.submitted", 0)
    last, earlier = report("content.viewed", 10), report("content.viewed", 5)
    ledger = LedgerInMemory()
    tell(ledger, form, last)
    armed = lead(ledger).timers["dormant"]
    tell(ledger, earlier)
    assert lead(ledger).timers["dormant"] == armed
    assert as_in_order(ledger, form, last, earlier)


def test_of_one_scoring_rule_the_latest_count_however_they_were_reported() -> None:
    downloads = [report("content.downloaded", at) for at in (3, 9, 1, 7, 5)]
    ledger = LedgerInMemory()
    tell(ledger, *downloads)
    assert [(one.rule, one.occurred_at) for one in lead(ledger).points] == [
        ("downloaded", day(at)) for at in (5, 7, 9)
    ]
    assert as_in_order(ledger, *downloads)


@pytest.mark.parametrize(("since", "grade"), [(38, "A"), (2, "B")])
def test_a_grade_is_decided_again_with_what_was_left_of_late_points(
    since: float, grade: str
) -> None:
    """Fit 30 and interest 10 are a B; a seminar and a download of the same month make it an A."""
    late = report("seminar.attended", since), report("content.downloaded", since + 1)
    form = report("form.submitted", 40)
    profile = {"industry": "steel", "position": "director"}
    form = {**form, "lead": {**form["lead"], "profile": profile}}
    ledger = LedgerInMemory(at=day(40))
    tell(ledger, form)
    assert lead(ledger).grade == "B"
    tell(ledger, *late)
    assert lead(ledger).grade == grade
    assert as_in_order(ledger, form, *late)


def test_a_visit_months_after_a_form_disproves_the_dormancy_that_a_timer_recorded() -> None:
    form, visit = report("form.submitted", 0), report("visit.recorded", 100)
    ledger = LedgerInMemory(at=day(0))
    tell(ledger, form)
    wait(ledger, day(190))
    assert [event.type for event, _ in ledger.records][-1] == "lead.dormant"
    answer = tell(ledger, visit)
    assert (answer.is_late, answer.stage) == (True, "MAL")
    assert as_in_order(ledger, form, visit)


def test_no_timer_fires_beyond_the_time_of_the_report_that_it_comes_before() -> None:
    """An import of history does not make a lead dormant between two of its rows."""
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 0), report("visit.recorded", 100))
    assert "lead.dormant" not in [event.type for event, _ in ledger.records]
    assert lead(ledger).timers["dormant"].due_at > day(200)


# Decisions, judged by where the lead was.


def test_a_decision_reported_after_the_return_is_judged_from_where_the_lead_was() -> None:
    """Neither the breach nor the return counts any more."""
    ledger = returned(*HANDED_OVER)
    back = ledger.records[-1].event.position
    answer = tell(ledger, ACCEPTED)
    (restated,) = restatements(ledger)
    assert (answer.stage, answer.restated) == ("SAL", restated.position)
    assert [(one["stage"], one["position"]) for one in restated.data["no_longer_counts"]] == [
        ("MAL", str(back))
    ]
    assert [(one["stage"], one["position"]) for one in restated.data["counts_now"]] == [
        ("SAL", str(answer.position))
    ]
    assert lead(ledger).entered_at == IN_TIME
    assert lead(ledger).deadlines.keys() == {"first_attempt"}
    assert as_in_order(ledger, *HANDED_OVER, ACCEPTED)


def test_a_decision_reported_after_the_deadline_was_missed_meets_it() -> None:
    ledger = LedgerInMemory(at=QUALIFIED)
    tell(ledger, *HANDED_OVER)
    wait(ledger, MISSED)
    assert ledger.records[-1].event.type == "deadline.breached"
    tell(ledger, ACCEPTED)
    assert lead(ledger).deadlines.keys() == {"first_attempt"}
    assert as_in_order(ledger, *HANDED_OVER, ACCEPTED)


def test_a_rejection_reported_after_the_return_counts_from_when_it_was_taken() -> None:
    rejected = report("lead.sales_rejected", IN_TIME, reason="too_early")
    ledger = returned(*HANDED_OVER)
    assert tell(ledger, rejected).stage == "MAL"
    assert (lead(ledger).entered_at, lead(ledger).deadlines) == (IN_TIME, {})
    assert as_in_order(ledger, *HANDED_OVER, rejected)


def test_an_attempt_reported_after_the_return_leaves_the_lead_where_it_was() -> None:
    attempt = report("screening.attempted", IN_TIME, reached=False)
    reports = (*HANDED_OVER, report("lead.sales_accepted", QUALIFIED))
    ledger = returned(*reports)
    assert tell(ledger, attempt).stage == "SAL"
    assert (lead(ledger).entered_at, lead(ledger).deadlines) == (QUALIFIED, {})
    assert as_in_order(ledger, *reports, attempt)


def test_an_attempt_reported_after_the_deadline_was_missed_meets_it() -> None:
    attempt = report("screening.attempted", IN_TIME, reached=True)
    reports = (*HANDED_OVER, report("lead.sales_accepted", QUALIFIED))
    ledger = LedgerInMemory(at=QUALIFIED)
    tell(ledger, *reports)
    wait(ledger, MISSED)
    assert ledger.records[-1].event.type == "deadline.breached"
    assert tell(ledger, attempt).stage == "SAL"
    assert lead(ledger).deadlines == {}
    assert as_in_order(ledger, *reports, attempt)


def test_a_decision_within_the_grace_reported_after_the_return_keeps_the_lead() -> None:
    """It was too late for the deadline, which stays missed, but not for the lead."""
    accepted = report("lead.sales_accepted", MISSED)
    ledger = returned(*HANDED_OVER)
    assert tell(ledger, accepted).stage == "SAL"
    assert lead(ledger).entered_at == MISSED
    assert as_in_order(ledger, *HANDED_OVER, accepted)


def test_a_decision_in_time_gives_the_lead_back_to_its_owner_before_the_return() -> None:
    assigned = report("owner.assigned", QUALIFIED, owner="ito")
    ledger = returned(*HANDED_OVER, assigned)
    assert lead(ledger).owner is None
    tell(ledger, ACCEPTED)
    assert (lead(ledger).stage, lead(ledger).owner) == ("SAL", "ito")
    assert as_in_order(ledger, *HANDED_OVER, assigned, ACCEPTED)


@pytest.mark.parametrize("at", [RETURNED, RETURNED + timedelta(hours=1)])
def test_a_decision_that_was_too_late_by_its_own_time_is_refused(at: datetime) -> None:
    """The refusal shows the stage at its time, not the one that the lead has reached since."""
    ledger = returned(*HANDED_OVER)
    ledger.at = RETURNED + timedelta(days=3)
    tell(ledger, report("order.recorded", RETURNED + timedelta(days=2), order="o"))
    refused = refuse(ledger, report("lead.sales_accepted", at))
    assert (refused.reason, refused.members["stage"]) == ("move-not-allowed", "MAL")
    assert refused.members["legal_from"] == ["MQL"]
    assert "not allowed from stage MAL, only from MQL" in refused.detail
    assert (lead(ledger).stage, restatements(ledger)) == ("WON", [])


def test_a_decision_of_the_3rd_reported_after_an_order_of_the_5th_is_entered() -> None:
    reports = (report("form.submitted", 1), report("lead.qualified", 2))
    order, accepted = report("order.recorded", 5, order="o"), report("lead.sales_accepted", 3)
    ledger = LedgerInMemory()
    tell(ledger, *reports, order)
    assert lead(ledger).entered == ("ML", "MAL", "MQL", "WON")
    assert tell(ledger, accepted).stage == "WON"
    assert lead(ledger).entered == ("ML", "MAL", "MQL", "SAL", "WON")
    assert as_in_order(ledger, *reports, accepted, order)


def test_what_was_decided_after_the_return_is_decided_again_once_the_return_does_not_count() -> (
    None
):
    """Qualified a second time, it already was; recycled, it comes from where it really was."""
    qualified = report("lead.qualified", RETURNED + timedelta(hours=1))
    recycled = report("lead.recycled", RETURNED + timedelta(hours=2), reason="too_early")
    ledger = returned(*HANDED_OVER)
    ledger.at = RETURNED + timedelta(hours=3)
    tell(ledger, qualified, recycled)
    tell(ledger, ACCEPTED)
    stays = restatements(ledger)[-1].effects["stays"]
    assert [stay[0] for stay in stays] == ["ML", "MAL", "MQL", "SAL", "MAL"]
    assert (lead(ledger).pass_number, lead(ledger).awaiting) == (2, ())
    assert as_in_order(ledger, *HANDED_OVER, ACCEPTED, qualified, recycled)


def test_a_decision_from_before_the_one_that_would_allow_it_is_refused() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 0), report("lead.qualified", 10))
    refused = refuse(ledger, report("lead.sales_accepted", 4))
    assert (refused.reason, refused.members["stage"]) == ("move-not-allowed", "MAL")
    assert lead(ledger).stage == "MQL"


def test_recorded_decisions_that_are_no_longer_allowed_wait_for_a_person() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 1))
    recorded = [
        tell(ledger, report("lead.qualified", 3)),
        tell(ledger, report("lead.sales_accepted", 4)),
    ]
    answer = tell(ledger, report("lead.disqualified", 2, reason="student"))
    assert (answer.stage, lead(ledger).entered_at) == ("DISQUALIFIED", day(2))
    assert lead(ledger).awaiting == tuple(one.position for one in recorded)
    assert restatements(ledger)[-1].data["awaiting"] == [str(one.position) for one in recorded]


def test_a_decision_about_a_lead_before_it_was_first_reported_is_refused() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 5))
    before = len(ledger.records)
    refuse(ledger, report("lead.qualified", 3))
    assert len(ledger.records) == before
    tell(ledger, report("card.captured", 2))
    assert tell(ledger, report("lead.qualified", 3)).stage == "MQL"


def test_a_decision_about_a_lead_that_nobody_ever_reported_is_refused_as_unknown() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 5, TARO))
    assert refuse(ledger, report("lead.qualified", 3)).reason == "lead-unknown"


# What is known about a person.


def test_a_card_that_is_recorded_late_but_came_first_is_where_the_person_comes_from() -> None:
    """The earliest event by time that made the person known; what a person has corrected stays."""
    ledger = LedgerInMemory()
    tell(ledger, report("opportunity.created", 5, opportunity="d"), department="field_sales")
    assert lead(ledger).origin == "sales-direct"
    tell(ledger, report("email.delivered", 4))
    assert lead(ledger).origin == "sales-direct"
    tell(ledger, report("card.captured", 1, channel="exhibition"))
    assert (lead(ledger).origin, lead(ledger).channel) == ("marketing-offline", "exhibition")
    tell(ledger, report("origin.corrected", 6, origin="referral"))
    tell(ledger, report("form.submitted", 0))
    assert lead(ledger).origin == "referral"


def test_a_late_report_leaves_the_origin_of_a_later_pass_alone() -> None:
    reports = (
        report("form.submitted", 2),
        report("order.recorded", 3, order="o"),
        report("inquiry.received", 9, channel="reseller"),
    )
    card = report("card.captured", 1, channel="exhibition")
    ledger = LedgerInMemory()
    tell(ledger, *reports, card)
    assert (lead(ledger).pass_number, lead(ledger).origin) == (2, "reseller")
    assert lead(ledger).first_touch == "marketing-offline"
    assert as_in_order(ledger, *reports, card)


def test_a_late_report_of_an_earlier_meeting_shows_that_the_lead_was_held_before() -> None:
    ledger = LedgerInMemory()
    lists = demand_funnel().lifecycle.lists
    tell(ledger, report("form.submitted", 100))
    assert on_list(lists, State(lead(ledger)), day(120)) == ("house", "acquired")
    tell(ledger, report("card.captured", 5))
    assert lead(ledger).acquired_at == day(5)
    assert on_list(lists, State(lead(ledger)), day(120)) == ("house", "held")


def test_the_last_word_counts_by_when_it_was_spoken() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 0), report("unsubscribed", 5))
    tell(ledger, report("consent.given", 2))
    assert lead(ledger).blocks == {"email": "unsubscribed"}
    tell(ledger, report("consent.given", 6))
    tell(ledger, report("unsubscribed", 4))
    assert lead(ledger).blocks == {}


# The company, and batches.


def test_a_late_purchase_makes_the_company_a_customer_from_then_on_for_its_other_leads() -> None:
    """A colleague's deal of the 3rd is further business, because of an order of the 2nd."""
    deal = report("opportunity.created", 3, TARO, opportunity="deal")
    order = report("order.recorded", 2, order="o")
    ledger = LedgerInMemory()
    tell(ledger, deal)
    assert lead(ledger, TARO).business is None
    # Something later about the buyer, so that the order is late for a reason of its own.
    opened = report("email.opened", 4)
    tell(ledger, opened, order)
    assert (lead(ledger, TARO).business, account(ledger).stage) == ("cross_sell", "C")
    assert as_in_order(ledger, deal, opened, order)


def test_many_late_reports_in_one_batch_have_one_restatement() -> None:
    late = (report("card.captured", 1), report("visit.recorded", 2), report("email.opened", 3))
    form = report("form.submitted", 5)
    ledger = LedgerInMemory()
    tell(ledger, form)
    answers = ledger.send(*late)
    (restated,) = restatements(ledger)
    for answer in answers:
        assert isinstance(answer, Recorded)
        assert (answer.is_late, answer.restated) == (True, restated.position)
    assert as_in_order(ledger, form, *late)


def test_a_later_report_in_the_batch_is_decided_on_what_the_late_one_before_it_changed() -> None:
    """The lead is decided again before the order, not at the end of the batch."""
    lost, late = (
        report("opportunity.lost", 3, opportunity="d"),
        report("opportunity.created", 1, opportunity="d"),
    )
    order = report("order.recorded", 5, order="o")
    ledger = LedgerInMemory()
    tell(ledger, lost)
    _, answer = ledger.send(late, order)
    (restated,) = restatements(ledger)
    assert isinstance(answer, Recorded)
    assert answer.position > restated.position
    assert (answer.is_late, answer.stage) == (False, "WON")
    assert as_in_order(ledger, lost, late, order)


def test_a_batch_in_reverse_order_is_one_history_with_one_restatement() -> None:
    ledger = LedgerInMemory()
    first, *others = ledger.send(*reversed(FIVE))
    assert isinstance(first, Recorded)
    assert not first.is_late
    assert all(isinstance(one, Recorded) and one.is_late for one in others)
    assert len(restatements(ledger)) == 1
    assert as_in_order(ledger, *FIVE)


def test_a_strict_batch_with_a_refused_decision_leaves_no_late_report_and_no_restatement() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("form.submitted", 5))
    before, known = len(ledger.records), lead(ledger)
    answers = ledger.send(
        report("card.captured", 1), report("lead.sales_accepted", 2), is_strict=True
    )
    assert all(isinstance(answer, Refused) for answer in answers)
    assert (len(ledger.records), lead(ledger)) == (before, known)
    (alone,) = ledger.send(report("card.captured", 1), is_strict=True)
    assert isinstance(alone, Recorded)
    assert alone.restated == restatements(ledger)[-1].position


def test_a_late_report_that_is_sent_again_is_a_duplicate_and_restates_nothing() -> None:
    ledger = LedgerInMemory()
    late = report("card.captured", 1)
    tell(ledger, report("form.submitted", 5))
    position, before = tell(ledger, late).position, len(ledger.records)
    (again,) = ledger.send(late)
    assert again == Duplicate(position, ledger.entries[position - 1].leaf)
    assert len(ledger.records) == before


def test_a_report_about_a_company_is_decided_by_time_too() -> None:
    reports = (
        report("order.recorded", 1, order="first"),
        report("account.segmented", 5, COMPANY, segment="high"),
        report("customer.churned", 4, COMPANY),
        report("order.recorded", 2, order="second"),
        report("account.segmented", 3, COMPANY, segment="low"),
    )
    ledger = LedgerInMemory()
    for reported in reports:
        answer = tell(ledger, reported)
    assert (answer.is_late, answer.stage) == (True, "CHURNED")
    assert (account(ledger).stage, account(ledger).segment) == ("CHURNED", "high")
    assert as_in_order(ledger, *reports)


def test_a_lead_whose_history_is_too_long_is_set_aside_and_the_report_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form, opened = report("form.submitted", 5), report("email.opened", 6)
    card, visit = report("card.captured", 1), report("visit.recorded", 2)
    ledger = LedgerInMemory(expects_faults=True)
    tell(ledger, form, opened)
    known = lead(ledger)
    with monkeypatch.context() as limited:
        limited.setattr(past, "HISTORY_EVENTS_MAX", 3)
        answer = tell(ledger, card)
    assert (answer.is_late, answer.restated, answer.stage) == (True, None, "MAL")
    assert lead(ledger) == known
    assert list(ledger.set_aside) == [answer.lead]
    # The next late report counts together with the one that waits.
    tell(ledger, visit)
    assert as_in_order(ledger, form, opened, card, visit)
