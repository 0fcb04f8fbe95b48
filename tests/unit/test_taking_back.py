"""Decisions about identities and about what no longer counts: carried out, and decided again."""

from datetime import UTC
from typing import Any

import pytest

from domain.event import Event
from domain.lead.state import DORMANT, AccountState, LeadState, Timer
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from events.revision import past
from projections.funnel.fold import Stages, fold
from tests.support.ledger_in_memory import DIGESTS, LedgerInMemory
from tests.support.planted_everywhere import VALUES, found_in
from tests.support.stories import day, demand_funnel

HANAKO, TARO = {"email": "hanako@acme.example"}, {"email": "taro@other.example"}
COOKIE = {"anonymous_id": "c-1"}


def reported(ledger: LedgerInMemory, type: str, at: float, lead: Any, **data: Any) -> Recorded:
    outcome = ledger.send_one(type, time=day(at).isoformat(), lead=lead, data=data)
    assert isinstance(outcome, Recorded), outcome
    return outcome


def decided(ledger: LedgerInMemory, type: str, **event: Any) -> Recorded:
    outcome = ledger.send_one(type, **event)
    assert isinstance(outcome, Recorded), outcome
    return outcome


def refused(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.reason


def lead(ledger: LedgerInMemory, lead_id: str | None) -> LeadState:
    assert lead_id is not None
    state = ledger.subjects[lead_id].state
    assert isinstance(state, LeadState)
    return state


def restated(ledger: LedgerInMemory, lead_id: str | None) -> dict[str, Any]:
    """Return the data of the last restatement of a lead."""
    events = [event for event, _ in ledger.records if event.type == "lead.restated"]
    return dict([one for one in events if one.subject.id == lead_id][-1].data)


def company_stages(ledger: LedgerInMemory) -> dict[str, str | None]:
    """Return the stage of each company, by its domain."""
    found = {}
    for company in ("acme.example", "other.example"):
        state = ledger.subjects[ledger.pointers[DIGESTS.identifier("domain", company)]].state
        assert isinstance(state, AccountState)
        found[company] = state.stage
    return found


def stages(outcomes: list[dict[str, Any]]) -> list[str]:
    return [one["stage"] for one in outcomes if "stage" in one]


def test_a_merged_lead_is_the_person_that_both_always_were() -> None:
    ledger = LedgerInMemory()
    survivor = reported(ledger, "form.submitted", 5, HANAKO).lead
    other = reported(ledger, "visit.recorded", 1, COOKIE).lead
    reported(ledger, "form.submitted", 2, COOKIE | TARO)
    reported(ledger, "lead.qualified", 3, TARO)

    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": other})

    one = lead(ledger, survivor)
    entered = ("AL", "ML", "MAL", "MQL")
    assert (one.stage, one.entered, one.absorbs) == ("MQL", entered, (other,))
    assert (one.entered_at, one.acquired_at) == (day(3), day(2))
    assert (lead(ledger, other).stage, lead(ledger, other).absorbed_by) == (None, survivor)
    changed = restated(ledger, survivor)
    assert stages(changed["no_longer_counts"]) == ["ML", "MAL"]
    assert stages(changed["counts_now"]) == ["AL", "ML", "MAL", "MQL"]


def test_what_comes_for_a_merged_lead_is_its_own_again_after_the_unmerge() -> None:
    ledger = LedgerInMemory()
    survivor = reported(ledger, "form.submitted", 1, HANAKO).lead
    other = reported(ledger, "form.submitted", 1, TARO).lead
    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": other})
    received = reported(ledger, "lead.qualified", 2, TARO)
    assert (received.subject, received.lead) == (f"lead/{other}", survivor)

    decided(ledger, "identity.unmerged", lead={"id": other})

    assert (lead(ledger, survivor).stage, lead(ledger, other).stage) == ("MAL", "MQL")
    assert lead(ledger, survivor).absorbs == ()
    assert reported(ledger, "email.opened", 3, TARO).lead == other


def test_a_visitor_that_was_another_person_is_separate_again() -> None:
    ledger = LedgerInMemory()
    visitor = reported(ledger, "visit.recorded", 1, COOKIE).lead
    person = reported(ledger, "form.submitted", 2, HANAKO).lead
    reported(ledger, "opportunity.created", 3, COOKIE, opportunity="deal")
    reported(ledger, "form.submitted", 4, COOKIE | HANAKO)
    assert lead(ledger, person).stage == "OPP"
    assert lead(ledger, visitor).absorbed_by == person

    decided(ledger, "identity.unmerged", lead={"id": visitor})

    assert (lead(ledger, person).stage, lead(ledger, person).opportunities) == ("MAL", {})
    assert (lead(ledger, visitor).stage, dict(lead(ledger, visitor).opportunities)) == (
        "AL",
        {"test/deal": "open"},
    )


def test_a_visitor_absorbed_in_the_meantime_stays_with_the_person_it_turned_out_to_be() -> None:
    ledger = LedgerInMemory()
    survivor = reported(ledger, "form.submitted", 1, HANAKO).lead
    other = reported(ledger, "form.submitted", 1, TARO).lead
    visitor = reported(ledger, "visit.recorded", 1, COOKIE).lead
    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": other})
    reported(ledger, "form.submitted", 2, COOKIE | TARO)
    assert lead(ledger, survivor).absorbs == (other, visitor)

    decided(ledger, "identity.unmerged", lead={"id": other})

    assert (lead(ledger, survivor).absorbs, lead(ledger, other).absorbs) == ((), (visitor,))


def test_leads_kept_apart_are_never_absorbed_again() -> None:
    ledger = LedgerInMemory()
    visitor = reported(ledger, "visit.recorded", 1, COOKIE).lead
    person = reported(ledger, "form.submitted", 2, COOKIE | HANAKO).lead
    assert person == visitor
    other = reported(ledger, "form.submitted", 3, TARO).lead
    decided(ledger, "identity.kept_apart", lead={"id": person}, data={"other": other})
    merging = ledger.send_one("identity.merged", lead={"id": other}, data={"other": person})
    assert refused(merging) == "merge-not-possible"
    again = decided(ledger, "identity.kept_apart", lead={"id": other}, data={"other": person})
    assert again.is_already


def test_a_voided_event_and_its_consequences_never_happened() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "form.submitted", 1, HANAKO).lead
    won = reported(ledger, "opportunity.won", 2, HANAKO, opportunity="deal")
    assert won.stage == "WON"

    decided(ledger, "event.voided", data={"event": str(won.position)})

    assert lead(ledger, person).stage == "MAL"
    assert stages(restated(ledger, person)["no_longer_counts"]) == ["WON"]
    account = lead(ledger, person).account
    assert account is not None
    assert ledger.subjects[account].state.stage == "PROSPECT"  # type: ignore[union-attr]


def test_a_lead_of_which_nothing_counts_begins_again() -> None:
    ledger = LedgerInMemory()
    first = reported(ledger, "form.submitted", 1, HANAKO)
    decided(ledger, "event.voided", data={"event": str(first.position)})
    assert lead(ledger, first.lead) == LeadState(void=True, holds=("email",))
    assert refused(ledger.send_one("lead.accepted", lead=HANAKO)) == "lead-unknown"

    again = reported(ledger, "form.submitted", 2, HANAKO)

    assert (again.lead, again.stage) == (first.lead, "MAL")
    assert lead(ledger, first.lead).entered_at == day(2)


def test_a_decision_that_is_no_longer_legal_waits_for_a_person() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "form.submitted", 1, HANAKO).lead
    qualified = reported(ledger, "lead.qualified", 2, HANAKO)
    accepted = reported(ledger, "lead.sales_accepted", 3, HANAKO)
    decided(ledger, "event.voided", data={"event": str(qualified.position)})
    assert lead(ledger, person).stage == "MAL"
    assert lead(ledger, person).awaiting == (accepted.position,)
    assert restated(ledger, person)["awaiting"] == [str(accepted.position)]


def test_a_corrected_call_has_the_outcome_that_it_should_have_had() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "form.submitted", 1, HANAKO).lead
    reported(ledger, "lead.qualified", 2, HANAKO)
    reported(ledger, "lead.sales_accepted", 3, HANAKO)
    call = reported(ledger, "screening.completed", 4, HANAKO, **{"class": "not_yet"})
    assert call.stage == "MAL"
    fields = {"class": "now"}
    decided(ledger, "event.corrected", data={"event": str(call.position), "fields": fields})
    assert (lead(ledger, person).stage, lead(ledger, person).entered_at) == ("SQL", day(4))


def test_a_corrected_time_is_when_it_happened() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "form.submitted", 1, HANAKO).lead
    qualified = reported(ledger, "lead.qualified", 2, HANAKO)
    fields = {"time": "2026-04-04T09:00:00+09:00"}
    decided(ledger, "event.corrected", data={"event": str(qualified.position), "fields": fields})
    assert (lead(ledger, person).stage, lead(ledger, person).entered_at) == ("MQL", day(3))
    changed = restated(ledger, person)
    assert [
        changed[name][0]["effective_time"][:10] for name in ("no_longer_counts", "counts_now")
    ] == [
        "2026-04-03",
        "2026-04-04",
    ]
    recorded = next(event for event, _ in ledger.records if event.type == "event.corrected")
    assert recorded.data["fields"] == {"time": "2026-04-04T00:00:00.000000Z"}


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (None, "RFC 3339"),
        (7, "RFC 3339"),
        ("2026-04-04", "RFC 3339"),
        ("2026-04-04T09:00:00", "RFC 3339"),
        ("1950-01-01T00:00:00Z", "RFC 3339"),
        ("2027-01-01T00:00:00Z", "not be later than now"),
    ],
)
def test_a_corrected_time_is_a_time_and_not_one_to_come(time: object, expected: str) -> None:
    ledger = LedgerInMemory()
    form = reported(ledger, "form.submitted", 1, HANAKO)
    correction = {"event": str(form.position), "fields": {"time": time}}
    outcome = ledger.send_one("event.corrected", data=correction)
    assert isinstance(outcome, Refused)
    assert (outcome.refusal.reason, outcome.refusal.pointer) == (
        "event-invalid",
        "/data/fields/time",
    )
    assert expected in outcome.refusal.detail


@pytest.mark.parametrize("value", VALUES.values())
@pytest.mark.parametrize("field", ["opportunity", "order", "product", "owner", "expected_close"])
def test_a_corrected_field_that_identifies_a_person_reaches_no_record(
    field: str, value: str
) -> None:
    ledger = LedgerInMemory()
    won = reported(ledger, "opportunity.won", 1, HANAKO, opportunity="o")
    correction = {"event": str(won.position), "fields": {field: value}}
    assert refused(ledger.send_one("event.corrected", data=correction)) == "event-invalid"
    assert [entry.record for entry in ledger.entries if found_in(entry.record)] == []


def test_timers_fire_again_between_what_counts() -> None:
    move = "- {on: lead.requalified, from: DISQUALIFIED, to: MAL, guards: [known]}"
    given_up = "- {on: lead.dormant, from: MAL, to: DISQUALIFIED}"
    ledger = LedgerInMemory(demand_funnel(changes=((move, f"{move}\n    {given_up}"),)))
    person = reported(ledger, "form.submitted", 201, HANAKO).lead
    wrong = reported(ledger, "email.opened", 202, HANAKO)
    armed = lead(ledger, person)._replace(timers={DORMANT: Timer(day(203), 1)})
    assert person is not None
    ledger.subjects[person] = ledger.subjects[person]._replace(state=armed)
    ledger.start_again()
    reported(ledger, "email.opened", 204, HANAKO)
    assert lead(ledger, person).stage == "DISQUALIFIED"
    decided(ledger, "event.voided", data={"event": str(wrong.position)})
    # Nothing that counts has armed the timer, so what it did counts no longer either.
    assert lead(ledger, person).stage == "MAL"


def test_a_history_that_is_too_long_is_not_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "HISTORY_EVENTS_MAX", 3)
    ledger = LedgerInMemory()
    first = reported(ledger, "form.submitted", 1, HANAKO)
    reported(ledger, "email.opened", 2, HANAKO)
    voided = ledger.send_one("event.voided", data={"event": str(first.position)})
    assert refused(voided) == "history-too-long"


P0, P1 = {"email": "p0@x.example"}, {"email": "p1@x.example"}


def company(ledger: LedgerInMemory, lead_id: str | None) -> AccountState:
    account = lead(ledger, lead_id).account
    assert account is not None
    state = ledger.subjects[account].state
    assert isinstance(state, AccountState)
    return state


def account_restated(ledger: LedgerInMemory) -> Event:
    return [event for event, _ in ledger.records if event.type == "account.restated"][-1]


@pytest.mark.parametrize("before", [0, 1, 8])
def test_a_company_of_which_an_event_was_voided_names_its_own_reports(before: int) -> None:
    ledger = LedgerInMemory()
    for number in range(before):
        reported(ledger, "email.sent", 1, {"email": f"somebody{number}@elsewhere.example"})
    order = reported(ledger, "order.recorded", 1, P0, order="1")
    decided(ledger, "event.voided", data={"event": str(order.position)})
    won = reported(ledger, "opportunity.won", 2, P1, opportunity="1")

    decided(ledger, "event.voided", data={"event": str(won.position)})

    restated = account_restated(ledger)
    assert restated.effects["stays"] == []
    assert restated.data["no_longer_counts"] == [
        {
            "type": "account.customer_gained",
            "time": "2026-04-03T00:00:00.000000Z",
            "data": {"lead": won.lead},
            "stage": "C",
            "effective_time": "2026-04-03T00:00:00.000000Z",
            "pass": 1,
            "position": str(won.position),
        }
    ]


def test_a_purchase_that_a_colleague_never_made_does_not_make_a_company_a_customer() -> None:
    ledger = LedgerInMemory()
    other = reported(ledger, "opportunity.reopened", 1, P1, opportunity="second")
    won = reported(ledger, "opportunity.won", 2, P0, opportunity="first")
    decided(ledger, "event.voided", data={"event": str(other.position)})

    decided(ledger, "event.voided", data={"event": str(won.position)})

    reported(ledger, "form.submitted", 3, P0)
    state = company(ledger, won.lead)
    assert (state.stage, dict(state.opportunities)) == ("PROSPECT", {})


def test_a_deal_that_was_corrected_and_then_voided_is_nobodys() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "form.submitted", 1, P0).lead
    lost = reported(ledger, "opportunity.lost", 2, P0, opportunity="wrong")
    event = str(lost.position)
    decided(ledger, "event.corrected", data={"event": event, "fields": {"opportunity": "right"}})
    assert dict(company(ledger, person).opportunities) == {"test/right": "lost"}

    decided(ledger, "event.voided", data={"event": event})

    assert dict(company(ledger, person).opportunities) == {}


def test_what_one_of_two_unmerged_people_bought_stays_when_the_other_is_merged_again() -> None:
    ledger = LedgerInMemory()
    buyer = reported(ledger, "opportunity.created", 1, P1, opportunity="deal").lead
    survivor = reported(ledger, "form.submitted", 1, P0).lead
    third = reported(ledger, "form.submitted", 1, {"email": "p2@x.example"}).lead
    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": buyer})
    decided(ledger, "identity.unmerged", lead={"id": buyer})

    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": third})

    assert dict(company(ledger, buyer).opportunities) == {"test/deal": "open"}


def test_a_purchase_belongs_to_the_other_company_once_the_two_people_are_unmerged() -> None:
    """It stays so, whatever is taken back later at the company he was thought to belong to.

    Nobody is known at that company once its only report is void.
    """
    ledger = LedgerInMemory()
    survivor = reported(ledger, "form.submitted", 1, HANAKO)
    other = reported(ledger, "form.submitted", 1, TARO).lead
    decided(ledger, "identity.merged", lead={"id": survivor.lead}, data={"other": other})
    reported(ledger, "order.recorded", 2, TARO, order="o")
    decided(ledger, "identity.unmerged", lead={"id": other})
    assert company_stages(ledger) == {"acme.example": "PROSPECT", "other.example": "C"}

    decided(ledger, "event.voided", data={"event": str(survivor.position)})

    assert company_stages(ledger) == {"acme.example": None, "other.example": "C"}


def test_a_company_of_a_merged_person_is_decided_with_all_who_bought_there() -> None:
    """A person was merged with one of another company, so what counts for one affects both."""
    ledger = LedgerInMemory()
    buyer = {"email": "jiro@other.example"}
    won = reported(ledger, "opportunity.won", 1, buyer, opportunity="d1")
    decided(ledger, "event.voided", data={"event": str(won.position)})
    reported(ledger, "order.cancelled", 2, buyer, order="o1")
    merged = reported(
        ledger, "opportunity.created", 1, {"email": "jiro@acme.example"}, opportunity="d2"
    )
    survivor = reported(ledger, "form.submitted", 1, TARO).lead
    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": merged.lead})
    created = reported(ledger, "opportunity.created", 3, HANAKO, opportunity="d3")

    decided(ledger, "event.voided", data={"event": str(created.position)})

    assert company_stages(ledger)["other.example"] == "PROSPECT"


def test_a_churned_customer_stays_churned_whatever_else_is_taken_back() -> None:
    ledger = LedgerInMemory()
    person = reported(ledger, "opportunity.won", 1, P0, opportunity="deal").lead
    lost = reported(ledger, "opportunity.lost", 2, P0, opportunity="other")
    account = {"domain": "x.example"}
    assert decided(ledger, "customer.churned", account=account, time=day(3).isoformat()).moved

    decided(ledger, "event.voided", data={"event": str(lost.position)})

    assert company(ledger, person).stage == "CHURNED"


def test_what_a_colleague_goes_on_to_buy_is_judged_by_what_the_company_has_bought() -> None:
    """A further pass of a lost lead is cross-sell because of an order that never came."""
    ledger = LedgerInMemory()
    order = reported(ledger, "order.recorded", 1, P0, order="1")
    reported(ledger, "opportunity.created", 2, P1, opportunity="first")
    reported(ledger, "opportunity.lost", 2, P1, opportunity="first")
    colleague = reported(ledger, "opportunity.created", 3, P1, opportunity="second").lead
    assert lead(ledger, colleague).business == "cross_sell"

    decided(ledger, "event.voided", data={"event": str(order.position)})

    assert lead(ledger, colleague).business is None
    assert restated(ledger, colleague)["counts_now"] == []


def test_a_lead_absorbed_while_the_company_was_listed_is_judged_by_the_listing_too() -> None:
    ledger = LedgerInMemory()
    other = reported(ledger, "opportunity.created", 1, P1, opportunity="deal").lead
    survivor = reported(ledger, "form.submitted", 1, P0).lead
    decided(ledger, "identity.merged", lead={"id": survivor}, data={"other": other})
    decided(ledger, "competitor.listed", account={"domain": "x.example"})

    decided(ledger, "identity.unmerged", lead={"id": other})

    assert dict(lead(ledger, other).flags) == {"competitor": "lead.reassessed"}


def test_taking_back_a_second_time_counts_no_lead() -> None:
    ledger = LedgerInMemory()
    form = reported(ledger, "form.submitted", 1, P0)
    void = {"event": str(form.position)}
    decided(ledger, "event.voided", data=void)

    assert decided(ledger, "event.voided", data=void).is_already

    corrected = ledger.send_one("event.corrected", data={**void, "fields": {"form": "other"}})
    assert refused(corrected) == "taking-back-not-possible"
    stages = Stages(is_complete=True, zone=UTC)
    for event, _ in ledger.records:
        fold(stages, event)
    assert form.lead not in stages.standing


def test_within_one_batch_a_report_can_be_taken_back() -> None:
    ledger = LedgerInMemory()
    form = {"id": "a", "type": "form.submitted", "lead": HANAKO}
    void = {"id": "b", "type": "event.voided", "data": {"event": "1"}}
    first, second = ledger.send(form, void)
    assert isinstance(first, Recorded)
    assert isinstance(second, Recorded)
    assert lead(ledger, first.lead).void
