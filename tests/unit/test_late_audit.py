"""Verification of late reports: what counts since then has to be recorded together with them."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.effects import Effects
from domain.rules.selection import Contender, Question, shown, survey_of
from domain.signal import Signal
from events.batch import draft
from events.limits import SETTLEMENTS_MAX
from events.outcomes import Recorded
from events.records import encode, leaf_of
from events.refusals import Refused
from events.selections.auditing import SelectionAudit
from events.selections.evidence import Run, ledger_signal, qualifying_signal
from events.selections.running import data_of_run
from events.selections.surveying import Found
from events.signals.context import Context
from events.submission import Item, Submission
from events.verification.findings import Finding
from tests.support.audited import audit_of
from tests.support.late_reports import (
    COMPANY,
    TARO,
    Reported,
    account,
    lead,
    report,
    restatements,
    tell,
)
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory
from tests.support.stories import day

FORM, OPENED = report("form.submitted", 2), report("email.opened", 3)
CARD = report("card.captured", 1)


def cut_off_restatement(ledger: LedgerInMemory) -> None:
    """Remove what the last report restated from the end of the log."""
    recorded = len(ledger.entries)
    while ledger.entries[-1].event.type in ("lead.restated", "account.restated"):
        cut = ledger.entries.pop()
        del ledger.keys[cut.envelope.source, cut.envelope.id]
    assert len(ledger.entries) < recorded
    ledger.forget_decoded()
    ledger.start_again()


@pytest.mark.parametrize("then", [(), (report("form.submitted", 4, TARO),)])
def test_a_late_report_without_its_restatement_is_found(then: tuple[Reported, ...]) -> None:
    """Whether the log ends after its transaction, or another one follows."""
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    late = tell(ledger, CARD)
    cut_off_restatement(ledger)
    for reported in then:
        tell(ledger, reported)
    with pytest.raises(Finding, match="together with it") as found:
        audit_of(ledger)
    assert found.value.position == late.position


def test_a_change_of_a_company_without_the_restatement_of_its_leads_is_found() -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM)
    listing = tell(ledger, report("competitor.listed", 1, COMPANY))
    cut_off_restatement(ledger)
    with pytest.raises(Finding, match="together with it") as found:
        audit_of(ledger)
    assert found.value.position == listing.position


def test_a_late_report_that_changes_nothing_needs_no_restatement() -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    assert tell(ledger, report("email.sent", 2.5)).is_late
    assert restatements(ledger) == []
    audit_of(ledger)


@pytest.mark.parametrize(
    ("effects", "what"),
    [
        ({"points": [["visited", 99, 5]]}, "together with it"),
        ({"points": [["visited", 2, 5]], "repeats": {"by_name": True}}, "the effects of its time"),
        ({"late": True}, "the effects of its time"),
    ],
)
def test_other_effects_of_a_late_report_than_those_of_its_time_are_found(
    effects: Effects, what: str
) -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM, OPENED)
    position = tell(ledger, report("visit.recorded", 2.5)).position
    entry = ledger.entries[position - 1]
    forged = encode(entry.event._replace(effects=effects), entry.envelope)
    ledger.entries[position - 1] = entry._replace(record=forged.decode(), leaf=leaf_of(forged))
    with pytest.raises(Finding, match=what) as found:
        audit_of(ledger)
    assert found.value.position == position


def test_a_run_whose_lead_was_reported_on_meanwhile_decides_as_of_its_own_time() -> None:
    ledger = LedgerInMemory()
    profile = {"profile": {"industry": "steel", "position": "director"}}
    target = {**FORM, "lead": {**FORM["lead"], **profile}, "account": {"domain": COMPANY}}
    lead_id = tell(ledger, target).lead
    assert lead_id is not None
    run = recorded_run(ledger, lead_id)
    tell(ledger, OPENED)
    qualified = qualifying_signal(ledger.in_force.lifecycle.events["lead.qualified"], run, lead_id)
    answer = record_own(ledger, qualified)
    assert (answer.is_late, answer.stage, lead(ledger).entered_at) == (True, "MQL", run.at)
    selections = SelectionAudit({run.read_at: [run]})
    assert audit_of(ledger, selections).subjects == ledger.subjects


def recorded_run(ledger: LedgerInMemory, lead_id: str) -> Run:
    """Record the evidence of a selection run that selects one lead."""
    read_at, at = len(ledger.entries), day(2.5)
    survey = survey_of({1: ledger.compiled}, Question(at, None, 1))
    survey.look_at(Contender(lead_id, lead(ledger), account(ledger)))
    ranking = shown(survey.ranking())
    found = data_of_run(Found(survey, read_at, 1, None, 0, ranking))
    week = {"team": "inside-1", "starts_on": "2026-04-06", "ends_on": "2026-04-10"}
    answer = record_own(ledger, of_run(ledger, "selection.run", {**week, **found}))
    record_own(ledger, of_run(ledger, "selection.ranked", {"ranking": ranking}, "ranked", "0"))
    return Run("run", answer.position, at, read_at, found)


def of_run(ledger: LedgerInMemory, type: str, data: Mapping[str, Any], *part: str) -> Signal:
    event_type = ledger.in_force.lifecycle.events[type]
    return ledger_signal(event_type, "run", *part, at=day(2.5), data=data)


def record_own(ledger: LedgerInMemory, signal: Signal) -> Recorded:
    context = Context(ledger.in_force.lifecycle, DIGESTS, SENDER, RECEIVED_AT)
    (answer,) = ledger.submit(Submission((Item(signal, b"{}", context),), is_own=True))
    assert isinstance(answer, Recorded), answer
    return answer


def test_a_refused_decision_leaves_no_trace_in_what_late_reports_become() -> None:
    """It is judged by what counts once they are known, but nothing in the log says that it was."""
    ledger = LedgerInMemory()
    tell(ledger, FORM, report("email.opened", 9))

    answers = ledger.send(
        report("email.opened", 5), report("lead.sales_accepted", 10), report("card.captured", 1)
    )

    assert [type(answer) for answer in answers] == [Recorded, Refused, Recorded]
    card = answers[-1]
    assert isinstance(card, Recorded)
    assert [event.cause for event in restatements(ledger)] == [card.position]
    assert audit_of(ledger).subjects == ledger.subjects


def test_a_decision_that_waits_because_a_batch_has_decided_often_enough_verifies() -> None:
    ledger = LedgerInMemory()
    tell(ledger, FORM, report("email.opened", 19))
    refused = [
        one
        for day in range(SETTLEMENTS_MAX)
        for one in (report("email.opened", 5 + day), report("lead.sales_accepted", 20 + day))
    ]

    *_, card, answer = ledger.send(
        *refused, report("card.captured", 1), report("lead.qualified", 30)
    )

    assert isinstance(card, Recorded)
    assert isinstance(answer, Recorded)
    assert answer.is_pending
    audit_of(ledger)


def test_a_decision_that_waits_after_a_late_report_that_changes_nothing_verifies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lead has been decided again before the decision, and nothing was to be restated."""
    monkeypatch.setattr(draft, "SETTLED_IN_BATCH_EVENTS_MAX", 5)
    ledger = LedgerInMemory()
    tell(ledger, FORM, report("lead.qualified", 3), report("email.opened", 9))

    mail, accepted = ledger.send(report("email.sent", 5), report("lead.sales_accepted", 4))

    assert isinstance(mail, Recorded)
    assert isinstance(accepted, Recorded)
    assert (mail.is_pending, accepted.is_pending) == (False, True)
    assert restatements(ledger) == []
    audit_of(ledger)
