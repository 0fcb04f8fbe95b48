"""A report of something earlier than what is known already: everything is decided again by time.

Most tests compare with a twin that heard the same reports in the order in which things happened.
"""

from itertools import permutations

import pytest

from domain.lead.state import State
from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.text.load import load
from domain.rules.lists import on_list
from events.outcomes import Duplicate, Recorded
from events.refusals import Refused
from events.revision import past
from tests.support.audited import audit_of
from tests.support.late_reports import (
    COMPANY,
    HANAKO,
    TARO,
    Reported,
    account,
    as_in_order,
    lead,
    report,
    restatements,
    tell,
    wait,
)
from tests.support.ledger_in_memory import DIGESTS, LedgerInMemory
from tests.support.permuted import what_is_known
from tests.support.small_lifecycle import SMALL
from tests.support.stories import day, demand_funnel


def version_of(ledger: LedgerInMemory, answer: Recorded) -> int:
    """Return the lifecycle version by which the record of a report says that it is decided."""
    return ledger.records[answer.position - 1].envelope.lifecycle


def test_a_late_report_is_recorded_without_an_outcome_and_a_restatement_has_it() -> None:
    ledger = LedgerInMemory()
    tell(ledger, report("opportunity.lost", 3, opportunity="deal"))
    answer = tell(ledger, report("opportunity.created", 1, opportunity="deal"))
    (restated,), (recorded, _) = restatements(ledger), ledger.records[answer.position - 1]
    assert (recorded.type, recorded.occurred_at) == ("opportunity.created", day(1))
    assert (recorded.effects["late"], recorded.stage_to) == (True, None)
    assert recorded.effects.keys() == {"late", "repeats", "of_opportunity"}
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


def test_a_late_visit_that_moves_nothing_carries_its_points_and_restates_nothing() -> None:
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
    assert (answer.is_late, answer.stage, answer.restated) == (True, "MAL", None)
    entry = ledger.entries[answer.position - 1]
    assert (answer.leaf, entry.event.effects["points"]) == (entry.leaf, [["visited", 2, 5]])
    assert restatements(ledger) == []
    assert as_in_order(ledger, form, opened, visit)


def test_late_reports_of_one_batch_carry_what_they_say_in_the_order_of_their_times() -> None:
    """The first by time says what is new; every answer names the leaf that is recorded."""
    form, opened = report("form.submitted", 1), report("email.opened", 5)
    visits = [report("visit.recorded", at, channel="web") for at in (4, 2, 3, 2)]
    ledger = LedgerInMemory()
    tell(ledger, form, opened)
    *answers, repeated = ledger.send(*visits)
    assert restatements(ledger) == []
    for answer in answers:
        assert isinstance(answer, Recorded)
        entry = ledger.entries[answer.position - 1]
        assert (answer.leaf, answer.is_late, "late" in entry.event.effects) == (
            *(entry.leaf, True, False),
        )
    assert repeated == Duplicate(answers[1].position, answers[1].leaf)  # type: ignore[union-attr]
    assert as_in_order(ledger, form, opened, *visits[:3])


FIVE = (
    report("form.submitted", 1),
    report("screening.completed", 2, **{"class": "later"}),
    report("opportunity.created", 3, opportunity="deal"),
    report("opportunity.lost", 4, opportunity="deal"),
    report("order.recorded", 5, order="o"),
)


def test_the_same_five_facts_in_any_order_of_reporting_are_one_history() -> None:
    by_time = LedgerInMemory()
    tell(by_time, *FIVE)
    known = what_is_known(by_time)
    assert lead(by_time).stage == "WON"
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


def test_a_purchase_that_is_late_only_for_a_colleague_restates_the_colleague() -> None:
    """His second pass began after her company had bought, so it is further business."""
    reports = (
        report("form.submitted", 1, TARO),
        report("lead.qualified", 2, TARO),
        report("lead.recycled", 5, TARO, reason="too_early"),
    )
    order = report("order.recorded", 3, order="o")
    ledger = LedgerInMemory()
    tell(ledger, *reports)
    assert lead(ledger, TARO).business is None
    assert not tell(ledger, order).is_late
    assert lead(ledger, TARO).business == "cross_sell"
    assert as_in_order(ledger, *reports, order)


def test_a_company_that_was_listed_earlier_excludes_its_lead_from_then_on() -> None:
    """The listing is the latest about the company, and late for a lead that opened an e-mail."""
    form, opened = report("form.submitted", 1), report("email.opened", 5)
    listed = report("competitor.listed", 3, COMPANY)
    ledger = LedgerInMemory()
    tell(ledger, form, opened)
    assert not tell(ledger, listed).is_late
    assert (lead(ledger).stage, lead(ledger).entered_at) == ("DISQUALIFIED", day(3))
    assert as_in_order(ledger, form, opened, listed)


@pytest.mark.parametrize("since", [(), (report("competitor.unlisted", 7, COMPANY),)])
@pytest.mark.parametrize("type", ["form.submitted", "email.sent"])
def test_a_report_from_before_its_company_was_listed_as_a_competitor_is_late(
    type: str, since: tuple[Reported, ...]
) -> None:
    """Nothing has happened to this person since, but the company's leads were judged again."""
    known, listed = report("form.submitted", 1, TARO), report("competitor.listed", 5, COMPANY)
    ledger = LedgerInMemory()
    tell(ledger, known, listed, *since)
    answer = tell(ledger, report(type, 3))
    assert (answer.is_late, answer.stage) == (True, lead(ledger).stage)
    assert as_in_order(ledger, known, listed, *since, report(type, 3))


def test_what_a_lead_brought_to_a_company_that_it_has_left_is_decided_again() -> None:
    former = {"lead": {"user_id": HANAKO, "email": "hanako@other.example"}}
    reports = (
        report("order.recorded", 8, order="o"),
        {**report("card.captured", 6), **former},
        report("list.imported", 3, "taro@other.example"),
    )
    ledger = LedgerInMemory()
    tell(ledger, *reports)
    assert as_in_order(ledger, *reports)


def test_a_cancelled_order_of_a_company_that_was_no_customer_leaves_its_role() -> None:
    reports = (
        report("card.captured", 1),
        report("account.segmented", 3, COMPANY, key_role="attack"),
        report("order.cancelled", 5, TARO, order="o"),
        report("form.submitted", 9),
        report("form.submitted", 7),
    )
    ledger = LedgerInMemory()
    tell(ledger, *reports)
    assert account(ledger).key_role == "attack"
    assert as_in_order(ledger, *reports)


def test_a_report_from_before_a_listing_that_changes_nothing_has_effects_of_its_own() -> None:
    reports = (
        report("form.submitted", 1),
        report("lead.disqualified", 2, reason="student"),
        report("competitor.listed", 5, COMPANY),
        report("visit.recorded", 3),
    )
    ledger = LedgerInMemory()
    assert tell(ledger, *reports).is_late
    assert restatements(ledger) == []
    assert as_in_order(ledger, *reports)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_lead_follows_the_newest_address_and_never_returns_to_a_former_company(
    order: tuple[int, ...],
) -> None:
    old, new = HANAKO, "hanako@other.example"
    reports = [
        {**report("form.submitted", at), "lead": {"user_id": HANAKO, "email": email}}
        for at, email in ((1, old), (3, new), (5, old))
    ]
    ledger = LedgerInMemory()
    tell(ledger, *(reports[number] for number in order))
    former, now = (
        ledger.pointers[DIGESTS.identifier("domain", domain)]
        for domain in (COMPANY, "other.example")
    )
    assert (lead(ledger).account, lead(ledger).former_accounts) == (now, (former,))
    assert as_in_order(ledger, *reports)


def test_a_late_name_takes_a_lead_from_no_company() -> None:
    form, card = report("form.submitted", 1), report("card.captured", 2)
    card = {**card, "account": {"name": "別会社"}}
    opened = report("email.opened", 3)
    ledger = LedgerInMemory()
    tell(ledger, form, opened)
    before = lead(ledger).account
    assert tell(ledger, card).is_late
    assert (lead(ledger).account, lead(ledger).former_accounts) == (before, ())
    assert as_in_order(ledger, form, opened, card)


def test_what_happened_before_a_publication_is_decided_by_the_version_of_its_time() -> None:
    """The publication renames the stage; it takes effect when it is published, not when noticed."""
    text = SMALL.replace("DEAL", "TALK")
    ledger = LedgerInMemory(compile_lifecycle(load(SMALL)), at=day(0))
    tell(ledger, report("visit.recorded", 0, channel="web"))
    ledger.at = day(2)
    ledger.publish(text, DEAL="TALK")
    wait(ledger, day(3))
    reassessed = ledger.records[-1].event
    assert (reassessed.type, reassessed.occurred_at) == ("lead.reassessed", day(2))
    late = tell(ledger, report("deal.opened", 1, opportunity="o"))
    assert (late.stage, version_of(ledger, late)) == ("TALK", 1)
    (restated,) = restatements(ledger)
    begun = [(stay[0], stay[1][:10], stay[3]) for stay in restated.effects["stays"]]
    assert begun == [
        ("NEW", "2026-04-01", "entered"),
        ("GOOD", "2026-04-01", "advanced"),
        ("DEAL", "2026-04-02", "advanced"),
        ("TALK", "2026-04-03", "corrected"),
    ]
    assert audit_of(ledger).subjects == ledger.subjects


def test_a_report_is_decided_by_the_version_that_its_lead_was_under_at_its_time() -> None:
    """Before its first report that is the version it began under; a type may be newer than that."""
    chat = "{label: {en: visit}, fields: [channel, score]}\n    chat.begun: {label: {en: chat}}"
    text = SMALL.replace("{label: {en: visit}, fields: [channel, score]}", chat)
    ledger = LedgerInMemory(compile_lifecycle(load(SMALL)), at=day(3.5))
    tell(ledger, report("visit.recorded", 1, channel="web"))
    ledger.at = day(4)
    ledger.publish(text)
    tell(ledger, report("visit.recorded", 1, TARO, channel="web"))
    reports = {
        ("chat.begun", 2, HANAKO): 2,
        ("visit.recorded", 3, HANAKO): 1,
        ("visit.recorded", 4, HANAKO): 2,
        ("visit.recorded", 3, TARO): 2,
        ("visit.recorded", 0.5, TARO): 2,
        ("visit.recorded", 0.5, HANAKO): 1,
        ("chat.begun", 0.5, HANAKO): 2,
        ("visit.recorded", 4.5, HANAKO): 2,
        ("visit.recorded", 4.2, HANAKO): 2,
    }
    ledger.at = day(5)
    assert reports == {
        key: version_of(ledger, tell(ledger, report(*key, channel="web"))) for key in reports
    }
    assert audit_of(ledger).subjects == ledger.subjects


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


def test_a_lead_that_cannot_be_decided_again_is_set_aside_and_its_report_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form, opened = report("form.submitted", 5), report("email.opened", 6)
    card, visit = report("card.captured", 1), report("visit.recorded", 2)
    ledger = LedgerInMemory(expects_faults=True, at=day(7))
    tell(ledger, form, opened)
    with monkeypatch.context() as limited:
        limited.setattr(past, "HISTORY_EVENTS_MAX", 3)
        answer = tell(ledger, card)
    assert (answer.is_late, answer.is_pending, answer.restated) == (True, True, None)
    assert answer.leaf == ledger.entries[answer.position - 1].leaf
    assert (answer.stage, lead(ledger).stage) == ("MAL", "MAL")
    assert list(ledger.set_aside) == [answer.lead]
    audit_of(ledger)
    # The next late report counts together with the one that waits.
    tell(ledger, visit)
    assert lead(ledger).pending is None
    assert as_in_order(ledger, form, opened, card, visit)


def test_a_report_that_waits_is_decided_when_its_lead_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form, opened, card = (
        report(type, at)
        for type, at in (("form.submitted", 5), ("email.opened", 6), ("card.captured", 1))
    )
    ledger = LedgerInMemory(expects_faults=True, at=day(7))
    tell(ledger, form, opened)
    with monkeypatch.context() as limited:
        limited.setattr(past, "HISTORY_EVENTS_MAX", 3)
        tell(ledger, card)
    wait(ledger, day(8))
    assert (lead(ledger).pending, len(restatements(ledger))) == (None, 1)
    assert as_in_order(ledger, form, opened, card)
