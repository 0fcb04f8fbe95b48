"""Verification finds every change of the past, and reports nothing else."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from events.parts import digest_of
from events.records import leaf_of
from events.verification.findings import Finding
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA
from tests.support.ledger_on_postgres import LedgerOnPostgres, decision, form, ledger_on_postgres
from tests.support.verified import Verified, examined, verify

VISIT = {"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}
HISTORY: list[dict[str, Any]] = [
    form("a"),
    decision("q", "lead.qualified"),
    {"id": "o", "type": "opportunity.created", "lead": {"email": "t@other.example"},
     "data": {"opportunity": "deal"}},
    VISIT,
    {**form("b"), "lead": {"anonymous_id": "c", "email": "hanako@example.co.jp", "name": "花子"}},
    {"id": "w", "type": "opportunity.won", "data": {"opportunity": "deal"}},
    {"id": "t", "type": "market.target_listed", "account": {"domain": "target.example"}},
]  # fmt: skip
FORM, QUALIFIED, LINKED = LIFECYCLE_AT + 1, LIFECYCLE_AT + 6, LIFECYCLE_AT + 2
PERSONAL = "personal data, fingerprint and identifiers match the digest in the record"


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[LedgerOnPostgres]:
    """Provide a ledger with a history, in which the owner may change everything."""
    async with ledger_on_postgres(postgres_server) as ledger:
        for event in HISTORY:
            await ledger.send(event)
        await ledger.as_owner("ALTER TABLE ledger.events DISABLE TRIGGER USER")
        yield ledger


async def verified(on: LedgerOnPostgres) -> Verified:
    return await verify(on.engine, schema=SCHEMA)


async def found_in(on: LedgerOnPostgres) -> tuple[int | None, str]:
    """Return the first finding of an auditor without the secret."""
    with pytest.raises(Finding) as found:
        await verify(on.engine, schema=SCHEMA, digests=None)
    return found.value.position, found.value.what


async def forge(on: LedgerOnPostgres, position: int, change: Callable[[Any], None]) -> None:
    """Change a record, and its leaf to match."""
    rows = await on.as_owner("SELECT record FROM ledger.events WHERE position = $1", position)
    record = json.loads(rows[0]["record"])
    change(record)
    forged = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    await on.as_owner(
        "UPDATE ledger.events SET record = $2, leaf = $3, type = $4, source = $5, id = $6 "
        "WHERE position = $1",
        position,
        forged,
        leaf_of(forged.encode()),
        record["type"],
        record["source"],
        record["id"],
    )


async def forge_parts(on: LedgerOnPostgres, position: int, change: Callable[[Any], None]) -> None:
    """Forge what an event keeps in its parts, with every digest and leaf that follows."""
    (row,) = await on.as_owner(
        "SELECT first_part, last_part FROM ledger.events WHERE position = $1", position
    )
    parts = range(row["first_part"], row["last_part"] + 1)
    rows = await on.as_owner(
        "SELECT record FROM ledger.events WHERE position = ANY ($1) ORDER BY position", list(parts)
    )
    document = json.loads("".join(json.loads(one["record"])["data"]["text"] for one in rows))
    change(document)
    text = json.dumps(document, ensure_ascii=False)
    length = len(text) // len(parts) + 1
    for number, part in enumerate(parts):
        await forge(on, part, saying(data={"text": text[number * length : (number + 1) * length]}))
    await forge(on, position, saying(partsdigest=digest_of(text)))


def saying(**attributes: Any) -> Callable[[Any], None]:
    def change(record: dict[str, Any]) -> None:
        record.update(attributes)

    return change


async def test_an_untouched_ledger_is_verified_completely(on: LedgerOnPostgres) -> None:
    (counted,) = await on.as_owner(
        "SELECT (SELECT count(*) FROM ledger.events) AS events, "
        "(SELECT count(*) FROM ledger.subjects) AS subjects"
    )
    events = counted["events"]
    assert await verified(on) == Verified(
        position=events,
        decided_again=events - LIFECYCLE_AT,
        not_decided_again=0,
        subjects=counted["subjects"],
        clock_ahead_s=0,
    )


async def test_pages_are_reported_as_they_are_read(on: LedgerOnPostgres) -> None:
    seen: list[tuple[int, int]] = []

    async def note(page: Sequence[Any], last: int) -> None:
        seen.append((len(page), last))

    _, examined_log = await examined(on.engine, schema=SCHEMA, on_page=note)
    assert seen == [(examined_log.checkpoint.size, examined_log.checkpoint.size)]


@pytest.mark.parametrize(
    ("statement", "position", "what"),
    [
        (
            "UPDATE ledger.events SET record = replace(record, 'MQL', 'SAL') WHERE position = 12",
            QUALIFIED,
            "the leaf matches the record",
        ),
        (
            "UPDATE ledger.events SET leaf = sha256('x') WHERE position = 12",
            QUALIFIED,
            "the leaf matches the record",
        ),
        (
            "UPDATE ledger.events SET type = 'lead.accepted' WHERE position = 12",
            QUALIFIED,
            "the column type matches the record",
        ),
        (
            "UPDATE ledger.events SET id = 'x' WHERE position = 12",
            QUALIFIED,
            "the column id matches the record",
        ),
        (
            "UPDATE ledger.events SET source = 'x' WHERE position = 12",
            QUALIFIED,
            "the column source matches the record",
        ),
        (
            "UPDATE ledger.events SET subject_version = 99 WHERE position = 12",
            QUALIFIED,
            "the column subject_version matches the record",
        ),
        (
            "UPDATE ledger.events SET subject_id = gen_random_uuid() WHERE position = 12",
            QUALIFIED,
            "the column subject_id matches the record",
        ),
        (
            (
                "UPDATE ledger.events SET occurred_at = occurred_at - interval '1 s' "
                "WHERE position = 12"
            ),
            QUALIFIED,
            "the column occurred_at matches the record",
        ),
        (
            (
                "UPDATE ledger.events SET recorded_at = recorded_at + interval '1 s' "
                "WHERE position = 12"
            ),
            QUALIFIED,
            "the column recorded_at matches the record",
        ),
        ("DELETE FROM ledger.events WHERE position = 12", QUALIFIED, "positions have no gaps"),
        (
            "DELETE FROM ledger.events WHERE position = (SELECT max(position) FROM ledger.events)",
            None,
            "the head is at the last event",
        ),
        (
            "UPDATE ledger.event_personal SET content = 'x' WHERE position = 7",
            FORM,
            PERSONAL,
        ),
        (
            "UPDATE ledger.event_personal SET salt = sha256('x') WHERE position = 7",
            FORM,
            PERSONAL,
        ),
        (
            "INSERT INTO ledger.event_personal VALUES (8, sha256('x'), 'invented', '')",
            LINKED,
            PERSONAL,
        ),
        (
            (
                "INSERT INTO ledger.identifiers SELECT sha256('x'), 12, 'email', subject_id "
                "FROM ledger.events WHERE position = 12"
            ),
            QUALIFIED,
            PERSONAL,
        ),
        (
            (
                "INSERT INTO ledger.identifiers SELECT sha256('x'), 8, 'email', subject_id "
                "FROM ledger.events WHERE position = 8"
            ),
            FORM,
            "identifiers match the links in events",
        ),
        (
            (
                "INSERT INTO ledger.identifiers SELECT sha256('x'), 7, 'email', subject_id "
                "FROM ledger.events WHERE position = 7"
            ),
            FORM,
            PERSONAL,
        ),
        (
            (
                "INSERT INTO ledger.identifiers SELECT sha256('x'), 12, 'order', subject_id "
                "FROM ledger.events WHERE position = 12"
            ),
            QUALIFIED,
            PERSONAL,
        ),
        (
            (
                "UPDATE ledger.identifiers SET subject_id = gen_random_uuid() "
                "WHERE position = 7 AND kind = 'email'"
            ),
            FORM,
            PERSONAL,
        ),
        (
            (
                "UPDATE ledger.identifiers SET subject_id = gen_random_uuid() "
                "WHERE kind = 'opportunity'"
            ),
            15,
            PERSONAL,
        ),
    ],
)
async def test_a_changed_row_is_found(
    on: LedgerOnPostgres, statement: str, position: int | None, what: str
) -> None:
    await on.as_owner(statement)
    assert await found_in(on) == (position, what)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.subjects SET state = replace(state, 'MQL', 'SAL')",
        "UPDATE ledger.subjects SET version = version + 1 WHERE kind = 'lead'",
        "UPDATE ledger.subjects SET position = 1 WHERE kind = 'lead'",
        "UPDATE ledger.subjects SET kind = 'ledger' WHERE kind = 'account'",
        "UPDATE ledger.subjects SET state = 'no json' WHERE kind = 'lead'",
        """UPDATE ledger.subjects SET state = '{"mood": 1}' WHERE kind = 'lead'""",
        "INSERT INTO ledger.subjects VALUES (gen_random_uuid(), 'lead', 1, 2, '{}')",
    ],
)
async def test_a_state_that_is_not_the_fold_of_its_events_is_found(
    on: LedgerOnPostgres, statement: str
) -> None:
    await on.as_owner(statement)
    _, what = await found_in(on)
    assert what.startswith("the state of ")
    assert what.endswith(" is the fold of its events")


async def test_a_state_that_is_gone_is_found(on: LedgerOnPostgres) -> None:
    await on.as_owner("DELETE FROM ledger.subjects WHERE kind = 'account'")
    assert await found_in(on) == (None, "every subject has its state")


def to_a_stage_that_is_not_legal(record: dict[str, Any]) -> None:
    record["stageto"] = "WON"


def back_in_time(record: dict[str, Any]) -> None:
    record["effectivetime"] = "2020-01-01T00:00:00.000000Z"


def of_another_pass(record: dict[str, Any]) -> None:
    record["pass"] = 2


def with_an_effect_more(record: dict[str, Any]) -> None:
    record["data"] = {"effects": {**record["data"]["effects"], "origin": "referral"}}


def of_another_version(record: dict[str, Any]) -> None:
    record["lifecycle"] = 7


def of_the_service_itself(record: dict[str, Any]) -> None:
    record |= {"source": "leadledger", "id": "forged", "stageto": "WON"}


def without_a_subject(record: dict[str, Any]) -> None:
    del record["subject"]


def with_effects_that_are_none(record: dict[str, Any]) -> None:
    record["data"] = {"effects": {"opportunities": 7}}


def about_an_account_that_is_a_lead(record: dict[str, Any]) -> None:
    record["data"] = {"effects": {"account": record["subject"].removeprefix("lead/")}}


def at_a_time_of_no_zone(record: dict[str, Any]) -> None:
    record["effectivetime"] = "2026-01-01T00:00:00"


def of_older_rules(record: dict[str, Any]) -> None:
    record["rules"] = "one"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (to_a_stage_that_is_not_legal, "the outcome is what its lifecycle decides"),
        (back_in_time, "the outcome is what its lifecycle decides"),
        (of_another_pass, "the outcome is what its lifecycle decides"),
        (with_an_effect_more, "the outcome is what its lifecycle decides"),
        (at_a_time_of_no_zone, "the outcome is what its lifecycle decides"),
        (of_another_version, "its lifecycle was published"),
        (of_the_service_itself, "an event of the service has a cause"),
        (without_a_subject, "the record can be read"),
        (with_effects_that_are_none, "the outcome is what its lifecycle decides"),
        (about_an_account_that_is_a_lead, "the outcome can be decided again"),
    ],
)
async def test_a_forged_decision_is_found_although_its_leaf_is_correct(
    on: LedgerOnPostgres, change: Callable[[Any], None], what: str
) -> None:
    await forge(on, QUALIFIED, change)
    assert await found_in(on) == (QUALIFIED, what)


async def test_a_record_that_names_another_position_is_found(on: LedgerOnPostgres) -> None:
    def moved(record: dict[str, Any]) -> None:
        record["position"] = "99"

    await forge(on, QUALIFIED, moved)
    assert await found_in(on) == (QUALIFIED, "the column position matches the record")


async def test_a_derived_event_that_is_given_another_name_is_found(on: LedgerOnPostgres) -> None:
    def renamed(record: dict[str, Any]) -> None:
        record["id"] = f"{FORM}.9"

    await forge(on, LINKED, renamed)
    assert await found_in(on) == (LINKED, "the id of a derived event follows from its cause")


async def test_a_derived_event_moved_to_another_lead_is_found(on: LedgerOnPostgres) -> None:
    def lent(record: dict[str, Any]) -> None:
        record["source"] = "test"

    await forge(on, LINKED, lent)
    assert await found_in(on) == (LINKED, "the id of a derived event follows from its cause")


async def test_a_derived_event_that_lost_its_cause_is_found(on: LedgerOnPostgres) -> None:
    def orphaned(record: dict[str, Any]) -> None:
        del record["cause"]

    await forge(on, LINKED, orphaned)
    position, _ = await found_in(on)
    assert position in (FORM, LINKED)


async def test_a_derived_event_of_another_cause_is_found(on: LedgerOnPostgres) -> None:
    def moved(record: dict[str, Any]) -> None:
        record["cause"] = "1"

    await forge(on, LINKED, moved)
    assert await found_in(on) == (LINKED, "a derived event follows its cause")


async def test_a_skipped_version_is_found(on: LedgerOnPostgres) -> None:
    def later(record: dict[str, Any]) -> None:
        record["subjectversion"] = 40

    await on.as_owner("UPDATE ledger.events SET subject_version = 40 WHERE position = 12")
    await forge(on, QUALIFIED, later)
    assert await found_in(on) == (QUALIFIED, "versions of a subject have no gaps")


async def test_a_time_that_runs_backwards_is_found(on: LedgerOnPostgres) -> None:
    def before(record: dict[str, Any]) -> None:
        record["recordedtime"] = "2020-01-01T00:00:00.000000Z"

    await on.as_owner("UPDATE ledger.events SET recorded_at = '2020-01-01Z' WHERE position = 12")
    await forge(on, QUALIFIED, before)
    assert await found_in(on) == (QUALIFIED, "recorded time does not run backwards")


async def test_a_lifecycle_that_was_changed_is_found(on: LedgerOnPostgres) -> None:
    def loosened(published: dict[str, Any]) -> None:
        text = published["text"]
        published["text"] = text.replace("[account_not_customer]", "[anonymous]", 1)

    await forge_parts(on, LIFECYCLE_AT, loosened)
    assert await found_in(on) == (QUALIFIED, "the outcome is what its lifecycle decides")


async def test_a_lifecycle_that_is_no_longer_valid_is_found(on: LedgerOnPostgres) -> None:
    def broken(published: dict[str, Any]) -> None:
        published["text"] = "format: 1"

    await forge_parts(on, LIFECYCLE_AT, broken)
    assert await found_in(on) == (LIFECYCLE_AT, "the lifecycle can be read")


async def test_a_part_of_another_text_is_found(on: LedgerOnPostgres) -> None:
    await forge(on, 3, saying(data={"text": "of another lifecycle"}))
    assert await found_in(on) == (LIFECYCLE_AT, "the record can be read")


async def test_a_part_of_no_event_is_found(on: LedgerOnPostgres) -> None:
    """An event of the service is passed off as a part, which would not be decided again."""
    await forge(on, LINKED, saying(type="effects.text", cause=None, data={"text": ""}))
    found, _ = await examined(on.engine, schema=SCHEMA, digests=None)
    what = "the parts before a group are those of its events"
    assert what in {finding.what for finding in found.findings}


async def test_a_ledger_founded_as_another_is_found(on: LedgerOnPostgres) -> None:
    await forge(on, 1, saying(data={"format": 1, "ledger": "x", "origin": "leadledger/x"}))
    assert await found_in(on) == (1, "the log begins with the founding of this ledger")


async def test_decisions_of_older_code_are_counted_and_not_reported_as_verified(
    on: LedgerOnPostgres,
) -> None:
    def older(record: dict[str, Any]) -> None:
        record["rules"] = 0

    await forge(on, QUALIFIED, older)
    found = await verify(on.engine, schema=SCHEMA, digests=None)
    assert (found.not_decided_again, found.decided_again) == (3, found.position - LIFECYCLE_AT - 3)
