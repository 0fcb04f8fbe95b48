"""The queue in front of the ledger: nothing accepted is dropped, and no sender fills it alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from events.append.admission import Admission
from events.append.ledger import Appended, Ledger
from events.append.queue import Append, Queue
from events.database.failures import LedgerUnavailable, QueueFull
from events.limits import PASSED_OVER_MAX, SUBMISSION_ITEMS_MAX, WAITING_ITEMS_MAX
from events.outcomes import Duplicate, Recorded
from events.refusals import Refused
from events.submission import Submission
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, SEALS
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    form,
    ledger_on_postgres,
    read,
    submission_of,
)
from tests.support.postgres import connection_to


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as ledger:
        yield ledger


def unheard(append: Append) -> None:
    """Ignore appends."""


@asynccontextmanager
async def head_held(on: LedgerOnPostgres) -> AsyncIterator[None]:
    """Hold the lock on the head, as a slow writer would."""
    async with connection_to(on.owner_url) as connection, connection.transaction():
        await connection.fetchrow("SELECT position FROM ledger.ledger_head FOR UPDATE")
        yield


async def test_submissions_that_wait_for_a_commit_become_one_batch(on: LedgerOnPostgres) -> None:
    appends: list[Append] = []
    queue = Queue(on.ledger, appends.append)
    queue.start()
    async with head_held(on):
        first = asyncio.create_task(queue.submit(submission_of(form("first"))))
        await asyncio.sleep(0.1)
        rest = [asyncio.create_task(queue.submit(submission_of(form(f"e{n}")))) for n in range(5)]
        await asyncio.sleep(0.1)
        assert queue.waiting_items == 5
    outcomes = await asyncio.gather(first, *rest)
    await queue.close()
    assert [one.position for (one,) in outcomes if isinstance(one, Recorded)] == [
        LIFECYCLE_AT + number for number in (1, 6, 7, 8, 9, 10)
    ]
    assert [(append.position, append.items) for append in appends] == [
        (LIFECYCLE_AT + 5, 1),
        (LIFECYCLE_AT + 10, 5),
    ]
    assert queue.waiting_items == 0


class Learnt(Admission):
    """An admission that keeps what it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[int] = []

    def learn(self, *, items: int, seconds: float) -> None:
        assert seconds > 0
        self.items.append(items)
        super().learn(items=items, seconds=seconds)


async def test_leads_that_are_woken_count_like_events(on: LedgerOnPostgres) -> None:
    """Otherwise a batch that wakes many leads would look like a ledger that has stalled."""
    learnt = Learnt()
    queue = Queue(on.ledger, unheard, admission=learnt)
    queue.start()
    (recorded,) = await queue.submit(submission_of(form("first")))
    assert isinstance(recorded, Recorded)
    lead_id = recorded.subject.removeprefix("lead/")
    await queue.submit(Submission((), woken=(lead_id,) * 150))
    await queue.close()
    assert learnt.items == [1, 150]


async def test_a_sender_that_disconnects_loses_nothing(on: LedgerOnPostgres) -> None:
    queue = Queue(on.ledger, unheard)
    queue.start()
    async with head_held(on):
        gone = asyncio.create_task(queue.submit(submission_of(form("gone"))))
        stays = asyncio.create_task(queue.submit(submission_of(form("stays"))))
        await asyncio.sleep(0.1)
        gone.cancel()
    (outcome,) = await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    await queue.close()
    assert isinstance(outcome, Recorded)
    assert {id for _, id, _ in await on.recorded()} >= {"gone", "stays"}


async def test_the_queue_accepts_what_it_promises_and_no_more(on: LedgerOnPostgres) -> None:
    queue = Queue(on.ledger, unheard)
    item = read(form("same"))
    most = Submission((item,) * SUBMISSION_ITEMS_MAX)
    futures = [queue.enqueue(most) for _ in range(WAITING_ITEMS_MAX // SUBMISSION_ITEMS_MAX)]
    assert queue.waiting_items == WAITING_ITEMS_MAX
    with pytest.raises(QueueFull, match=f"{WAITING_ITEMS_MAX} events are waiting"):
        queue.enqueue(Submission((item,)))
    queue.start()
    answered = [outcome for future in futures for outcome in await future]
    await queue.close()
    assert len(answered) == WAITING_ITEMS_MAX
    assert not any(isinstance(outcome, Refused) for outcome in answered)
    assert len(await on.recorded()) == 5


class Impatient(Admission):
    """Admits newcomers only if nothing waits before them."""

    @property
    def items_max(self) -> float:
        return 0


async def test_internal_work_does_not_reject_senders(on: LedgerOnPostgres) -> None:
    queue = Queue(on.ledger, unheard, admission=Impatient())
    ranking = tuple(read(form(f"own{n}")) for n in range(3))
    waiting = queue.enqueue(Submission(ranking, is_own=True))
    queue.start()
    async with head_held(on):
        queue.admit()
        await asyncio.sleep(0.1)
        assert queue.waiting_items == 0
        queue.admit()
    assert len(await waiting) == 3
    queue.enqueue(submission_of(form("theirs")))
    with pytest.raises(QueueFull):
        queue.admit()
    await queue.close()


class Careful(Admission):
    """Takes two at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.append_items_max = 2

    def learn(self, *, items: int, seconds: float) -> None:
        """Learn nothing."""


async def test_senders_come_before_internal_work_which_gets_its_turn(
    on: LedgerOnPostgres,
) -> None:
    appends: list[Append] = []
    queue = Queue(on.ledger, appends.append, admission=Careful())
    own = queue.enqueue(Submission((read(form("own")),), is_own=True))
    theirs = [queue.enqueue(submission_of(form(f"e{n}"))) for n in range(2 * PASSED_OVER_MAX + 3)]
    queue.start()
    (recorded,) = await own
    assert isinstance(recorded, Recorded)
    await asyncio.gather(*theirs)
    await queue.close()
    assert [append.items for append in appends] == [2] * (PASSED_OVER_MAX + 2)
    before, with_it = appends[PASSED_OVER_MAX - 1 : PASSED_OVER_MAX + 1]
    assert before.position < recorded.position <= with_it.position


async def test_closing_records_what_waits_and_accepts_nothing_more(on: LedgerOnPostgres) -> None:
    queue = Queue(on.ledger, unheard)
    waiting = [queue.enqueue(submission_of(form(f"e{n}"))) for n in range(3)]
    queue.start()
    closing = asyncio.create_task(queue.close())
    await asyncio.sleep(0)
    with pytest.raises(LedgerUnavailable, match="shutting down"):
        await queue.submit(submission_of(form("late")))
    await closing
    assert [isinstance((await one)[0], Recorded) for one in waiting] == [True] * 3
    assert "late" not in {id for _, id, _ in await on.recorded()}


async def test_a_queue_that_was_never_started_closes(on: LedgerOnPostgres) -> None:
    await Queue(on.ledger, unheard).close()


async def test_a_failing_listener_to_appends_stops_no_one(on: LedgerOnPostgres) -> None:
    def fail(append: Append) -> None:
        raise ValueError(append)

    queue = Queue(on.ledger, fail)
    queue.start()
    for number in range(2):
        (outcome,) = await queue.submit(submission_of(form(f"e{number}")))
        assert isinstance(outcome, Recorded)
    await queue.close()


async def test_a_sender_that_waits_too_long_is_answered_and_its_events_stay_in_their_batch(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.submission_queue.OUTCOME_WAIT_S", 0.2)
    queue = Queue(on.ledger, unheard)
    queue.start()
    async with head_held(on):
        sent = [asyncio.create_task(queue.submit(submission_of(form(one)))) for one in "ab"]
        for one in sent:
            with pytest.raises(LedgerUnavailable, match="has not answered"):
                await one
        monkeypatch.setattr("events.append.queue.STUCK_S", 0.1)
        with pytest.raises(LedgerUnavailable, match="has taken nothing"):
            queue.admit()
    monkeypatch.undo()
    queue.admit()
    again = [await queue.submit(submission_of(form(one))) for one in "ab"]
    await queue.close()
    assert [outcome for (outcome,) in again if isinstance(outcome, Recorded)] == []
    assert [outcome.position for (outcome,) in again if isinstance(outcome, Duplicate)] == [
        LIFECYCLE_AT + 1,
        LIFECYCLE_AT + 6,
    ]


class BrokenOnce(Ledger):
    """A ledger with a bug that shows once."""

    is_broken = True

    async def append(self, submissions: Sequence[Submission]) -> Appended:
        if self.is_broken:
            self.is_broken = False
            raise KeyError("a mistake")
        return await super().append(submissions)


async def test_a_bug_of_ours_is_reported_and_the_next_batch_is_accepted(
    on: LedgerOnPostgres,
) -> None:
    ledger = BrokenOnce(on.engine, SCHEMA, SEALS)
    await ledger.open()
    queue = Queue(ledger, unheard)
    queue.start()
    with pytest.raises(KeyError, match="a mistake"):
        await queue.submit(submission_of(form("a")))
    (outcome,) = await queue.submit(submission_of(form("a")))
    await queue.close()
    assert isinstance(outcome, Recorded)


async def test_a_stalled_database_is_reported_to_every_waiting_sender(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.append.ledger.APPEND_GIVE_UP_S", 0)
    await on.as_owner("REVOKE INSERT ON ledger.events FROM leadledger_app")
    queue = Queue(on.ledger, unheard)
    waiting = [queue.enqueue(submission_of(form(f"e{n}"))) for n in range(3)]
    queue.start()
    for future in waiting:
        with pytest.raises(LedgerUnavailable):
            await future
    await queue.close()


async def test_a_cost_is_compared_with_those_of_this_batch_and_of_all_before(
    on: LedgerOnPostgres,
) -> None:
    cost = {"campaign": "expo", "cost": "100", "currency": "JPY"}
    november = {"starts_on": "2026-11-01", "ends_on": "2026-11-30"}
    week = {"starts_on": "2026-11-02", "ends_on": "2026-11-06"}
    costs = [
        {"id": f"cost-{number}", "type": "campaign.cost_recorded", "data": {**cost, **period}}
        for number, period in enumerate((november, week, november, week))
    ]
    first = await on.ledger.append([submission_of(*costs[:2])])
    again = await on.ledger.append([submission_of(*costs[2:])])
    for appended in (first, again):
        recorded, refused = appended.outcomes[0]
        assert isinstance(recorded, Recorded)
        assert isinstance(refused, Refused)
        assert refused.refusal.members == {"expected": november}
