"""What crosses the socket between the processes arrives as it was sent."""

import msgspec
import pytest

from domain.lifecycle.change.succession import Occupancy, OccupiedStage
from domain.lifecycle.definition import SubjectKind
from events.outcomes import Outcome
from events.refusals import Refused
from events.remote.messages import (
    Answered,
    Malformed,
    Submit,
    answered,
    decode_client,
    decode_writer,
    encode,
    outcomes_of,
    received,
    sent,
)
from events.signals.context import Context
from events.submission import Submission
from tests.support.every_event import golden_records
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory


class LedgerBehindASocket(LedgerInMemory):
    """A ledger that gets every submission, and returns every outcome, as bytes."""

    def submit(self, *submissions: Submission) -> list[Outcome]:
        outcomes = super().submit(*(crossed(submission, self) for submission in submissions))
        message = decode_writer(encode(answered(7, outcomes)))
        assert isinstance(message, Answered)
        assert message.number == 7
        returned = outcomes_of(message)
        assert returned == outcomes
        return returned


def crossed(submission: Submission, ledger: LedgerInMemory) -> Submission:
    message = decode_client(encode(sent(7, submission, 1)))
    assert isinstance(message, Submit)
    lifecycle = ledger.in_force.lifecycle
    own = Context(lifecycle, DIGESTS, SENDER, RECEIVED_AT)
    arrived = received(message, lifecycle.events.__getitem__, own)
    for before, after in zip(submission.items, arrived.items, strict=True):
        if isinstance(before, Refused) or isinstance(after, Refused):
            assert after == before
        else:
            assert after.signal == before.signal
            assert after.context.received_at == before.context.received_at
            assert after.content == before.content
    return arrived


def test_every_event_is_recorded_the_same_when_it_comes_over_the_socket() -> None:
    assert golden_records(LedgerBehindASocket) == golden_records()


def test_leads_to_wake_and_what_a_publication_counted_cross_as_well() -> None:
    ledger = LedgerInMemory()
    counted = Occupancy(17, {OccupiedStage(SubjectKind.LEAD, "MQL", 2): 5})
    submission = Submission(
        (), is_strict=True, woken=("lead-1",), counted=counted, is_own=True, is_repeated=True
    )
    assert crossed(submission, ledger) == submission


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x80\x04K\x01.",
        msgspec.msgpack.encode({"hello": 1}),
        msgspec.msgpack.encode(["submit", 1, 1, [["item"]], False, [], None, False, False]),
        msgspec.msgpack.encode(["answered", 1, []]),
        msgspec.msgpack.encode(["evil", 1]),
    ],
)
def test_anything_else_is_rejected_before_it_is_used(message: bytes) -> None:
    with pytest.raises(Malformed):
        decode_client(message)
