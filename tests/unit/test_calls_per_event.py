"""The cost of an event in Python calls, a measure that is the same on every machine."""

from events.append import statement_arguments
from events.append.plan import Plan
from events.outcomes import Recorded
from events.refusals import Refusal
from events.revision.past import Recollection
from events.seals import SEAL_BYTES
from events.signals import native
from events.signals.context import Context
from events.submission import Item, Submission
from tests.bench.mix import Event, events_of
from tests.support.calls import Calls
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory

BATCHES, BATCH = 8, 250
READING_MAX, APPENDING_MAX = 65, 335
"""Calls per event: to read it, and to decide, encode and append it. 62 and 327 when written."""


def test_an_event_of_the_usual_mix_takes_few_calls() -> None:
    ledger, reading, appending = LedgerInMemory(), Calls(), Calls()
    ledger.memory.chain = bytes(SEAL_BYTES)
    context = Context(ledger.in_force.lifecycle, DIGESTS, SENDER, RECEIVED_AT)
    reported = events_of("calls", BATCHES * BATCH, end=RECEIVED_AT)
    for event in reported:
        native.read(event, context)  # lists of domains are read on first use
    for at in range(0, len(reported), BATCH):
        with reading.counted():
            items = [_item(event, context) for event in reported[at : at + BATCH]]
        _append(ledger, Submission(tuple(items)), appending)
    per_event = (reading.count / len(reported), appending.count / len(reported))
    assert per_event[0] <= READING_MAX, per_event
    assert per_event[1] <= APPENDING_MAX, per_event


def _append(ledger: LedgerInMemory, submission: Submission, appending: Calls) -> None:
    """Append a batch as the writer does from its memory, and count the calls of that."""
    recollection = Recollection()
    ledger._recall([submission], recollection)
    with appending.counted():
        plan = Plan(ledger.memory, {}, ledger._now(), recollection)
        (outcomes,) = plan.settle([plan.submit(submission)])
        plan.draft.seal(DIGESTS.seals)
        statement_arguments.arguments(plan, DIGESTS.seals)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes)
    ledger._write(plan)
    with appending.counted():
        plan.commit()


def _item(event: Event, context: Context) -> Item:
    signal = native.read(event, context)
    assert not isinstance(signal, Refusal), signal
    return Item(signal, b"{}", context)
