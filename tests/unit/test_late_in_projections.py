"""What projections say once an earlier event is known, in the cases that matter most."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.rules.business import Belonging
from events.outcomes import Recorded
from events.signals.sender import Sender
from projections.business.credit import Person
from projections.business.fold import Business, BusinessRow
from projections.business.fold import fold as fold_business
from projections.business.people import Pass, Said, people_in
from projections.deadlines.fold import DeadlineRow, Deadlines
from projections.deadlines.fold import fold as fold_deadlines
from projections.deadlines.projection import status_of
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, LedgerInMemory
from tests.support.permuted import COMPANIES, PEOPLE
from tests.support.projected import EVERY_PROJECTION, figures_of
from tests.support.stories import jst, returning_funnel

PERSON = PEOPLE[0]
FORM = jst("2026-04-01T10:00")
DECIDED = jst("2026-04-02T10:00")
DUE = jst("2026-04-03T18:00")
HOUR = timedelta(hours=1)
NOW = jst("2026-07-01T10:00")
SALES = Sender("key-1", ("test",), "field_sales", EVERY_RIGHT)


def begun() -> LedgerInMemory:
    return LedgerInMemory(returning_funnel(), at=NOW)


def tell(
    ledger: LedgerInMemory, type: str, at: datetime, email: str = PERSON, **more: Any
) -> Recorded:
    lead = {"user_id": PERSON, "email": email}
    outcome = ledger.send_one(type, id=f"{type} {at}", lead=lead, time=at.isoformat(), **more)
    assert isinstance(outcome, Recorded), outcome
    return outcome


def qualified() -> LedgerInMemory:
    """Qualify a lead that nobody answers for, until it is taken back automatically."""
    ledger = begun()
    tell(ledger, "form.submitted", FORM)
    tell(ledger, "lead.qualified", FORM)
    ledger.let_happen()
    return ledger


def deadlines(ledger: LedgerInMemory) -> tuple[list[DeadlineRow], list[DeadlineRow]]:
    """Return the rows that count, and those that do not count any more."""
    memory = Deadlines()
    for event, _ in ledger.records:
        fold_deadlines(memory, event)
    rows = sorted(memory.touched.values(), key=lambda row: row.key)
    return [row for row in rows if row.known_to is None], [row for row in rows if row.known_to]


def statuses(rows: Sequence[DeadlineRow]) -> list[tuple[str, str, bool]]:
    return [
        (row.entry.deadline, status_of(row.entry), row.entry.breached is not None) for row in rows
    ]


def test_a_decision_in_time_reported_after_breach_and_return_meets_its_deadline() -> None:
    ledger = qualified()
    rows, _ = deadlines(ledger)
    assert statuses(rows) == [("acceptance", "left", True)]

    tell(ledger, "lead.sales_accepted", DECIDED)

    rows, closed = deadlines(ledger)
    assert statuses(rows)[0] == ("acceptance", "met", False)
    assert (rows[0].entry.due_at, rows[0].entry.settled_at) == (DUE, DECIDED)
    assert rows[1].entry.started_at == DECIDED
    # Until the restatement, the deadline was known as breached and left.
    assert statuses(closed) == [("acceptance", "left", True)]
    assert [row.known_from for row in rows] == [closed[0].known_to] * len(rows)


def test_a_breach_no_longer_counts_once_an_earlier_order_is_known() -> None:
    ledger = qualified()

    tell(ledger, "order.recorded", DECIDED, data={"order": "1"})

    rows, _ = deadlines(ledger)
    assert statuses(rows) == [("acceptance", "left", False)]
    assert rows[0].entry.settled_at == DECIDED


def test_a_settled_deadline_names_the_owner_of_its_time() -> None:
    ledger = begun()
    tell(ledger, "form.submitted", FORM)
    tell(ledger, "lead.qualified", FORM)
    tell(ledger, "owner.assigned", jst("2026-04-02T12:00"), data={"owner": "suzuki"})
    tell(ledger, "lead.disqualified", jst("2026-04-02T13:00"), data={"reason": "out_of_focus"})
    tell(ledger, "owner.assigned", jst("2026-04-02T14:00"), data={"owner": "suzuki"})

    tell(ledger, "owner.assigned", jst("2026-04-02T12:30"), data={"owner": "tanaka"})

    rows, _ = deadlines(ledger)
    assert [(row.entry.owner, row.entry.outcome) for row in rows] == [("tanaka", "left")]


Report = tuple[str, datetime, dict[str, Any]]


def in_this_order(reported: Sequence[Report]) -> LedgerInMemory:
    ledger = begun()
    for type, at, more in reported:
        tell(ledger, type, at, **more)
    return ledger


def is_the_same_as_in_order(*reported: Report) -> LedgerInMemory:
    """Compare a ledger with one that received the same by time, in all projections."""
    ledger = in_this_order(reported)
    in_order = in_this_order(sorted(reported, key=lambda one: one[1]))
    assert any("late" in event.effects for event, _ in ledger.records)
    assert all("late" not in event.effects for event, _ in in_order.records)
    for says in EVERY_PROJECTION.values():
        assert says(ledger) == says(in_order)
    return ledger


def rows_of(ledger: LedgerInMemory) -> dict[int, list[BusinessRow]]:
    """Return the rows of each report of business, as they became known."""
    memory = Business(ledger.compiled.lifecycle)
    for event, _ in ledger.records:
        fold_business(memory, event)
    rows = {row.position: [row] for row in memory.business}
    for back in memory.taken_back:
        assert back.belonging is not None
        account, kind, pass_number = back.belonging
        before = rows[back.position][-1]
        restated = before._replace(account=account, business=kind, pass_number=pass_number)
        rows[back.position].append(restated._replace(known_from=back.by_position))
    return rows


def company(ledger: LedgerInMemory, domain: str) -> str:
    return ledger.pointers[DIGESTS.identifier("domain", domain)]


def test_an_order_reported_late_counts_for_the_account_of_its_time() -> None:
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {"email": "a@acme.example"}),
        ("form.submitted", DUE, {"email": "a@other.example"}),
        ("order.recorded", DECIDED, {"email": "a@acme.example", "data": {"order": "1"}}),
    )
    ((late, restated),) = rows_of(ledger).values()
    assert (late.account, late.pass_number) == (None, None)
    assert (restated.account, restated.pass_number) == (company(ledger, COMPANIES[0]), 1)


def test_of_two_reports_of_one_order_the_earlier_one_places_it() -> None:
    order = {"data": {"order": "1", "value": "5"}}
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", DUE, order),
        ("order.recorded", DECIDED, order),
    )
    later, earlier = (rows[-1] for rows in rows_of(ledger).values())
    assert (earlier.pass_number, later.pass_number, later.account) == (1, None, None)


def test_a_late_deal_of_sales_has_the_origin_that_its_department_gives_it() -> None:
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("opportunity.won", DUE, {"data": {"opportunity": "1"}}),
        ("opportunity.created", DECIDED, {"data": {"opportunity": "1"}, "sender": SALES}),
    )
    assert "opening_origin='sales-direct'" in figures_of(ledger).units[0]


def test_the_origin_of_an_earlier_pass_stays_corrected_when_its_lead_is_restated() -> None:
    first, second = {"data": {"order": "1"}}, {"data": {"order": "2"}}
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", DECIDED, first),
        ("origin.corrected", DUE, {"data": {"origin": "referral"}}),
        ("order.recorded", jst("2026-05-01T10:00"), {**second, "sender": SALES}),
        ("visit.recorded", jst("2026-04-04T10:00"), {}),
        ("list.imported", jst("2026-03-01T10:00"), {}),
    )
    assert figures_of(ledger).by_origin.count("referral") == 1


def test_a_first_touch_no_longer_counts_once_an_earlier_one_is_known() -> None:
    is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", DUE, {"data": {"order": "1"}}),
        ("card.captured", jst("2026-03-01T10:00"), {"data": {"channel": "sales_direct"}}),
    )


def test_a_deadline_of_an_earlier_pass_is_known_even_if_nothing_else_differs() -> None:
    to_reseller = {"data": {"reseller": "r-1"}}
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", FORM + HOUR, {"data": {"order": "1"}}),
        ("opportunity.created", jst("2026-06-01T10:00"), {"data": {"opportunity": "2"}}),
        ("lead.handed_over", DECIDED, to_reseller),
    )
    rows, _ = deadlines(ledger)
    assert statuses(rows) == [("reseller_report", "left", True)]


def test_what_a_report_belongs_to_is_known_even_if_nothing_else_differs() -> None:
    lost = {"data": {"opportunity": "2"}}
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", FORM + HOUR, {"data": {"order": "1"}}),
        ("opportunity.lost", DUE, lost),
        ("opportunity.lost", DECIDED, lost),
    )
    _, later, earlier = (rows[-1] for rows in rows_of(ledger).values())
    assert (later.account, earlier.account) == (None, company(ledger, COMPANIES[0]))


def test_an_origin_of_an_earlier_pass_is_known_even_if_nothing_else_differs() -> None:
    ledger = is_the_same_as_in_order(
        ("form.submitted", FORM, {}),
        ("order.recorded", FORM + HOUR, {"data": {"order": "1"}}),
        ("order.recorded", jst("2026-05-01T10:00"), {"data": {"order": "2"}, "sender": SALES}),
        ("origin.corrected", DUE, {"data": {"origin": "referral"}}),
    )
    assert figures_of(ledger).by_origin.count("referral") == 1


def test_a_first_touch_that_no_longer_counts_credits_nobody() -> None:
    passes = {PERSON: [Pass(1, FORM, 1, 1, None)]}
    before = Said(PERSON, 1, False, True, "marketing-digital", "marketing-digital")  # noqa: FBT003
    restated = Said(PERSON, 5, True, True, None, None, (None,))  # noqa: FBT003

    people = people_in({PERSON: [PERSON]}, passes, [before, restated], {})

    assert people[PERSON].person == Person({1: None}, None, [])


def test_a_report_moved_to_another_lead_belongs_to_a_pass_of_that_lead() -> None:
    ledger = begun()
    tell(ledger, "form.submitted", FORM)
    ordered = tell(ledger, "order.recorded", DECIDED, data={"order": "1"})
    other = {"user_id": PEOPLE[1], "email": PEOPLE[1]}
    moved = ledger.send_one(
        "identity.unlinked",
        lead={"id": ledger.pointers[DIGESTS.identifier("user_id", PERSON)], **other},
        data={"events": [str(ordered.position)]},
    )
    assert isinstance(moved, Recorded), moved

    memory = Business(ledger.compiled.lifecycle)
    for event, _ in ledger.records:
        fold_business(memory, event)
    unlinked, restated = memory.taken_back
    assert unlinked.lead == ledger.pointers[DIGESTS.identifier("user_id", PEOPLE[1])]
    assert restated.belonging == Belonging(company(ledger, COMPANIES[0]), None, 1)
