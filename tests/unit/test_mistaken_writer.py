"""Verification against a writer that decides late reports at the wrong moment."""

import pytest

from domain.signal import Signal
from events.append import decide, plan
from events.batch.draft import Draft
from events.revision.past import Recollection
from events.revision.planned_past import PlannedPast
from events.verification.findings import Finding
from tests.support.audited import audit_of
from tests.support.late_reports import Reported, report, tell
from tests.support.ledger_in_memory import LedgerInMemory

FORM, OPENED = report("form.submitted", 2), report("email.opened", 3)
CARD = report("card.captured", 1)


def test_a_report_that_was_decided_before_earlier_late_reports_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decide, "_waiting", lambda *_, **__: [])
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    ledger.send(CARD, report("email.opened", 4))
    with pytest.raises(Finding, match="before the next report"):
        audit_of(ledger)


@pytest.mark.parametrize("then", [CARD, report("email.opened", 4)])
def test_late_reports_have_effects_of_their_own_only_at_the_end_of_a_batch(
    then: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide_and_settle(draft: Draft, signal: Signal, recollection: Recollection) -> object:
        decided = decide.decide_signal(draft, signal, recollection)
        for subject_id in list(draft.unsettled):
            decide.settle_one(draft, subject_id, PlannedPast(draft, recollection))
        return decided

    monkeypatch.setattr(plan, "decide_signal", decide_and_settle)
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    ledger.send(report("visit.recorded", 2.5), then)
    with pytest.raises(Finding, match="only if no restatement or later report follows"):
        audit_of(ledger)
