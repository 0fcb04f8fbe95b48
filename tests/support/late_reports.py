"""Report what happened in any order, and compare with a twin that heard the same by time.

form, opened = report("form.submitted", 2), report("email.opened", 3)
visit = report("visit.recorded", 1)
tell(ledger, form, opened, visit)
assert as_in_order(ledger, form, opened, visit)
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.event import Event
from domain.lead.state import AccountState, LeadState
from events.outcomes import Recorded
from events.refusals import Refusal, Refused
from events.signals.sender import Sender
from tests.support.audited import audit_of
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, LedgerInMemory
from tests.support.permuted import what_is_known
from tests.support.stories import day

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
COMPANY = "acme.example"

Reported = Mapping[str, Any]


def report(type: str, at: float | datetime, whom: str = HANAKO, **data: Any) -> Reported:
    """Return a report about a person, or about a company if `whom` is a domain."""
    time = (at if isinstance(at, datetime) else day(at)).isoformat()
    person, company = {"user_id": whom, "email": whom}, {"domain": whom}
    about = {"lead": person} if "@" in whom else {"account": company}
    id = f"{type} of {whom.partition('@')[0]} at {time}"
    return {"id": id, "type": type, "time": time, "data": data, **about}


def tell(ledger: LedgerInMemory, *reports: Reported, department: str | None = None) -> Recorded:
    """Send reports one after another, which must be recorded; return the last answer."""
    sender = Sender("key-1", ("test",), department, EVERY_RIGHT)
    answers = []
    for reported in reports:
        (answer,) = ledger.send(reported, sender=sender)
        assert isinstance(answer, Recorded), answer
        answers.append(answer)
    return answers[-1]


def refuse(ledger: LedgerInMemory, reported: Reported) -> Refusal:
    (answer,) = ledger.send(reported)
    assert isinstance(answer, Refused), answer
    return answer.refusal


def wait(ledger: LedgerInMemory, until: datetime) -> None:
    """Fire what is due by then."""
    ledger.at = until
    ledger.let_happen()


def lead(ledger: LedgerInMemory, whom: str = HANAKO) -> LeadState:
    state = ledger.subjects[ledger.pointers[DIGESTS.identifier("user_id", whom)]].state
    assert isinstance(state, LeadState)
    return state


def account(ledger: LedgerInMemory) -> AccountState:
    state = ledger.subjects[ledger.pointers[DIGESTS.identifier("domain", COMPANY)]].state
    assert isinstance(state, AccountState)
    return state


def restatements(ledger: LedgerInMemory) -> list[Event]:
    return [event for event, _ in ledger.records if event.type == "lead.restated"]


def in_order(ledger: LedgerInMemory, *reports: Reported) -> LedgerInMemory:
    """Return a ledger that heard these reports in the order in which things happened."""
    twin = LedgerInMemory(ledger.compiled, at=ledger.at)
    tell(twin, *sorted(reports, key=lambda reported: reported["time"]))
    return twin


def as_in_order(ledger: LedgerInMemory, *reports: Reported) -> bool:
    """Whether the same is known as if the reports had come in order; verification agrees."""
    twin = in_order(ledger, *reports)
    for either in (ledger, twin):
        either.let_happen()
    assert audit_of(ledger).subjects == ledger.subjects
    return what_is_known(ledger) == what_is_known(twin)
