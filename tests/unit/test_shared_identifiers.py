"""Two people with one telephone number are two people (domain §8); the number names neither."""

from typing import Any

import pytest

from domain.lead.state import LeadState
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from tests.support.ledger_in_memory import LedgerInMemory

PHONE = "03-1000-0001"
HANAKO = {"email": "a@s1.example", "phone": PHONE}
TARO = {"email": "b@s1.example", "phone": "+81 3 1000 0001"}


def form(ledger: LedgerInMemory, lead: dict[str, Any], type: str = "form.submitted") -> Recorded:
    outcome = ledger.send_one(type, lead=lead)
    assert isinstance(outcome, Recorded), outcome
    return outcome


def lead_of(recorded: Recorded) -> str:
    assert recorded.lead is not None
    return recorded.lead


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.reason


def state(ledger: LedgerInMemory, lead_id: str) -> LeadState:
    found = ledger.subjects[lead_id].state
    assert isinstance(found, LeadState)
    return found


def decide(ledger: LedgerInMemory, type: str, lead: str, other: str) -> Recorded:
    outcome = ledger.send_one(type, lead={"id": lead}, data={"other": other})
    assert isinstance(outcome, Recorded), outcome
    return outcome


@pytest.fixture(params=[False, True], ids=["one writer", "another writer each time"])
def ledger(request: pytest.FixtureRequest) -> LedgerInMemory:
    ledger = LedgerInMemory()
    if request.param:
        send = ledger.send

        def as_another_process(*reported: Any, **how: Any) -> list[Outcome]:
            ledger.start_again()
            return send(*reported, **how)

        ledger.send = as_another_process  # type: ignore[method-assign]
    return ledger


def colleagues(ledger: LedgerInMemory) -> tuple[str, str]:
    return lead_of(form(ledger, HANAKO)), lead_of(form(ledger, TARO))


def test_two_colleagues_behind_one_number_are_two_leads_in_conflict(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = colleagues(ledger)
    assert hanako != taro
    assert state(ledger, taro).conflicts == (hanako,)
    conflicted = [one.event for one in ledger.records if one.event.type == "identity.conflicted"]
    assert [(one.subject.id, one.data) for one in conflicted] == [
        (taro, {"with": [hanako], "shared": ["phone"]})
    ]


def test_what_one_of_them_refuses_does_not_bind_the_other(ledger: LedgerInMemory) -> None:
    hanako, taro = colleagues(ledger)
    ledger.send_one("unsubscribed", lead={"email": HANAKO["email"]}, data={"channel": "email"})
    assert state(ledger, hanako).blocks
    assert not state(ledger, taro).blocks


def test_a_shared_number_identifies_no_person_and_the_answer_says_so(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = colleagues(ledger)
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"
    assert reason(ledger.send_one("lead.qualified", lead={"phone": PHONE})) == "identifier-shared"
    again = form(ledger, HANAKO)
    assert lead_of(again) == hanako
    assert [(one.kind, one.reason) for one in again.ignored] == [("phone", "shared")]
    third = form(ledger, {"email": "c@s1.example", "phone": PHONE})
    assert lead_of(third) not in (hanako, taro)
    assert state(ledger, lead_of(third)).conflicts == ()


def test_within_one_batch_it_is_the_same(ledger: LedgerInMemory) -> None:
    reports = [
        {"id": str(place), "type": "form.submitted", "lead": lead}
        for place, lead in enumerate((HANAKO, TARO, {"phone": PHONE}, HANAKO))
    ]
    one, two, three, four = ledger.send(*reports)
    assert isinstance(one, Recorded)
    assert isinstance(two, Recorded)
    assert isinstance(four, Recorded)
    assert one.lead == four.lead != two.lead
    assert reason(three) == "identifier-shared"


def test_a_number_brings_an_address_to_the_lead_that_has_none(ledger: LedgerInMemory) -> None:
    called = form(ledger, {"phone": PHONE}, "inquiry.received")
    assert lead_of(form(ledger, HANAKO)) == lead_of(called)


def test_a_number_changes_and_the_person_stays(ledger: LedgerInMemory) -> None:
    first = form(ledger, HANAKO)
    moved = form(ledger, {**HANAKO, "phone": "03-1000-0002"})
    assert lead_of(moved) == lead_of(first)
    assert lead_of(form(ledger, {"phone": "03-1000-0002"})) == lead_of(first)


def test_an_address_that_is_less_trusted_than_an_id_joins_it(ledger: LedgerInMemory) -> None:
    first = form(ledger, {"user_id": "u-1", "email": "a@s1.example"})
    assert lead_of(form(ledger, {"user_id": "u-1", "email": "b@s1.example"})) == lead_of(first)


def test_two_ids_with_one_address_are_two_people(ledger: LedgerInMemory) -> None:
    first = form(ledger, {"external_ids": {"crm": "1"}, "email": "pair@s1.example"})
    second = form(ledger, {"external_ids": {"crm": "2"}, "email": "pair@s1.example"})
    assert lead_of(first) != lead_of(second)
    alone = ledger.send_one("form.submitted", lead={"email": "pair@s1.example"})
    assert reason(alone) == "identifier-shared"


def test_a_number_of_one_that_another_known_person_reports_is_shared(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = (lead_of(form(ledger, one)) for one in (HANAKO, {"email": TARO["email"]}))
    outcome = form(ledger, TARO)
    assert lead_of(outcome) == taro
    assert state(ledger, taro).conflicts == (hanako,)
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"


def test_an_address_that_may_be_a_second_one_of_the_same_person_goes_on_naming(
    ledger: LedgerInMemory,
) -> None:
    """The systems know one person by two names: merge them; no identifier is shared."""
    by_form = form(ledger, {"email": "a@s1.example"})
    by_crm = form(ledger, {"external_ids": {"crm": "17"}})
    outcome = form(ledger, {"external_ids": {"crm": "17"}, "email": "a@s1.example"})
    assert lead_of(outcome) == lead_of(by_crm)
    assert state(ledger, lead_of(by_crm)).conflicts == (lead_of(by_form),)
    assert lead_of(form(ledger, {"email": "a@s1.example"})) == lead_of(by_form)


def test_a_visitor_who_turns_out_to_be_a_colleague_becomes_known(ledger: LedgerInMemory) -> None:
    hanako = lead_of(form(ledger, HANAKO))
    visitor = form(ledger, {"anonymous_id": "c-1"}, "visit.recorded")
    taro = form(ledger, {**TARO, "anonymous_id": "c-1"})
    assert lead_of(taro) == lead_of(visitor)
    assert state(ledger, lead_of(taro)).conflicts == (hanako,)
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"


def test_a_shared_number_names_the_merged_person_until_the_two_are_unmerged(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = colleagues(ledger)
    decide(ledger, "identity.merged", taro, hanako)
    assert lead_of(form(ledger, {"phone": PHONE})) == taro
    assert state(ledger, taro).holds == ("email", "phone")
    assert state(ledger, taro).conflicts == ()
    ledger.send_one("identity.unmerged", lead={"id": hanako})
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"
    assert state(ledger, hanako).holds == ("email", "phone")


def test_a_third_person_behind_the_number_of_two_who_are_one_shares_it_again(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = colleagues(ledger)
    decide(ledger, "identity.merged", taro, hanako)
    third = form(ledger, {"email": "c@s1.example", "phone": PHONE})
    assert lead_of(third) not in (hanako, taro)
    assert state(ledger, lead_of(third)).conflicts == (taro,)
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"


@pytest.mark.parametrize("type", ["identity.kept_apart", "conflict.dismissed"])
def test_a_decision_that_they_are_two_people_settles_the_conflict(
    ledger: LedgerInMemory, type: str
) -> None:
    hanako, taro = colleagues(ledger)
    decide(ledger, type, taro, hanako)
    assert (state(ledger, taro).conflicts, state(ledger, hanako).conflicts) == ((), ())
    assert reason(ledger.send_one("form.submitted", lead={"phone": PHONE})) == "identifier-shared"
    form(ledger, TARO)
    assert state(ledger, taro).conflicts == ()
    assert decide(ledger, type, taro, hanako).is_already


def test_a_dismissed_conflict_stays_dismissed_when_the_lead_is_decided_again(
    ledger: LedgerInMemory,
) -> None:
    hanako, taro = colleagues(ledger)
    later = form(ledger, TARO)
    decide(ledger, "conflict.dismissed", hanako, taro)
    ledger.send_one("event.voided", data={"event": str(later.position)})
    assert state(ledger, taro).conflicts == ()
    assert state(ledger, taro).holds == ("email", "phone")


def test_a_lead_of_which_nothing_counts_shares_nothing(ledger: LedgerInMemory) -> None:
    trial = form(ledger, HANAKO)
    taro = form(ledger, TARO)
    ledger.send_one("event.voided", data={"event": str(trial.position)})
    assert lead_of(form(ledger, {"phone": PHONE})) == lead_of(taro)
