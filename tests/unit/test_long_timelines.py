"""A company with thousands of orders: what happened before them costs little for each event."""

from tests.support.calls import Calls
from tests.support.late_reports import COMPANY, Reported, report
from tests.support.ledger_in_memory import LedgerInMemory

OPENED = [report("email.opened", 5 + number / 100) for number in range(20)]


def calls_for_history(*orders: Reported) -> int:
    """Count the calls for the history of a lead whose company has bought since."""
    ledger = LedgerInMemory()
    ledger.send(report("form.submitted", 4), *orders)
    ledger.send(OPENED[0])
    items = tuple(map(ledger.read, OPENED[1:]))
    calls = Calls()
    with calls.counted():
        ledger.submit_items(items)
    return calls.count


def test_the_timeline_of_its_company_is_not_folded_again_for_each_event_of_a_lead() -> None:
    orders = [
        report("order.recorded", day, COMPANY, order=f"{day}")
        for start in (0, 10)
        for day in (start + number / 200 for number in range(200))
    ]
    assert calls_for_history(*orders) < 2 * calls_for_history(orders[-1])
