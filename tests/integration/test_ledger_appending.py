"""Appending to the ledger: each key once, one answer per item, whoever else writes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from events.append.ledger import Ledger
from events.batch.memory import LEDGER_SUBJECT_ID
from events.database.failures import LedgerUnavailable
from events.outcomes import Duplicate, Moved, Outcome, Recorded
from events.refusals import Refused
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, SEALS
from tests.support.ledger_on_postgres import (
    LedgerOnPostgres,
    decision,
    form,
    ledger_on_postgres,
    send,
    submission_of,
)
from tests.support.postgres import connection_to


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    async with ledger_on_postgres(postgres_server) as ledger:
        yield ledger


def said(outcomes: list[Outcome]) -> list[str]:
    """Return recorded, duplicate or the reason, with the position if there is one."""
    return [
        outcome.refusal.reason
        if isinstance(outcome, Refused)
        else f"{type(outcome).__name__.lower()} {outcome.position}"
        for outcome in outcomes
    ]


async def test_every_transaction_has_its_own_time_even_if_the_clock_is_set_back(
    on: LedgerOnPostgres,
) -> None:
    await on.send(form("before"))
    on.ledger._clock_ahead -= timedelta(seconds=0.3)
    for number in range(3):
        await on.send(form(f"after-{number}"))
    rows = await on.as_owner(
        "SELECT recorded_at FROM ledger.events WHERE source <> 'leadledger' ORDER BY position"
    )
    times = [row["recorded_at"] for row in rows]
    assert times == sorted(set(times))


async def test_items_of_a_batch_are_recorded_in_order_with_their_consequences(
    on: LedgerOnPostgres,
) -> None:
    outcomes = await on.send(
        form("a"),
        decision("b", "lead.qualified"),
        {"id": "c", "type": "visit.recorded", "lead": {"anonymous_id": "c"}},
        decision("d", "lead.sales_accepted"),
    )
    assert said(outcomes) == ["recorded 7", "recorded 12", "recorded 15", "recorded 17"]
    assert await on.recorded() == [
        (7, "a", "form.submitted"),
        (8, "7.1", "identity.linked"),
        (9, "7.2", "identity.linked"),
        (10, "7.3", "account.prospect_gained"),
        (11, "7.4", "lead.accepted"),
        (12, "b", "lead.qualified"),
        (13, "12.1", "lead.handed_over"),
        (14, "12.2", "deadline.started"),
        (15, "c", "visit.recorded"),
        (16, "15.1", "identity.linked"),
        (17, "d", "lead.sales_accepted"),
        (18, "17.1", "deadline.met"),
        (19, "17.2", "deadline.started"),
    ]


async def test_a_repeated_event_is_answered_with_its_first_position_and_leaf(
    on: LedgerOnPostgres,
) -> None:
    (first,) = await on.send(form("a"))
    assert isinstance(first, Recorded)
    duplicate = Duplicate(first.position, first.leaf)
    assert await on.send(form("a")) == [duplicate]
    assert await on.send(form("a"), form("a")) == [duplicate, duplicate]
    assert await send(await on.another(), form("a")) == [duplicate]
    assert len(await on.recorded()) == 5


async def test_a_retry_among_new_events_does_not_delay_them(on: LedgerOnPostgres) -> None:
    await on.send(form("a"))
    assert said(await on.send(form("b"), form("a"), form("c"))) == [
        "recorded 12",
        "duplicate 7",
        "recorded 13",
    ]


async def test_a_key_with_other_content_is_refused_and_nothing_is_stored(
    on: LedgerOnPostgres,
) -> None:
    await on.send(form("a"))
    before = await on.recorded()
    (refused,) = await on.send(form("a", form="other"))
    assert isinstance(refused, Refused)
    assert (refused.refusal.reason, refused.refusal.members) == (
        "event-id-reused",
        {"position": "7"},
    )
    assert await on.recorded() == before
    assert await on.refusals() == [("a", "event-id-reused")]


async def test_a_key_repeated_within_a_batch_is_a_duplicate_or_refused(
    on: LedgerOnPostgres,
) -> None:
    outcomes = await on.send(form("a"), form("a"), form("a", form="other"), form("b"))
    assert said(outcomes) == ["recorded 7", "duplicate 7", "event-id-reused", "recorded 12"]
    (first, second) = outcomes[:2]
    assert isinstance(first, Recorded)
    assert second == Duplicate(first.position, first.leaf)


async def test_a_decision_that_is_retried_after_the_lead_moved_on_is_a_duplicate(
    on: LedgerOnPostgres,
) -> None:
    rejected = decision("r", "lead.sales_rejected", reason="out_of_focus")
    outcomes = await on.send(form("a"), decision("q", "lead.qualified"), rejected)
    assert said(outcomes)[-1] == "recorded 15"
    assert said(await on.send(decision("new", "lead.sales_accepted"))) == ["move-not-allowed"]
    assert said(await on.send(rejected)) == ["duplicate 15"]
    assert said(await on.send(rejected, decision("q", "lead.qualified"))) == [
        "duplicate 15",
        "duplicate 12",
    ]
    assert await on.refusals() == [("new", "move-not-allowed")]


async def test_a_refusal_is_decided_again_when_it_is_sent_again(on: LedgerOnPostgres) -> None:
    accepted = decision("s", "lead.sales_accepted")
    assert said(await on.send(accepted)) == ["lead-unknown"]
    await on.send(form("a"), decision("q", "lead.qualified"))
    assert said(await on.send(accepted)) == ["recorded 15"]


async def test_a_strict_batch_with_one_refused_records_nothing_and_keeps_the_refusal(
    on: LedgerOnPostgres,
) -> None:
    outcomes = await on.send(form("a"), decision("s", "lead.sales_accepted"), is_strict=True)
    assert said(outcomes) == ["batch-refused", "move-not-allowed"]
    assert await on.recorded() == []
    assert await on.refusals() == [("s", "move-not-allowed")]
    assert said(await on.send(form("a"))) == ["recorded 7"]


async def test_a_strict_batch_with_an_unreadable_item_records_nothing(
    on: LedgerOnPostgres,
) -> None:
    outcomes = await on.send(form("a"), {**form("b"), "time": "soon"}, is_strict=True)
    assert said(outcomes) == ["batch-refused", "event-invalid"]
    assert (await on.recorded(), await on.refusals()) == ([], [("b", "event-invalid")])


async def test_a_repetition_in_a_strict_batch_is_still_a_duplicate(on: LedgerOnPostgres) -> None:
    await on.send(form("a"))
    outcomes = await on.send(form("a"), decision("s", "lead.sales_accepted"), is_strict=True)
    assert said(outcomes) == ["duplicate 7", "move-not-allowed"]
    assert said(await on.send(form("a"), form("b"), is_strict=True)) == [
        "duplicate 7",
        "recorded 12",
    ]


async def test_a_repetition_within_a_failed_strict_batch_was_never_recorded(
    on: LedgerOnPostgres,
) -> None:
    outcomes = await on.send(
        form("a"), form("a"), decision("s", "lead.qualified", "x@y.jp"), is_strict=True
    )
    assert said(outcomes) == ["batch-refused", "batch-refused", "lead-unknown"]


async def test_a_writer_remembers_what_it_wrote(on: LedgerOnPostgres) -> None:
    (recorded,) = await on.send(form("a"))
    assert isinstance(recorded, Recorded)
    assert on.ledger.memory.position == 11
    assert recorded.lead in on.ledger.memory.subjects


async def test_a_strict_batch_leaves_nothing_behind_for_the_next(on: LedgerOnPostgres) -> None:
    appended = await on.ledger.append(
        [
            submission_of(form("a"), decision("x", "lead.sales_accepted"), is_strict=True),
            submission_of(decision("q", "lead.qualified")),
            submission_of(form("b")),
        ]
    )
    assert [said(outcomes) for outcomes in appended.outcomes] == [
        ["batch-refused", "move-not-allowed"],
        ["lead-unknown"],
        ["recorded 7"],
    ]


async def forbid(on: LedgerOnPostgres, id: str) -> None:
    await on.as_owner(
        f"ALTER TABLE ledger.events ADD CONSTRAINT no_poison CHECK (id <> '{id}') NOT VALID"
    )


async def test_an_event_that_the_database_rejects_fails_alone(on: LedgerOnPostgres) -> None:
    await forbid(on, "poison")
    names = ["a", "poison", "b", "c", "d"]
    batch = [submission_of(form("x")), submission_of(*map(form, names)), submission_of(form("y"))]
    appended = await on.ledger.append(batch)
    assert [said(outcomes) for outcomes in appended.outcomes] == [
        ["recorded 7"],
        ["recorded 12", "event-not-storable", "recorded 13", "recorded 14", "recorded 15"],
        ["recorded 16"],
    ]
    assert appended.position == 16
    assert [id for _, id, _ in await on.recorded()][5:] == ["a", "b", "c", "d", "y"]
    assert await on.refusals() == [("poison", "event-not-storable")]
    assert on.faults == ["appending"]
    on.faults.clear()


async def test_a_strict_batch_that_the_database_rejects_is_rejected_whole(
    on: LedgerOnPostgres,
) -> None:
    await forbid(on, "poison")
    outcomes = await on.send(form("a"), form("poison"), is_strict=True)
    assert said(outcomes) == ["event-not-storable", "event-not-storable"]
    assert await on.recorded() == []
    assert on.faults == ["appending"]
    on.faults.clear()


async def test_a_revoked_database_right_refuses_no_event(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.append.ledger.APPEND_GIVE_UP_S", 0)
    await on.as_owner("REVOKE INSERT ON ledger.events FROM leadledger_app")
    with pytest.raises(LedgerUnavailable):
        await on.send(form("a"))
    await on.as_owner("GRANT INSERT ON ledger.events TO leadledger_app")
    assert said(await on.send(form("a"))) == ["recorded 7"]
    assert await on.refusals() == []


async def test_an_append_that_fails_slowly_is_given_up_in_time(
    on: LedgerOnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight attempts could each take as long as one may; senders are answered before that."""
    monkeypatch.setattr("events.append.ledger.APPEND_GIVE_UP_S", 0.5)
    await on.as_owner(
        "CREATE FUNCTION ledger.fail_slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_sleep(0.3); RAISE EXCEPTION 'busy' USING ERRCODE = 'serialization_failure'; "
        "END $$"
    )
    await on.as_owner(
        "CREATE TRIGGER fail_slowly BEFORE INSERT ON ledger.events "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger.fail_slowly()"
    )
    began = monotonic()
    with pytest.raises(LedgerUnavailable):
        await on.send(form("a"))
    assert monotonic() - began < 2.0
    await on.as_owner("DROP TRIGGER fail_slowly ON ledger.events")
    assert said(await on.send(form("a"))) == ["recorded 7"]


async def test_a_writer_decides_on_what_another_has_written(on: LedgerOnPostgres) -> None:
    other = await on.another()
    steps = [
        form("a"),
        decision("q", "lead.qualified"),
        decision("s", "lead.sales_accepted"),
        decision("c", "screening.completed", **{"class": "now"}),
        decision("o", "opportunity.created", opportunity="deal"),
        decision("w", "opportunity.won", opportunity="deal"),
    ]
    moves = []
    for place, step in enumerate(steps):
        (outcome,) = await send((on.ledger, other)[place % 2], step)
        assert isinstance(outcome, Recorded)
        moves.append(outcome.moved)
    assert moves == [
        Moved(None, "ML"),
        Moved("MAL", "MQL"),
        Moved("MQL", "SAL"),
        Moved("SAL", "SQL"),
        Moved("SQL", "OPP"),
        Moved("OPP", "WON"),
    ]


async def test_a_writer_finds_leads_that_another_has_made_known(on: LedgerOnPostgres) -> None:
    other = await on.another()
    visit = {"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}
    (visited,) = await on.send(visit)
    (known,) = await send(other, {**form("a"), "lead": {"anonymous_id": "c", "email": "h@x.jp"}})
    (opened,) = await on.send(decision("o", "email.opened", "h@x.jp"))
    assert isinstance(visited, Recorded)
    assert isinstance(known, Recorded)
    assert isinstance(opened, Recorded)
    assert visited.lead == known.lead == opened.lead


async def test_a_writer_that_missed_a_lead_finds_it_once_another_has_recorded_it(
    on: LedgerOnPostgres,
) -> None:
    other = await on.another()
    assert said(await on.send(decision("early", "lead.qualified"))) == ["lead-unknown"]
    await send(other, form("a"))
    assert said(await on.send(decision("late", "lead.qualified"))) == ["recorded 12"]


async def test_overlapping_batches_of_two_writers_record_each_key_once(
    on: LedgerOnPostgres,
) -> None:
    other = await on.another()

    async def write(ledger: Ledger, first: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(first, first + 20, 2):
            batch = [form(f"e{start + n}", f"p{n}@example.co.jp") for n in range(6)]
            outcomes += await send(ledger, *batch)
        return outcomes

    both = await asyncio.gather(write(on.ledger, 0), write(other, 10))
    recorded = [one.position for part in both for one in part if isinstance(one, Recorded)]
    answered = {one.position for part in both for one in part if not isinstance(one, Refused)}
    assert len(recorded) == len(set(recorded)) == len(answered)
    log = await on.recorded()
    assert [position for position, _, _ in log] == list(
        range(LIFECYCLE_AT + 1, LIFECYCLE_AT + 1 + len(log))
    )


async def test_a_cut_connection_is_reopened(on: LedgerOnPostgres) -> None:
    await on.send(form("a"))
    async with connection_to(on.app_url) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database() "
            "AND usename = current_user"
        )
    assert said(await on.send(form("a"), form("b"))) == ["duplicate 7", "recorded 12"]


@pytest.mark.parametrize("ahead", [timedelta(hours=1), -timedelta(hours=1)])
async def test_a_differing_clock_is_corrected_by_the_databases(
    on: LedgerOnPostgres, ahead: timedelta
) -> None:
    on.ledger._clock_ahead = ahead
    assert said(await on.send(form("a"))) == ["recorded 7"]
    (row,) = await on.as_owner("SELECT recorded_at FROM ledger.events WHERE position = 7")
    assert abs(row["recorded_at"] - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_head_ahead_of_the_databases_clock_accepts_nothing(on: LedgerOnPostgres) -> None:
    await on.as_owner("UPDATE ledger.ledger_head SET recorded_at = now() + interval '1 hour'")
    ledger = await on.another()
    with pytest.raises(LedgerUnavailable, match="ahead of the database's clock"):
        await send(ledger, form("a"))
    assert await on.recorded() == []


class Slow(Ledger):
    """A ledger on a busy machine: deciding a batch takes longer than clocks may differ."""

    tries = 0

    async def _plan(self, *args: Any, **options: Any) -> Any:
        self.tries += 1
        planned = await super()._plan(*args, **options)
        await asyncio.sleep(1.5)
        return planned


async def test_a_batch_that_takes_long_to_decide_is_recorded_when_it_is_written(
    on: LedgerOnPostgres,
) -> None:
    ledger = Slow(on.engine, SCHEMA, SEALS)
    await ledger.open()
    assert said(await send(ledger, form("a"))) == ["recorded 7"]
    await ledger.close()
    assert ledger.tries == 2
    (row,) = await on.as_owner("SELECT recorded_at FROM ledger.events WHERE position = 7")
    assert abs(row["recorded_at"] - datetime.now(UTC)) < timedelta(seconds=5)


async def test_recorded_time_never_runs_backwards(on: LedgerOnPostgres) -> None:
    other = await on.another()
    other._clock_ahead = -timedelta(milliseconds=900)
    for number in range(6):
        await send((on.ledger, other)[number % 2], form(f"e{number}"))
    rows = await on.as_owner("SELECT recorded_at FROM ledger.events ORDER BY position")
    times = [row["recorded_at"] for row in rows]
    assert times == sorted(times)


async def test_personal_data_is_stored_outside_the_record(
    on: LedgerOnPostgres,
) -> None:
    event = {
        "id": "a",
        "type": "form.submitted",
        "lead": {"email": "hanako@example.co.jp", "name": "花子", "phone": "03-1234-5678"},
        "data": {"form": "whitepaper", "note": "秘密"},
    }
    await on.send(event)
    rows = await on.as_owner("SELECT record FROM ledger.events")
    log = "".join(row["record"] for row in rows if "lifecycle.published" not in row["record"])
    assert not any(secret in log for secret in ("hanako", "花子", "1234", "秘密"))
    (personal,) = await on.as_owner("SELECT position, content FROM ledger.event_personal")
    assert personal["position"] == 7
    assert all(secret.encode() in personal["content"] for secret in ("hanako", "花子", "秘密"))


async def test_ids_that_resemble_those_of_others_find_no_lead(on: LedgerOnPostgres) -> None:
    (recorded,) = await on.send(form("a"))
    assert isinstance(recorded, Recorded)
    assert recorded.lead is not None
    (row,) = await on.as_owner("SELECT subject_id FROM ledger.subjects WHERE kind = 'account'")
    account, ledger = str(row["subject_id"]), "00000000-0000-0000-0000-000000000000"
    listed = {"type": "market.target_listed"}
    visit = {"type": "visit.recorded"}
    outcomes = await on.send(
        {**visit, "id": "1", "lead": {"id": account}},
        {**visit, "id": "2", "lead": {"id": ledger}},
        {**listed, "id": "3", "account": {"id": recorded.lead}},
        {**listed, "id": "4", "account": {"id": ledger}},
        {**visit, "id": "5", "lead": {"id": recorded.lead}, "account": {"id": recorded.lead}},
    )
    assert said(outcomes) == [
        "lead-unknown",
        "lead-unknown",
        "account-unknown",
        "account-unknown",
        "account-unknown",
    ]


async def test_an_absorbed_lead_is_addressed_by_id_within_the_batch_that_absorbs_it(
    on: LedgerOnPostgres,
) -> None:
    (visited,) = await on.send({"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}})
    (known,) = await on.send(form("f"))
    assert isinstance(visited, Recorded)
    assert isinstance(known, Recorded)
    outcomes = await on.send(
        {**form("a"), "lead": {"anonymous_id": "c", "email": "hanako@example.co.jp"}},
        {"id": "b", "type": "lead.qualified", "lead": {"id": visited.lead}},
        {"id": "d", "type": "email.opened", "lead": {"anonymous_id": "c"}},
    )
    assert [outcome.lead for outcome in outcomes if isinstance(outcome, Recorded)] == [
        known.lead
    ] * 3
    assert [outcome.subject for outcome in outcomes if isinstance(outcome, Recorded)] == [
        f"lead/{known.lead}",
        f"lead/{visited.lead}",
        f"lead/{visited.lead}",
    ]
    assert outcomes[1].moved == Moved("MAL", "MQL")  # type: ignore[union-attr] # Recorded, above


async def test_an_order_without_a_buyer_is_about_the_ledger_and_counts_in_its_versions(
    on: LedgerOnPostgres,
) -> None:
    for number in range(2):
        order = {"id": f"o-{number}", "type": "order.recorded", "data": {"order": f"{number}"}}
        (outcome,) = await on.send(order)
        assert isinstance(outcome, Recorded), outcome
        assert outcome.subject == "ledger"
    versions = await on.as_owner(
        "SELECT subject_version FROM ledger.events WHERE subject_id = $1 ORDER BY position",
        LEDGER_SUBJECT_ID,
    )
    assert [row["subject_version"] for row in versions] == list(range(1, LIFECYCLE_AT + 3))
