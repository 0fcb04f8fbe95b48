"""The ledger as a state machine: events sent, repeated, concurrently, by two writers, with crashes.

The model knows only keys, contents and positions. Every answer of the ledger must fit the model,
and its contents must verify in the end.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from events.append.ledger import Ledger
from events.outcomes import Duplicate, Outcome, Recorded
from events.refusals import Refused
from service.engine import make_engine
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, SEALS, prepare, settings_for
from tests.support.ledger_on_postgres import LedgerOnPostgres, send
from tests.support.postgres import connection_to, drop_database, fresh_database
from tests.support.tier import by_tier
from tests.support.verified import verify

EXAMPLES = by_tier(push=12, nightly=400)
STEPS = 20
PEOPLE = ("hanako@acme.example", "taro@acme.example", "jiro@gmail.com")
TYPES: dict[str, dict[str, str]] = {
    "visit.recorded": {},
    "form.submitted": {},
    "contact.requested": {},
    "lead.qualified": {},
    "lead.sales_accepted": {},
    "lead.sales_rejected": {"reason": "out_of_focus"},
    "screening.completed": {"class": "now"},
    "opportunity.created": {"opportunity": "deal"},
    "opportunity.won": {"opportunity": "deal"},
    "order.cancelled": {"order": "o"},
}
leads = st.fixed_dictionaries(
    {"email": st.sampled_from(PEOPLE)}, optional={"anonymous_id": st.sampled_from(("c1", "c2"))}
) | st.fixed_dictionaries({"anonymous_id": st.sampled_from(("c1", "c2"))})
events = st.fixed_dictionaries(
    {
        "id": st.integers(min_value=0, max_value=40).map(lambda number: f"e{number}"),
        "type": st.sampled_from(tuple(TYPES)),
        "lead": leads,
    }
).map(lambda event: {**event, "data": TYPES[str(event["type"])]})
batches = st.lists(events, min_size=1, max_size=6)
writers = st.sampled_from((0, 1))

Event = dict[str, Any]


class LedgerMachine(RuleBasedStateMachine):
    """Two writers on one database, and a model of their answers."""

    server: PrivatePostgres

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.recorded: dict[str, tuple[Event, Recorded]] = {}
        self.end = LIFECYCLE_AT

    @initialize()
    def open(self) -> None:
        owner_url, app_url = fresh_database(self.server, prepare=prepare)
        engine = make_engine(settings_for(), app_url)
        self.on = LedgerOnPostgres(owner_url, app_url, engine, Ledger(engine, SCHEMA, SEALS))
        self.run(self.on.ledger.open())
        self.writers = [self.on.ledger, self.run(self.on.another())]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(writer=writers, batch=batches)
    def append(self, writer: int, batch: list[Event]) -> None:
        self.judge(batch, self.run(send(self.writers[writer], *batch)))

    @rule(writer=writers, batch=batches)
    def append_strictly(self, writer: int, batch: list[Event]) -> None:
        outcomes = self.run(send(self.writers[writer], *batch, is_strict=True))
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            assert not any(isinstance(outcome, Recorded) for outcome in outcomes)
        self.judge(batch, outcomes)

    @rule(one=batches, other=batches)
    def append_at_once(self, one: list[Event], other: list[Event]) -> None:
        async def both() -> tuple[list[Outcome], list[Outcome]]:
            return await asyncio.gather(send(self.writers[0], *one), send(self.writers[1], *other))

        outcomes = self.run(both())
        self.judge([*one, *other], [*outcomes[0], *outcomes[1]], is_in_order=False)

    @rule(writer=writers, places=st.lists(st.integers(0, 40), min_size=1, max_size=4))
    def send_again(self, writer: int, places: list[int]) -> None:
        # Which keys exist depends on timing, and draws must not.
        known = sorted(self.recorded)
        keys = [known[place % len(known)] for place in places if known]
        batch = [self.recorded[key][0] for key in keys]
        outcomes = self.run(send(self.writers[writer], *batch))
        expected = [self.recorded[key][1] for key in keys]
        assert outcomes == [Duplicate(first.position, first.leaf) for first in expected]

    @rule(writer=writers)
    def restart(self, writer: int) -> None:
        self.run(self.writers[writer].close())
        self.writers[writer] = self.run(self.on.another())

    @rule()
    def cut_every_connection(self) -> None:
        async def cut() -> None:
            async with connection_to(self.on.app_url) as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database() "
                    "AND usename = current_user"
                )
            # The pool recognises a dead connection only after the loop has noticed it.
            await asyncio.sleep(0.02)

        self.run(cut())

    @rule(writer=writers)
    def forget(self, writer: int) -> None:
        self.writers[writer].forget()

    def judge(
        self, batch: list[Event], outcomes: list[Outcome], *, is_in_order: bool = True
    ) -> None:
        assert len(outcomes) == len(batch)
        answered = list(zip(batch, outcomes, strict=True))
        new = [(event, one) for event, one in answered if isinstance(one, Recorded)]
        if is_in_order:
            positions = [one.position for _, one in new]
            assert positions == sorted(positions)
        for event, recorded in new:
            assert event["id"] not in self.recorded
            assert recorded.position > self.end
            self.recorded[event["id"]] = (event, recorded)
        for event, outcome in answered:
            self.judge_one(event, outcome)
        self.end = max([self.end, *(_last(one) for _, one in new)])

    def judge_one(self, event: Event, outcome: Outcome) -> None:
        first = self.recorded.get(event["id"])
        if isinstance(outcome, Duplicate):
            assert first is not None
            assert event == first[0]
            assert outcome == Duplicate(first[1].position, first[1].leaf)
        elif isinstance(outcome, Refused):
            reason = outcome.refusal.reason
            assert reason in {
                "event-id-reused",
                "move-not-allowed",
                "lead-unknown",
                "batch-refused",
            }
            assert reason != "event-id-reused" or first is None or event != first[0]

    @invariant()
    def the_feed_matches_the_answers(self) -> None:
        log = self.run(self.on.recorded())
        # A restatement may follow the last event that was answered.
        added = [id.partition(".")[0] for position, id, _ in log if position > self.end]
        assert all(first == "restatement" or int(first) > self.end for first in added), added
        self.end += len(added)
        assert [position for position, _, _ in log] == list(range(LIFECYCLE_AT + 1, self.end + 1))
        reported = {id: position for position, id, _ in log if id.startswith("e")}
        assert reported == {id: one.position for id, (_, one) in self.recorded.items()}

    def teardown(self) -> None:
        if hasattr(self, "on"):
            self.run(self.end_well())
            drop_database(self.server, self.on.owner_url)
        self.loop.close()

    async def end_well(self) -> None:
        try:
            verified = await verify(self.on.engine, schema=SCHEMA)
            assert (verified.position, verified.decided_again) == (
                self.end,
                self.end - LIFECYCLE_AT,
            )
        finally:
            await self.on.close()


def _last(outcome: Recorded) -> int:
    return max([outcome.position, *(derived.position for derived in outcome.derived)])


@pytest.fixture
def machine(postgres_server: PrivatePostgres) -> Iterator[type[LedgerMachine]]:
    LedgerMachine.server = postgres_server
    yield LedgerMachine
    del LedgerMachine.server


def test_the_ledger_answers_like_a_table_of_keys(machine: type[LedgerMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
