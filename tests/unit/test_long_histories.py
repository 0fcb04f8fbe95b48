"""A lead with a long history is decided again later, together for all late reports until then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.lead.state import LeadState
from events.batch import draft
from events.batch.draft import Draft
from events.batch.entries import Prepared
from events.revision import redecide
from events.revision.past import NotRecalled, Recollection
from events.revision.prepared import prepare
from events.submission import Submission
from tests.support.audited import audit_of
from tests.support.late_reports import (
    COMPANY,
    HANAKO,
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
from tests.support.ledger_in_memory import DIGESTS, LedgerInMemory
from tests.support.permuted import PEOPLE
from tests.support.stories import day

KNOWN = (report("form.submitted", 5), report("email.opened", 6), report("email.opened", 7))
CARD, DEAL = report("card.captured", 1), report("opportunity.created", 2, opportunity="deal")
LATER = day(40) + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def short_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redecide, "SETTLED_AT_ONCE_EVENTS_MAX", 3)


@dataclass
class Watched(LedgerInMemory):
    """A ledger that notes whose histories were read."""

    histories_read: list[str] = field(default_factory=list)

    def _recollect(self, needed: NotRecalled, recollection: Recollection) -> None:
        self.histories_read += needed.histories
        super()._recollect(needed, recollection)


def waiting(*late: Reported) -> Watched:
    """Return a ledger in which a lead waits to be decided again."""
    ledger = Watched(at=day(40))
    tell(ledger, *KNOWN)
    for one in late:
        answer = tell(ledger, one)
        assert (answer.is_late, answer.is_pending, answer.restated) == (True, True, None)
        assert answer.stage == "MAL"
    return ledger


def prepared(ledger: LedgerInMemory) -> dict[str, Prepared]:
    """Decide the lead again on a snapshot, as the background does."""
    lead_id = ledger.pointers[DIGESTS.identifier("user_id", HANAKO)]
    woken, recollection = Submission((), woken=(lead_id,)), Recollection()
    while True:
        ledger._recall([woken], recollection)
        try:
            found = prepare(lead_id, Draft(ledger.memory, day(40)), recollection)
        except NotRecalled as needed:
            LedgerInMemory._recollect(ledger, needed, recollection)
        else:
            assert found is not None
            return {lead_id: found}


def wake(ledger: LedgerInMemory, ready: dict[str, Prepared]) -> None:
    ledger.at = LATER
    ledger.submit(Submission((), woken=tuple(ready), prepared=ready))


def test_late_reports_about_it_have_one_restatement_a_little_later() -> None:
    ledger = waiting(CARD, DEAL)
    assert restatements(ledger) == []
    wait(ledger, LATER)
    (restated,) = restatements(ledger)
    assert (restated.effects["state"]["stage"], lead(ledger).pending) == ("OPP", None)
    assert as_in_order(ledger, *KNOWN, CARD, DEAL)


def test_until_then_decisions_are_judged_by_the_course_last_recorded() -> None:
    ledger = waiting(DEAL)
    decision = report("lead.sales_accepted", 3)
    assert refuse(ledger, decision).members["stage"] == "MAL"
    wait(ledger, LATER)
    assert lead(ledger).stage == "OPP"


def test_what_was_decided_on_a_snapshot_is_recorded_without_reading_any_history() -> None:
    ledger = waiting(CARD, DEAL)
    ready = prepared(ledger)
    tell(ledger, report("form.submitted", 8, TARO.replace(COMPANY, "other.example")))
    ledger.histories_read.clear()
    wake(ledger, ready)
    assert (ledger.histories_read, len(restatements(ledger))) == ([], 1)
    assert audit_of(ledger).subjects == ledger.subjects
    assert isinstance(lead(ledger), LeadState)
    assert lead(ledger).stage == "OPP"


@pytest.mark.parametrize(("hours", "is_overdue"), [(range(26), True), ((0, 500), False)])
def test_what_counts_is_overdue_after_a_day_in_which_the_service_was_at_work(
    hours: Sequence[int], *, is_overdue: bool
) -> None:
    """While it was stopped, it could not decide the lead again."""
    ledger = waiting(CARD)
    for hour in hours:
        ledger.at = day(41) + timedelta(hours=hour)
        tell(ledger, report("visit.recorded", ledger.at, TARO.replace(COMPANY, "other.example")))
    ((lead_id, pending, found),) = audit_of(ledger).late.pending()
    assert (ledger.subjects[lead_id].state, found) == (lead(ledger), is_overdue)
    assert pending == lead(ledger).pending


AFTERWARDS: Sequence[tuple[str, Sequence[Reported]]] = [
    ("the lead", [report("email.opened", 8)]),
    ("its company", [report("account.segmented", 9, COMPANY, segment="low")]),
    ("another lead of its company that buys", [report("order.recorded", 8, TARO, order="o")]),
]


@pytest.mark.parametrize(("changed", "then"), AFTERWARDS)
def test_if_anybody_concerned_has_changed_since_then_the_lead_waits_for_another_try(
    changed: str, then: Sequence[Reported]
) -> None:
    ledger = waiting(CARD, DEAL)
    ready = prepared(ledger)
    tell(ledger, *then)
    wake(ledger, ready)
    assert lead(ledger).pending is not None, changed
    wake(ledger, {id: one._replace(is_last_try=True) for id, one in ready.items()})
    assert lead(ledger).pending is None
    assert as_in_order(ledger, *KNOWN, CARD, DEAL, *then)


def test_a_batch_decides_a_bounded_number_of_events_again_and_the_other_leads_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redecide, "SETTLED_AT_ONCE_EVENTS_MAX", 1_000)
    monkeypatch.setattr(draft, "SETTLED_IN_BATCH_EVENTS_MAX", 5)
    people = PEOPLE[:1] + PEOPLE[-1:]  # of different companies
    known = [report("form.submitted", 5, whom) for whom in people]
    late = [report("opportunity.created", 2, whom, opportunity="deal") for whom in people]
    ledger = LedgerInMemory(at=day(40))
    tell(ledger, *known)
    answers = ledger.send(*late)
    assert [(one.is_pending, one.restated is None) for one in answers] == [  # type: ignore[union-attr]
        (False, False),
        (True, True),
    ]
    wait(ledger, LATER)
    assert [lead(ledger, whom).stage for whom in people] == ["OPP", "OPP"]
    assert as_in_order(ledger, *known, *late)
