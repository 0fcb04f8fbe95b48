"""Two people were mistaken for one: the second person's reports are taken off the first."""

from itertools import pairwise
from typing import Any

import pytest

from domain.lead.state import LeadState
from events.outcomes import Recorded
from events.refusals import Refused
from tests.support.audited import audit_of
from tests.support.calls import Calls
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import day
from tests.unit.test_taking_back import decided, lead, reported, restated, stages

SHARED = {"user_id": "shared"}
HANAKO = {"email": "hanako@acme.example"}
TARO = {"email": "taro@acme.example"}
COOKIE = {"anonymous_id": "cookie-1"}


def joined(ledger: LedgerInMemory) -> tuple[str, int, int]:
    """Report two people under one id; return the lead, and the positions of each one's reports."""
    first = reported(ledger, "form.submitted", 1, HANAKO | SHARED)
    second = reported(ledger, "form.submitted", 2, TARO | SHARED)
    assert first.lead == second.lead
    assert first.lead is not None
    return first.lead, first.position, second.position


def unlinked(ledger: LedgerInMemory, lead_id: str, *events: int, **taken: Any) -> str:
    """Take reports off a lead; return the other person."""
    outcome = decided(
        ledger,
        "identity.unlinked",
        lead={"id": lead_id, **taken},
        data={"events": [str(one) for one in events]},
    )
    other = next(one for one in outcome.derived if one.type == "identity.unlinked")
    # Verification of the log gets the same result from the records alone.
    assert audit_of(ledger).subjects == ledger.subjects
    return other.subject.removeprefix("lead/")


def refuses(ledger: LedgerInMemory, lead: dict[str, Any], *events: object) -> tuple[str, str]:
    outcome = ledger.send_one(
        "identity.unlinked", lead=lead, data={"events": [str(one) for one in events]}
    )
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.reason, outcome.refusal.pointer or ""


def test_what_another_person_reported_counts_for_that_person_from_the_beginning() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    qualified = reported(ledger, "lead.qualified", 3, TARO)
    assert lead(ledger, hanako).stage == "MQL"

    taro = unlinked(ledger, hanako, second, qualified.position, **TARO)

    assert (lead(ledger, hanako).stage, lead(ledger, taro).stage) == ("MAL", "MQL")
    assert lead(ledger, taro).entered_at == day(3)
    assert stages(restated(ledger, hanako)["no_longer_counts"]) == ["MQL"]
    assert stages(restated(ledger, taro)["counts_now"])[-1] == "MQL"
    assert lead(ledger, hanako).account == lead(ledger, taro).account is not None


def test_what_is_taken_off_names_the_other_person_from_then_on() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    phone = {"phone": "03-1234-5678"}
    reported(ledger, "email.opened", 3, HANAKO | phone)

    taro = unlinked(ledger, hanako, second, **TARO, **phone)

    ledger.start_again()
    assert reported(ledger, "email.opened", 4, TARO).lead == taro
    assert reported(ledger, "email.opened", 4, phone).lead == taro
    assert reported(ledger, "email.opened", 4, HANAKO).lead == hanako
    assert reported(ledger, "email.opened", 4, SHARED).lead == hanako
    assert lead(ledger, taro).holds == ("email", "phone")
    assert lead(ledger, hanako).holds == ("email", "user_id")


def test_an_address_alone_can_be_taken_off() -> None:
    ledger = LedgerInMemory()
    hanako, _, _ = joined(ledger)
    taro = unlinked(ledger, hanako, **TARO)
    assert lead(ledger, taro).void
    assert reported(ledger, "form.submitted", 3, TARO).lead == taro
    assert (lead(ledger, taro).stage, lead(ledger, taro).void) == ("MAL", False)


def test_a_visitor_that_turned_out_to_be_the_other_person_goes_with_that_person() -> None:
    ledger = LedgerInMemory()
    visitor = reported(ledger, "visit.recorded", 1, COOKIE)
    hanako = reported(ledger, "form.submitted", 2, HANAKO | SHARED).lead
    absorbing = reported(ledger, "form.submitted", 3, TARO | SHARED | COOKIE)
    assert hanako is not None
    assert lead(ledger, hanako).absorbs == (visitor.lead,)

    taro = unlinked(ledger, hanako, absorbing.position, **TARO)

    assert visitor.lead is not None
    assert lead(ledger, visitor.lead).absorbed_by == taro
    assert (lead(ledger, hanako).absorbs, lead(ledger, taro).absorbs) == ((), (visitor.lead,))
    assert reported(ledger, "visit.recorded", 4, COOKIE).lead == taro
    # This holds even when taken back later: absorptions do not depend on what counts.
    decided(ledger, "event.voided", data={"event": str(absorbing.position)})
    assert lead(ledger, taro).absorbs == (visitor.lead,)


def test_a_deal_goes_with_the_report_that_named_it() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    opened = reported(ledger, "opportunity.created", 3, SHARED, opportunity="deal-1")

    taro = unlinked(ledger, hanako, second, opened.position, **TARO)

    assert dict(lead(ledger, hanako).opportunities) == {}
    ledger.start_again()
    assert reported(ledger, "opportunity.won", 4, {}, opportunity="deal-1").lead == taro
    assert dict(lead(ledger, taro).opportunities) == {"test/deal-1": "won"}


def test_it_can_follow_in_the_batch_of_what_it_moves() -> None:
    ledger = LedgerInMemory()
    hanako, first, _ = joined(ledger)
    ledger.let_happen()
    end = len(ledger.entries)
    outcomes = ledger.send(
        {"id": "b-1", "type": "opportunity.created", "lead": SHARED, "data": {"opportunity": "d"}},
        {
            "id": "b-2",
            "type": "identity.unlinked",
            "lead": {"id": hanako, **TARO},
            "data": {"events": [str(end + 1)]},
        },
        {"id": "b-3", "type": "opportunity.won", "data": {"opportunity": "d"}},
    )
    assert [isinstance(one, Recorded) for one in outcomes] == [True, True, True]
    won = outcomes[2]
    assert isinstance(won, Recorded)
    assert won.lead not in (None, hanako)
    assert first < end


def test_what_was_moved_can_be_moved_on_and_taken_back() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    taro = unlinked(ledger, hanako, second, **TARO)
    jiro = unlinked(ledger, taro, second, email="jiro@acme.example")
    assert (lead(ledger, taro).void, lead(ledger, jiro).stage) == (True, "MAL")

    decided(ledger, "event.voided", data={"event": str(second)})

    assert lead(ledger, jiro).void
    assert lead(ledger, hanako).stage == "MAL"
    assert decided(ledger, "event.voided", data={"event": str(second)}).is_already


def test_a_merge_undoes_it() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    ledger.let_happen()
    before = lead(ledger, hanako)
    taro = unlinked(ledger, hanako, second, **TARO)
    decided(ledger, "identity.merged", lead={"id": hanako}, data={"other": taro})
    assert _comparable(lead(ledger, hanako)) == _comparable(before)
    assert reported(ledger, "email.opened", 5, TARO).lead == hanako


def test_reports_of_a_merged_lead_are_found_again_when_that_lead_is_separate() -> None:
    ledger = LedgerInMemory()
    hanako = reported(ledger, "form.submitted", 1, HANAKO).lead
    taro = reported(ledger, "form.submitted", 1, TARO)
    qualified = reported(ledger, "lead.qualified", 2, TARO)
    assert hanako is not None
    assert taro.lead is not None
    decided(ledger, "identity.merged", lead={"id": hanako}, data={"other": taro.lead})
    jiro = unlinked(ledger, hanako, qualified.position, email="jiro@acme.example")

    decided(ledger, "identity.unmerged", lead={"id": taro.lead})

    assert lead(ledger, taro.lead).stage == "MAL"
    assert qualified.position in lead(ledger, jiro).awaiting


@pytest.mark.parametrize(
    ("taken", "events", "expected"),
    [
        ({}, (), ("event-invalid", "/data/events")),
        ({"email": "n/a"}, (), ("event-invalid", "/lead/email")),
        ({"email": "jiro@acme.example"}, (), ("taking-back-not-possible", "/lead")),
        ({}, ("999",), ("event-unknown", "/data/events/0")),
        ({}, ("x",), ("event-invalid", "/data/events")),
        ({}, ("4", "4"), ("event-invalid", "/data/events")),
    ],
)
def test_what_cannot_be_taken_off_is_refused(
    taken: dict[str, str], events: tuple[str, ...], expected: tuple[str, str]
) -> None:
    ledger = LedgerInMemory()
    hanako, _, _ = joined(ledger)
    reported(ledger, "form.submitted", 1, {"email": "jiro@acme.example"})
    assert refuses(ledger, {"id": hanako, **taken}, *events) == expected


def test_only_reports_about_the_lead_are_taken_off_it() -> None:
    ledger = LedgerInMemory()
    hanako, _, second = joined(ledger)
    other = reported(ledger, "form.submitted", 1, {"email": "jiro@acme.example"})
    derived = other.derived[0].position
    not_possible = "taking-back-not-possible"
    assert refuses(ledger, {"id": hanako}, other.position) == (not_possible, "/data/events/0")
    assert refuses(ledger, {"id": hanako}, second, derived) == (not_possible, "/data/events/1")
    assert refuses(ledger, HANAKO, second) == ("event-invalid", "/lead/id")
    unknown = {"id": "01930000-0000-7000-8000-000000000000"}
    assert refuses(ledger, unknown, second) == ("lead-unknown", "/lead")
    unlinked(ledger, hanako, second)
    assert refuses(ledger, {"id": hanako}, second) == (not_possible, "/data/events/0")


def test_a_number_of_two_who_are_one_is_taken_off_both() -> None:
    ledger = LedgerInMemory()
    phone = {"phone": "03-1234-5678"}
    hanako = reported(ledger, "form.submitted", 1, HANAKO | phone).lead
    taro = reported(ledger, "form.submitted", 2, TARO | phone).lead
    assert hanako is not None
    decided(ledger, "identity.merged", lead={"id": hanako}, data={"other": taro})

    jiro = unlinked(ledger, hanako, **phone)

    for _ in range(2):
        assert reported(ledger, "email.opened", 3, phone).lead == jiro
        ledger.start_again()


def test_a_lead_that_was_merged_many_times_is_looked_at_once() -> None:
    """Each names all earlier ones: walked naively, two dozen take millions of steps."""
    ledger = LedgerInMemory()
    people = [{"email": f"p{number}@acme.example"} for number in range(24)]
    leads = [reported(ledger, "form.submitted", 1, one).lead for one in people]
    for one, other in pairwise(leads):
        decided(ledger, "identity.merged", lead={"id": other}, data={"other": one})
    opened = reported(ledger, "email.opened", 2, people[0])
    assert leads[-1] is not None
    calls = Calls()
    with calls.counted():
        unlinked(ledger, leads[-1], opened.position, email="other@acme.example")
    assert calls.count < 1_000_000, calls.count


def test_a_shared_number_is_taken_off_no_lead() -> None:
    ledger = LedgerInMemory()
    phone = {"phone": "03-1234-5678"}
    hanako = reported(ledger, "form.submitted", 1, HANAKO | phone).lead
    reported(ledger, "form.submitted", 2, TARO | phone)
    assert refuses(ledger, {"id": hanako, **phone}) == ("taking-back-not-possible", "/lead")


def _comparable(state: LeadState) -> dict[str, Any]:
    """The state without the leads that forward to it, which the merge reports."""
    parted = {name: value for name, value in state._asdict().items() if value}
    return {name: parted[name] for name in parted.keys() - {"absorbs", "parted", "holds"}}
