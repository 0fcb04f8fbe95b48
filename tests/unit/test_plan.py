"""The plan of a batch, on tables that are dictionaries: unusual batches and their results."""

from typing import Any

import pytest

from domain.lead.state import LeadState, Timer
from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.text.load import load
from events.append.plan import Plan
from events.batch.memory import Remembered
from events.lifecycles.shipped import read_lifecycle_text
from events.outcomes import Moved, Outcome, Recorded
from events.refusals import Refused
from events.revision.past import Recollection
from events.revision.redecide import decide_again
from events.submission import Submission
from tests.support.ledger_in_memory import RECEIVED_AT, SENDER, LedgerInMemory, item_of

HANAKO = {"email": "hanako@acme.example"}
FORM: dict[str, Any] = {"id": "form", "type": "form.submitted", "lead": HANAKO}
VISIT: dict[str, Any] = {"id": "visit", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}


def recorded(outcome: Outcome) -> Recorded:
    assert isinstance(outcome, Recorded), outcome
    return outcome


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.reason


def absorbed(ledger: LedgerInMemory) -> tuple[str, str]:
    """Report and absorb a visitor; return its id and that of the lead it turned out to be."""
    (visited, known, _) = ledger.send(
        VISIT, FORM, {**FORM, "id": "both", "lead": {**HANAKO, "anonymous_id": "c"}}
    )
    visitor, lead = recorded(visited).lead, recorded(known).lead
    assert visitor is not None
    assert lead is not None
    return visitor, lead


def test_an_event_by_the_cookie_of_an_absorbed_visitor_changes_only_the_absorbing_lead() -> None:
    ledger = LedgerInMemory()
    visitor, lead = absorbed(ledger)
    before = ledger.subjects[visitor]
    outcome = recorded(ledger.send_one("contact.requested", lead={"anonymous_id": "c"}))
    assert (outcome.subject, outcome.lead, outcome.moved) == (
        f"lead/{visitor}",
        lead,
        Moved("MAL", "MQL"),
    )
    after = ledger.subjects[visitor]
    assert after == before._replace(version=before.version + 1, position=outcome.position)
    about_lead = [event for event, _ in ledger.records if event.subject.id == lead]
    assert ledger.subjects[lead].version == len(about_lead)


def test_an_absorbed_visitor_has_no_stage_and_forwards() -> None:
    ledger = LedgerInMemory()
    visitor, lead = absorbed(ledger)
    state = ledger.subjects[visitor].state
    assert isinstance(state, LeadState)
    assert (state.stage, state.absorbed_by) == (None, lead)
    survivor = ledger.subjects[lead].state
    assert isinstance(survivor, LeadState)
    assert survivor.absorbs == (visitor,)


def test_an_absorbed_lead_is_addressed_by_id_by_a_writer_that_knows_nothing() -> None:
    ledger = LedgerInMemory()
    visitor, lead = absorbed(ledger)
    ledger.start_again()
    assert recorded(ledger.send_one("lead.qualified", lead={"id": visitor})).lead == lead


def test_an_absorption_says_where_the_visitor_stood() -> None:
    ledger = LedgerInMemory()
    absorbed(ledger)
    (event,) = [event for event, _ in ledger.records if event.type == "identity.absorbed"]
    assert (event.stage_from, event.stage_to, event.pass_number) == ("AL", None, 1)
    assert event.effects["move"] == {"kind": "absorbed"}


def test_a_name_alone_does_not_hide_that_the_company_is_a_customer() -> None:
    ledger = LedgerInMemory()
    ledger.send(FORM, {"id": "o", "type": "order.recorded", "data": {"order": "o"},
                       "account": {"domain": "acme.example"}})  # fmt: skip
    outcome = ledger.send_one("lead.qualified", lead=HANAKO, account={"name": "Acme"})
    assert reason(outcome) == "move-not-allowed"


def assert_decided_again_alike(ledger: LedgerInMemory, **event: Any) -> None:
    """Send one event, and decide it again from its records alone."""
    before, end = dict(ledger.subjects), len(ledger.entries)
    recorded(ledger.send_one(**event))
    group = ledger.records[end:]
    assert decide_again(ledger.compiled, before, group) == [record.event for record in group]


def test_what_was_decided_is_decided_again_alike() -> None:
    ledger = LedgerInMemory()
    sales = SENDER._replace(department="field_sales")
    card: dict[str, Any] = {"type": "card.captured", "sender": sales}
    opened = "email.opened"
    assert_decided_again_alike(ledger, **card, lead=HANAKO)
    assert_decided_again_alike(ledger, **card, lead={"external_ids": {"crm": "1"}})
    assert_decided_again_alike(ledger, type=opened, lead=HANAKO, account={"name": "Acme"})
    assert_decided_again_alike(ledger, type=opened, lead={**HANAKO, "external_ids": {"crm": "1"}})
    assert_decided_again_alike(ledger, type="visit.recorded", lead={"anonymous_id": "c"})
    assert_decided_again_alike(ledger, type=opened, lead={**HANAKO, "anonymous_id": "c"})
    won = {"type": "opportunity.won", "data": {"opportunity": "deal"}}
    assert_decided_again_alike(ledger, **won, lead={"anonymous_id": "c"})
    assert_decided_again_alike(ledger, type="contact.requested", lead=HANAKO)


def test_a_writer_that_knows_nothing_judges_by_the_leads_own_account() -> None:
    ledger = LedgerInMemory()
    ledger.send(FORM, {"id": "o", "type": "order.recorded", "data": {"order": "o"},
                       "account": {"domain": "acme.example"}})  # fmt: skip
    ledger.start_again()
    lead = ledger.records[0].event.subject.id
    assert reason(ledger.send_one("lead.qualified", lead={"id": lead})) == "move-not-allowed"


def test_an_id_of_an_outside_system_never_names_an_account_as_a_lead() -> None:
    ledger = LedgerInMemory()
    listed: dict[str, Any] = {
        "type": "market.target_listed",
        "account": {"external_ids": {"crm": "1"}},
    }
    ledger.send_one(**listed)
    outcome = ledger.send_one("visit.recorded", lead={"external_ids": {"account:crm": "1"}})
    assert reason(outcome) == "event-invalid"
    assert reason(ledger.send_one("form.submitted", lead={"external_ids": {"order": "1"}})) == (
        "event-invalid"
    )
    assert recorded(ledger.send_one("form.submitted", lead={"external_ids": {"crm": "1"}})).lead


def test_one_system_may_call_a_lead_and_an_account_alike() -> None:
    ledger = LedgerInMemory()
    same = {"external_ids": {"crm": "1"}}
    outcome = recorded(ledger.send_one("form.submitted", lead=same, account=same))
    kinds = [ledger.subjects[target].kind for target in ledger.pointers.values()]
    assert sorted(kinds) == [SubjectKind.ACCOUNT, SubjectKind.LEAD]
    assert recorded(ledger.send_one("email.opened", lead=same)).lead == outcome.lead


def test_one_batch_links_the_same_new_identifier_once() -> None:
    ledger = LedgerInMemory()
    lead = {**HANAKO, "phone": "03-1234-5678", "anonymous_id": "c"}
    outcomes = ledger.send(*({**FORM, "id": f"form-{n}", "lead": lead} for n in range(3)))
    assert len({recorded(one).lead for one in outcomes}) == 1
    linked = [event.data["kinds"] for event, _ in ledger.records if event.type == "identity.linked"]
    assert linked == [["email", "phone", "anonymous_id"], ["domain"]]


def test_a_lead_whose_account_changes_within_a_batch_is_judged_by_the_new_one() -> None:
    ledger = LedgerInMemory()
    ledger.send(FORM)
    outcomes = ledger.send(
        {"id": "o", "type": "order.recorded", "data": {"order": "o"},
         "account": {"domain": "other.example"}},
        {"id": "l", "type": "account.linked", "lead": HANAKO,
         "account": {"domain": "other.example"}},
        {"id": "q", "type": "lead.qualified", "lead": HANAKO},
    )  # fmt: skip
    assert reason(outcomes[2]) == "move-not-allowed"


def test_a_decision_makes_no_lead_and_no_account() -> None:
    ledger = LedgerInMemory()
    assert reason(ledger.send_one("lead.accepted", lead=HANAKO)) == "lead-unknown"
    key = ledger.send_one("account.key_set", account={"domain": "acme.example"})
    assert reason(key) == "account-unknown"
    assert (ledger.entries, ledger.subjects, ledger.pointers) == ([], {}, {})


def test_two_known_people_in_one_event_are_left_for_a_person_to_judge() -> None:
    ledger = LedgerInMemory()
    (first, second) = ledger.send(FORM, {**FORM, "id": "2", "lead": {"external_ids": {"crm": "1"}}})
    both = {**HANAKO, "external_ids": {"crm": "1"}}
    outcome = recorded(ledger.send_one("email.opened", lead=both))
    assert outcome.lead == recorded(second).lead
    (event,) = [event for event, _ in ledger.records if event.type == "identity.conflicted"]
    assert event.data == {"with": [recorded(first).lead]}
    assert event.subject.id == recorded(second).lead


def test_a_strict_batch_that_is_refused_leaves_no_trace_in_memory() -> None:
    ledger = LedgerInMemory()
    ledger.send(FORM, {"id": "x", "type": "lead.sales_accepted", "lead": HANAKO}, is_strict=True)
    assert set(ledger.memory.subjects.values()) <= {None}
    assert set(ledger.memory.pointers.values()) <= {None}
    assert recorded(ledger.send_one("form.submitted", lead=HANAKO)).position == 1


def test_an_event_about_the_ledger_links_no_identifier() -> None:
    text = read_lifecycle_text("demand_funnel")
    costed = "    campaign.costed: {label: {ja: 費用, en: cost}, subject: ledger}\n"
    text = text.replace("  decisions:\n", f"  decisions:\n{costed}", 1)
    ledger = LedgerInMemory(compile_lifecycle(load(text)))
    outcome = recorded(
        ledger.send_one("campaign.costed", lead=HANAKO, account={"domain": "acme.example"})
    )
    assert (outcome.subject, outcome.lead, outcome.derived) == ("ledger", None, ())
    assert ledger.pointers == {}


@pytest.mark.parametrize(
    ("type", "data", "to"),
    [
        ("opportunity.created", {"opportunity": "deal"}, "OPP"),
        ("opportunity.won", {"opportunity": "deal"}, "WON"),
        ("order.recorded", {"order": "o"}, "WON"),
    ],
)
def test_what_a_visitor_did_early_moves_the_lead_that_it_turns_out_to_be(
    type: str, data: dict[str, str], to: str
) -> None:
    ledger = LedgerInMemory()
    cookie = {"anonymous_id": "c"}
    early = recorded(ledger.send_one(type, lead=cookie, data=data))
    assert early.moved is None
    recorded(ledger.send_one("form.submitted", lead=HANAKO))
    joined = recorded(ledger.send_one("form.submitted", lead={**HANAKO, **cookie}))
    assert [(one.type, one.moved) for one in joined.derived if one.moved is not None][:1] == [
        ("lead.reconsidered", Moved("MAL", to))
    ]
    assert joined.stage == to


def test_what_the_lead_knows_of_a_deal_counts_more_than_what_its_visitor_knew() -> None:
    ledger = LedgerInMemory()
    cookie, deal = {"anonymous_id": "c"}, {"opportunity": "deal"}
    recorded(ledger.send_one("opportunity.created", lead=cookie, data=deal))
    recorded(ledger.send_one("form.submitted", lead=HANAKO))
    recorded(ledger.send_one("opportunity.lost", lead=HANAKO, data=deal))
    joined = recorded(ledger.send_one("form.submitted", lead={**HANAKO, **cookie}))
    assert joined.stage == "MAL"
    state = ledger.subjects[joined.lead or ""].state
    assert isinstance(state, LeadState)
    assert state.opportunities == {"test/deal": "lost"}


def test_an_order_is_cancelled_by_its_own_id_alone() -> None:
    ledger = LedgerInMemory()
    bought = recorded(ledger.send_one("order.recorded", lead=HANAKO, data={"order": "o"}))
    cancelled = recorded(ledger.send_one("order.cancelled", data={"order": "o"}))
    assert cancelled.lead == bought.lead
    state = ledger.subjects[bought.lead or ""].state
    assert isinstance(state, LeadState)
    assert state.orders == {"test/o": "cancelled"}


@pytest.mark.parametrize("data", [{"order": "o"}, {"order": "o", "opportunity": "nobody's"}])
def test_an_order_that_names_no_lead_is_about_the_ledger(data: dict[str, str]) -> None:
    ledger = LedgerInMemory()
    assert recorded(ledger.send_one("order.recorded", data=data)).subject == "ledger"
    assert recorded(ledger.send_one("order.cancelled", data=data)).subject == "ledger"


def test_a_lead_that_was_undone_is_no_longer_one_of_its_company() -> None:
    """Its id may be used for nobody: then nothing is known of it."""
    ledger = LedgerInMemory()
    ledger.send(FORM)
    card = {**FORM, "id": "card", "type": "card.captured", "lead": {"email": "taro@acme.example"}}
    illegal = {**card, "id": "illegal", "type": "lead.sales_accepted"}
    order = {"id": "order", "type": "order.recorded", "lead": HANAKO, "data": {"order": "o"}}

    *undone, bought = ledger.submit(
        Submission((ledger.read(card), ledger.read(illegal)), is_strict=True),
        Submission((ledger.read(order),)),
    )

    assert [reason(outcome) for outcome in undone] == ["batch-refused", "move-not-allowed"]
    assert recorded(bought).stage == "WON"


def test_a_draft_returns_to_its_mark_whatever_was_entered_since() -> None:
    ledger = LedgerInMemory()
    ledger.send(FORM)
    first = Submission((item_of(VISIT), item_of({**FORM, "id": "again"})))
    both = item_of({**FORM, "id": "both", "lead": {**HANAKO, "anonymous_id": "c"}})
    second = Submission((both, item_of({**VISIT, "id": "other", "lead": {"anonymous_id": "d"}})))
    ledger._recall([first, second], Recollection())
    plan = Plan(ledger.memory, {}, RECEIVED_AT)
    plan.submit(first)
    draft, mark = plan.draft, plan.draft.mark()
    held = list(draft.entries), list(draft.links), dict(draft.subjects), dict(draft.pointers)
    plan.submit(second)
    assert len(draft.entries) > len(held[0])
    assert draft.subjects.keys() > held[2].keys()
    assert draft.pointers.keys() > held[3].keys()
    draft.return_to(mark)
    assert (draft.entries, draft.links, draft.subjects, draft.pointers) == held


def with_broken_lead() -> tuple[LedgerInMemory, Remembered]:
    """Report two leads and break a third by giving it a timer of an unknown kind."""
    ledger = LedgerInMemory(expects_faults=True)
    ledger.send(FORM, {**FORM, "id": "other", "lead": {"phone": "03-1234-5678"}})
    broken = recorded(ledger.send_one("form.submitted", lead={"email": "broken@acme.example"}))
    assert broken.lead is not None
    healthy = ledger.subjects[broken.lead]
    assert isinstance(healthy.state, LeadState)
    timers = {**healthy.state.timers, "unheard_of": Timer(RECEIVED_AT, 1)}
    ledger.subjects[broken.lead] = healthy._replace(state=healthy.state._replace(timers=timers))
    ledger.start_again()
    return ledger, healthy


def test_of_an_item_that_meets_a_fault_nothing_is_left_in_the_draft() -> None:
    before: dict[str, Any] = {"id": "before", "type": "visit.recorded", "lead": HANAKO}
    several = {"email": "broken@acme.example", "phone": "03-1234-5678", "anonymous_id": "new"}
    fault: dict[str, Any] = {"id": "fault", "type": "form.submitted", "lead": several}
    after: dict[str, Any] = {"id": "after", "type": "contact.requested", "lead": HANAKO}
    with_fault, _ = with_broken_lead()
    without, _ = with_broken_lead()
    outcomes = with_fault.send(before, fault, after)
    assert reason(outcomes[1]) == "internal-error"
    expected = without.send(before, after)
    assert [recorded(one).position for one in (outcomes[0], outcomes[2])] == [
        recorded(one).position for one in expected
    ]
    assert [event.type for event, _ in with_fault.records] == [
        event.type for event, _ in without.records
    ]
    assert with_fault.pointers.keys() == without.pointers.keys()
    assert [one.version for one in with_fault.subjects.values()] == [
        one.version for one in without.subjects.values()
    ]


def test_an_item_that_met_a_fault_is_recorded_under_its_id_once_that_is_mended() -> None:
    ledger, healthy = with_broken_lead()
    fault: dict[str, Any] = {
        "id": "fault",
        "type": "contact.requested",
        "lead": {"email": "broken@acme.example"},
    }
    assert [reason(*ledger.send(fault)) for _ in range(2)] == ["internal-error"] * 2
    assert {one.refusal_id for one in ledger.refused} == {ledger.refused[0].refusal_id}
    (lead,) = [id for id, one in ledger.subjects.items() if one.position == healthy.position]
    ledger.subjects[lead] = healthy
    ledger.start_again()
    assert recorded(*ledger.send(fault)).stage == "MQL"
