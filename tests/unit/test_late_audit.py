"""Verification of late reports: what counts since then has to be recorded together with them."""

import pytest

from events.append import plan
from events.batch.draft import Draft
from events.outcomes import Recorded
from events.revision.planned_past import PlannedPast
from events.selections.auditing import SelectionAudit
from events.selections.evidence import Run, qualifying_signal
from events.signals.context import Context
from events.submission import Item, Submission
from events.verification.findings import Finding
from tests.support.audited import audit_of
from tests.support.late_reports import COMPANY, TARO, Reported, lead, report, restatements, tell
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory
from tests.support.stories import day

FORM, OPENED = report("form.submitted", 2), report("email.opened", 3)
CARD = report("card.captured", 1)


def forgetful(draft: Draft, subject_id: str, _: PlannedPast) -> None:
    """Leave out what counts since a late report."""
    draft.settled([subject_id])


@pytest.mark.parametrize("then", [(), (report("form.submitted", 4, TARO),)])
def test_a_late_report_without_its_restatement_is_found(
    monkeypatch: pytest.MonkeyPatch, then: tuple[Reported, ...]
) -> None:
    """Whether the log ends after its transaction, or another one follows."""
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    with monkeypatch.context() as forgotten:
        forgotten.setattr(plan, "settle_one", forgetful)
        late = tell(ledger, CARD)
    assert restatements(ledger) == []
    for reported in then:
        tell(ledger, reported)
    with pytest.raises(Finding, match="together with it") as found:
        audit_of(ledger)
    assert found.value.position == late.position


def test_a_change_of_a_company_without_the_restatement_of_its_leads_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM)
    with monkeypatch.context() as forgotten:
        forgotten.setattr(plan, "settle_one", forgetful)
        listing = tell(ledger, report("competitor.listed", 1, COMPANY))
    with pytest.raises(Finding, match="together with it") as found:
        audit_of(ledger)
    assert found.value.position == listing.position


def test_a_late_report_that_changes_nothing_needs_no_restatement() -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    assert tell(ledger, report("email.sent", 2.5)).is_late
    assert restatements(ledger) == []
    audit_of(ledger)


def test_a_run_whose_lead_was_reported_on_meanwhile_decides_as_of_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The evidence of the run is judged apart."""
    monkeypatch.setattr(SelectionAudit, "doubts", lambda *_: ())
    ledger = LedgerInMemory()
    profile = {"profile": {"industry": "steel", "position": "director"}}
    target = {**FORM, "lead": {**FORM["lead"], **profile}, "account": {"domain": COMPANY}}
    lead_id = tell(ledger, target, OPENED).lead
    assert lead_id is not None
    run = Run("run", 1, day(2.5), 1, {})
    signal = qualifying_signal(ledger.in_force.lifecycle.events["lead.qualified"], run, lead_id)
    context = Context(ledger.in_force.lifecycle, DIGESTS, SENDER, RECEIVED_AT)
    (answer,) = ledger.submit(Submission((Item(signal, b"{}", context),), is_own=True))
    assert isinstance(answer, Recorded), answer
    assert (answer.is_late, answer.stage, lead(ledger).entered_at) == (True, "MQL", day(2.5))
    assert audit_of(ledger).subjects == ledger.subjects
