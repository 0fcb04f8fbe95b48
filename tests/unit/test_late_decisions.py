"""Decisions that are reported late are judged by where the lead was when they were taken.

A deadline that was missed and an automatic return that was recorded in the meantime count only if
they still follow from what happened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.late_reports import (
    TARO,
    Reported,
    as_in_order,
    lead,
    refuse,
    report,
    restatements,
    tell,
    wait,
)
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import day, jst, returning_funnel

QUALIFIED, IN_TIME = jst("2026-04-01T10:00"), jst("2026-04-02T10:00")
MISSED, RETURNED = jst("2026-04-06T10:00"), jst("2026-04-08T18:00")

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


def outcomes(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(one["type"], one["position"], one.get("stage")) for one in entries]


def test_a_decision_reported_after_the_return_is_judged_from_where_the_lead_was() -> None:
    """Neither the breach nor the return counts any more."""
    ledger = returned(*HANDED_OVER)
    back = ledger.records[-1].event.position
    answer = tell(ledger, ACCEPTED)
    (restated,) = restatements(ledger)
    assert (answer.stage, answer.restated) == ("SAL", restated.position)
    assert outcomes(restated.data["no_longer_counts"]) == [
        ("deadline.breached", str(back - 1), None),
        ("lead.returned", str(back), "MAL"),
    ]
    assert outcomes(restated.data["counts_now"]) == [
        ("lead.sales_accepted", str(answer.position), "SAL"),
        ("deadline.met", str(answer.position), None),
        ("deadline.started", str(answer.position), None),
        ("deadline.breached", str(answer.position), None),
    ]
    assert restated.data["stages"] == ["MAL", "SAL"]
    assert set(restated.data["types"]) == {
        *("deadline.breached", "deadline.met", "deadline.started"),
        *("lead.returned", "lead.sales_accepted"),
    }
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
