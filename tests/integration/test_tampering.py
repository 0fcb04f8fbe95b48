"""Changes of a ledger in its database are found: one of every kind, and none in a clean ledger."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.records import leaf_of
from events.signals.digests import Digests
from events.verification.checkpoint import Checkpoint, CheckpointUnreadable
from events.verification.findings import Check, Report
from events.verification.verify import Page, examine
from service.command.exits import Exit
from service.engine import make_engine
from service.private_postgres import PrivatePostgres
from service.private_postgres.initialise import UNFINISHED_PREFIX
from service.verifying.running import Asked, verify
from service.verifying.scratch import Scratch
from tests.support.busy_ledger import prepare_busy
from tests.support.http_service import SCHEMA, SECRET, settings_for
from tests.support.postgres import ask, connection_to, drop_database, fresh_database
from tests.support.running_service import ROOT, environment
from tests.support.verified import DIGESTS, examined

GUARD_OFF = "ALTER TABLE ledger.events DISABLE TRIGGER USER"
READS_OFF = "ALTER TABLE ledger.personal_reads DISABLE TRIGGER USER"


@pytest.fixture(scope="module")
def busy(postgres_server: PrivatePostgres) -> Iterator[URL]:
    """Provide the owner's connection to a busy ledger, for changes that are rolled back."""
    owner_url, _ = fresh_database(postgres_server, prepare=prepare_busy)
    yield owner_url
    drop_database(postgres_server, owner_url)


@asynccontextmanager
async def tampered(server: PrivatePostgres, *statements: str) -> AsyncIterator[AsyncEngine]:
    """Provide a busy ledger after its owner has tampered with it."""
    owner_url, app_url = fresh_database(server, prepare=prepare_busy)
    async with connection_to(owner_url) as owner:
        for statement in statements:
            await owner.execute(statement)
    engine = make_engine(settings_for(), app_url)
    try:
        yield engine
    finally:
        await engine.dispose()
        drop_database(server, owner_url)


async def differing(engine: AsyncEngine, **asked: Any) -> dict[Check, list[str]]:
    report, _ = await examined(engine, schema=SCHEMA, **asked)
    return {
        section.check: [finding.what for finding in section.first]
        for section in report
        if section.differing
    }


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        # A record and its leaf together, and everything else that repeats it.
        (("UPDATE ledger.events SET record = r.text, leaf = sha256('\\x00'::bytea || "
         "convert_to(r.text, 'UTF8')) FROM (SELECT position AS at, replace(record, "
         "'\"time\":\"2', '\"time\": \"2') AS text FROM ledger.events) AS r "
         "WHERE at = position AND position = 10"), Check.SEALS),
        ("UPDATE ledger.event_personal SET fingerprint = ''", Check.PERSONAL),
        (("UPDATE ledger.event_personal AS one SET fingerprint = other.fingerprint "
         "FROM ledger.event_personal AS other WHERE one.position <> other.position"),
         Check.PERSONAL),
        ("UPDATE ledger.events SET seal = sha256('x') WHERE position = 8", Check.SEALS),
        # Two leads exchange their addresses.
        (("UPDATE ledger.identifiers AS one SET digest = other.digest "
         "FROM ledger.identifiers AS other "
         "WHERE one.kind = 'email' AND other.kind = 'email' AND one.position <> other.position "
         "AND one.position IN (SELECT position FROM ledger.identifiers WHERE kind = 'email' "
         "ORDER BY position LIMIT 2) AND other.position IN (SELECT position "
         "FROM ledger.identifiers WHERE kind = 'email' ORDER BY position LIMIT 2)"),
         Check.PERSONAL),
        ("DELETE FROM ledger.identifiers", Check.IDENTIFIERS),
        ("INSERT INTO ledger.identifiers SELECT sha256('x'), 999, 'email', gen_random_uuid()",
         Check.IDENTIFIERS),
        (("INSERT INTO ledger.events SELECT (jsonb_populate_record(event, "
         "'{\"position\": 999, \"id\": \"x\", \"subject_version\": 999}')).* "
         "FROM ledger.events AS event WHERE position = 8"), Check.ORDER),
        ("DELETE FROM ledger.event_personal", Check.PERSONAL),
        ("INSERT INTO ledger.event_personal VALUES (999, sha256('x'), 'x', '')", Check.PERSONAL),
        ("INSERT INTO ledger.event_actors VALUES (999, sha256('x'), 'x')", Check.PERSONAL),
        ("INSERT INTO ledger.event_actors VALUES (8, sha256('x'), 'x')", Check.PERSONAL),
        ("DELETE FROM ledger.event_actors", Check.PERSONAL),
        ("UPDATE ledger.event_actors SET actor = 'x'", Check.PERSONAL),
        # The log is truncated, and everything that would reveal it.
        ("UPDATE ledger.ledger_head SET position = position - 1", Check.HEAD),
        ("UPDATE ledger.ledger_head SET chain = sha256('x')", Check.HEAD),
        ("UPDATE ledger.ledger_head SET ledger_id = gen_random_uuid()", Check.HEAD),
        ("UPDATE ledger.ledger_head SET recorded_at = recorded_at - interval '1 day'", Check.HEAD),
        ("UPDATE ledger.subjects SET due_at = now()", Check.STATES),
        ("UPDATE ledger.subjects SET lifecycle = 1", Check.STATES),
        (("ALTER TABLE ledger.subjects ALTER account DROP EXPRESSION; "
         "UPDATE ledger.subjects SET account = NULL"), Check.STATES),
        ("UPDATE ledger.refusals SET content = 'x'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET received_at = received_at - interval '1 s'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET key_id = 'x'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET type = 'x'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET dialect = 'segment'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET reason = 'x'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET problem = '{}'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET position = 2 WHERE status = 'retried'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET settled_by = 'x' WHERE status = 'dismissed'", Check.REFUSALS),
        ("UPDATE ledger.refusals SET dismissal = 'x' WHERE status = 'dismissed'", Check.REFUSALS),
        (("UPDATE ledger.refusals SET status = 'open', settled_at = NULL, settled_by = NULL, "
         "dismissal = NULL WHERE status = 'dismissed'"), Check.REFUSALS),
        ("UPDATE ledger.api_keys SET scopes = scopes || '{personal:read}'", Check.KEYS),
        ("UPDATE ledger.api_keys SET sources = '{x}'", Check.KEYS),
        ("UPDATE ledger.api_keys SET department = 'x'", Check.KEYS),
        ("UPDATE ledger.api_keys SET secret_digest = decode(repeat('ab', 32), 'hex')", Check.KEYS),
        ("UPDATE ledger.api_keys SET expires_at = now() + interval '1 year'", Check.KEYS),
        ("UPDATE ledger.api_keys SET revoked_at = now()", Check.KEYS),
        ("UPDATE ledger.api_keys SET is_founder = NOT is_founder", Check.KEYS),
        ("UPDATE ledger.api_keys SET person = 'x' WHERE person IS NULL", Check.KEYS),
        ("DELETE FROM ledger.api_keys", Check.KEYS),
        (f"{READS_OFF}; UPDATE ledger.personal_reads SET key_id = 'x'", Check.READS),
        (f"{READS_OFF}; DELETE FROM ledger.personal_reads", Check.READS),
    ],
)  # fmt: skip
async def test_a_changed_row_is_found(busy: URL, statement: str, check: Check) -> None:
    report = Report()
    async with connection_to(busy) as owner:
        change = owner.transaction(isolation="repeatable_read")
        await change.start()
        await owner.execute(GUARD_OFF)
        await owner.execute(statement)
        await examine(owner, schema=SCHEMA, report=report, digests=DIGESTS)
        await change.rollback()
    assert report.section(check).differing > 0


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("event_actors", "the actor matches the digest in the record"),
        (
            "event_personal",
            "personal data, fingerprint and identifiers match the digest in the record",
        ),
    ],
)
async def test_without_one_personal_row_everything_else_still_verifies(
    busy: URL, row: str, what: str
) -> None:
    """What an erasure removes is missing, and nothing else: not even with the secret."""
    report = Report()
    async with connection_to(busy) as owner:
        change = owner.transaction(isolation="repeatable_read")
        await change.start()
        acted = "(SELECT position FROM ledger.event_actors)"
        await owner.execute(f"DELETE FROM ledger.{row} WHERE position = {acted}")
        await examine(owner, schema=SCHEMA, report=report, digests=DIGESTS)
        await change.rollback()
    differing = {section.check: section.first for section in report if section.differing}
    assert [(check, [one.what for one in first]) for check, first in differing.items()] == [
        (Check.PERSONAL, [what])
    ]


def of_another_name(record: dict[str, Any]) -> None:
    head, _, _ = record["id"].rpartition(".")
    record["id"] = f"{head}.99"


def with_another_outcome(record: dict[str, Any]) -> None:
    record["stageto"] = "WON"


def of_another_cause(record: dict[str, Any]) -> None:
    record["cause"] = "1"


def of_the_version_before(record: dict[str, Any]) -> None:
    record["lifecycle"] -= 1


OUTCOME = "the outcome is what its lifecycle decides"


@pytest.mark.parametrize(
    ("type", "change", "what"),
    [
        ("lead.dormant", of_another_name, "its id follows from its lead"),
        ("lead.dormant", with_another_outcome, OUTCOME),
        ("lead.reassessed", of_another_name, "its id follows from its lead"),
        ("lead.reassessed", of_another_cause, "a lead moves to the next version"),
        ("lead.reassessed", of_the_version_before, "its company is the cause"),
        ("lead.reassessed", with_another_outcome, OUTCOME),
        ("lead.restated", with_another_outcome, OUTCOME),
        ("lead.qualified", with_another_outcome, OUTCOME),
        ("key.revoked", of_another_name, "the id of a key change follows from the key"),
    ],
)
async def test_events_of_the_service_itself_are_decided_again(
    busy: URL, type: str, change: Callable[[dict[str, Any]], None], what: str
) -> None:
    """With a correct leaf: only the rules show that it is false."""
    report = Report()
    async with connection_to(busy) as owner:
        changing = owner.transaction(isolation="repeatable_read")
        await changing.start()
        await owner.execute(GUARD_OFF)
        newest = "SELECT position, record FROM ledger.events WHERE type = $1 ORDER BY 1 DESC"
        row = await owner.fetchrow(newest, type)
        assert row is not None
        record = json.loads(row["record"])
        change(record)
        forged = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        forge = "UPDATE ledger.events SET id = $2, record = $3, leaf = $4 WHERE position = $1"
        leaf = leaf_of(forged.encode())
        await owner.execute(forge, row["position"], record["id"], forged, leaf)
        await examine(owner, schema=SCHEMA, report=report, digests=None)
        await changing.rollback()
    assert what in {finding.what for finding in report.section(Check.DECISIONS).first}


async def test_a_log_truncated_in_every_table_is_found_by_its_chain(
    postgres_server: PrivatePostgres,
) -> None:
    last = "(SELECT max(position) FROM ledger.events)"
    async with tampered(
        postgres_server,
        GUARD_OFF,
        f"CREATE TABLE gone AS SELECT * FROM ledger.events WHERE position = {last}",
        f"DELETE FROM ledger.events WHERE position = {last}",
        f"UPDATE ledger.ledger_head SET position = {last}",
        f"DELETE FROM ledger.identifiers WHERE position > {last}",
        f"DELETE FROM ledger.event_personal WHERE position > {last}",
        f"DELETE FROM ledger.event_actors WHERE position > {last}",
    ) as engine:
        found = await differing(engine)
        assert found[Check.HEAD] == [
            "the chain of all leaves ends as it did when the last event was written"
        ]
        assert Check.HEAD not in await differing(engine, digests=None)


async def test_without_the_secret_seals_are_reported_as_not_checked(
    postgres_server: PrivatePostgres,
) -> None:
    async with tampered(postgres_server) as engine:
        for digests, why in ((None, "not given"), (Digests(bytes(32)), "not the one")):
            report, found = await examined(engine, schema=SCHEMA, digests=digests)
            seals, refusals = report.section(Check.SEALS), report.section(Check.REFUSALS)
            assert (seals.outcome, seals.not_checked) == ("not checked", found.checkpoint.size)
            assert (refusals.outcome, refusals.not_checked) == ("not checked", 3)
            assert why in seals.why_not
            assert why in refusals.why_not
            assert not report.differs


async def test_a_rewritten_ledger_does_not_continue_from_its_checkpoint(
    postgres_server: PrivatePostgres,
) -> None:
    """By an attacker who has the secret: only a checkpoint kept elsewhere reveals it."""
    async with tampered(postgres_server) as engine:
        _, found = await examined(engine, schema=SCHEMA)
        kept = found.checkpoint
        assert await differing(engine, checkpoint=kept) == {}
        earlier = Checkpoint(5, kept.root)
        assert list(await differing(engine, checkpoint=earlier)) == [Check.CHECKPOINT]
        longer = Checkpoint(kept.size + 1, kept.root)
        assert await differing(engine, checkpoint=longer) == {
            Check.CHECKPOINT: ["the log is at least as long as at the checkpoint"]
        }


@pytest.mark.parametrize("text", ["", "12", "x:00", "3:zz", f"-1:{'0' * 64}", "3:00"])
def test_an_invalid_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointUnreadable):
        Checkpoint.parse(text)
    assert str(Checkpoint.parse(f"3:{'0' * 64}")) == f"3:{'0' * 64}"


async def unheard(page: Page, last: int) -> None:
    del page, last


async def all_checks(server: PrivatePostgres, engine: AsyncEngine) -> Report:
    """Verify with a second database of the same server as scratch."""
    scratch, _ = fresh_database(server)
    try:
        asked = Asked(DIGESTS, None, Scratch(scratch, "leadledger_app"))
        return (await verify(engine, SCHEMA, asked, unheard)).report
    finally:
        drop_database(server, scratch)


async def test_a_busy_ledger_is_clean_to_a_role_that_may_only_read(
    postgres_server: PrivatePostgres,
) -> None:
    revoked = "REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ledger FROM leadledger_app"
    async with tampered(postgres_server, revoked) as engine:
        read_only = {"server_settings": {"default_transaction_read_only": "on"}}
        reader = create_async_engine(engine.url, connect_args=read_only)
        report = await all_checks(postgres_server, reader)
        await reader.dispose()
        assert [(one.name, one.first, one.why_not) for one in report if one.outcome != "ok"] == []
        counted = {one.name: one.checked for one in report if one.check is not Check.RIGHTS}
        assert all(counted.values()), counted


GUARDS = {
    "ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only": (
        "found trigger events.events_are_append_only BEFORE58 D"
    ),
    "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NULL; END'": "found function refuse_change()",
    "GRANT UPDATE ON ledger.events TO leadledger_app": "found UPDATE on events",
    "GRANT UPDATE (clock_ahead) ON ledger.ledger_head TO leadledger_app": (
        "found UPDATE on ledger_head.clock_ahead"
    ),
}
ALSO = {
    "DROP TRIGGER events_are_append_only ON ledger.events": (
        "expected trigger events.events_are_append_only"
    ),
    "CREATE RULE quietly AS ON DELETE TO ledger.events DO INSTEAD NOTHING": "events.quietly",
    "ALTER TABLE ledger.events DROP CONSTRAINT events_key_is_unique": "events_key_is_unique",
    "UPDATE ledger.stage_counts SET entries = entries + 1 WHERE breakdown = 'none'": (
        "occurs in stage_counts as often"
    ),
    "DELETE FROM ledger.directory_leads": "occurs in directory_leads as often",
    "UPDATE ledger.business_reports SET value = 7": "occurs in business_reports as often",
    "UPDATE ledger.deadlines SET due_at = now()": "occurs in deadlines as often",
}


@pytest.mark.parametrize("changes", [GUARDS, ALSO])
async def test_guards_rights_and_projections_that_were_changed_are_found(
    postgres_server: PrivatePostgres, changes: Mapping[str, str]
) -> None:
    async with tampered(postgres_server, *changes) as engine:
        report = await all_checks(postgres_server, engine)
    said = "\n".join(str(finding) for finding in report.findings)
    assert [sign for sign in changes.values() if sign not in said] == []


async def test_a_projection_that_cannot_be_compared_is_not_reported_as_equal(
    postgres_server: PrivatePostgres,
) -> None:
    async with tampered(
        postgres_server,
        "UPDATE ledger.projections SET failure = 'KeyError' WHERE name = 'business'",
        "UPDATE ledger.projections SET version = 99 WHERE name = 'deadlines'",
        "DELETE FROM ledger.projections WHERE name = 'directory'",
    ) as engine:
        report = await all_checks(postgres_server, engine)
        said = {
            one.part: one.why_not for one in report if one.part and one.outcome == "not checked"
        }
        assert said.pop("deadlines").startswith("it was built by version 99, not ")
        assert said == {
            "business": "it has stopped: KeyError",
            "directory": "it has not been built yet",
        }
        assert not report.differs


async def test_no_projection_is_built_of_records_that_cannot_be_read(
    postgres_server: PrivatePostgres,
) -> None:
    spoiled = "UPDATE ledger.events SET record = replace(record, 'subject', 'object')"
    async with tampered(postgres_server, GUARD_OFF, f"{spoiled} WHERE position = 10") as engine:
        report = await all_checks(postgres_server, engine)
    sections = [one for one in report if one.check is Check.PROJECTIONS]
    assert {(section.outcome, section.why_not) for section in sections} == {
        ("not checked", "the record at position 10 cannot be read")
    }


async def test_a_scratch_database_lost_midway_is_reported_and_the_rest_is_checked(
    postgres_server: PrivatePostgres,
) -> None:
    async with tampered(postgres_server) as engine:
        scratch, _ = fresh_database(postgres_server)

        async def lose(page: Page, last: int) -> None:
            async with connection_to(scratch) as owner:
                await owner.execute("DROP SCHEMA ledger CASCADE")

        asked = Asked(DIGESTS, None, Scratch(scratch, "leadledger_app"))
        report = (await verify(engine, SCHEMA, asked, lose)).report
        drop_database(postgres_server, scratch)
    left_out = {one.check for one in report if one.outcome == "not checked"}
    assert left_out == {Check.PROJECTIONS}
    assert "was lost" in report.section(Check.PROJECTIONS, "business").why_not
    assert not report.differs


def run_verify(
    server: PrivatePostgres, data_dir: Path, *statements: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command on a busy ledger."""
    owner_url, app_url = fresh_database(server, prepare=prepare_busy)
    for statement in statements:
        ask(owner_url, statement)
    settings = {"LEADLEDGER_DATABASE_URL": app_url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-m", "service.command", "verify", "--scratch", str(data_dir)],
        cwd=ROOT,
        env=environment(data_dir, **settings) | options.pop("env", {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    drop_database(server, owner_url)
    return done


def test_checks_skipped_for_lack_of_the_secret_or_room_are_reported(
    postgres_server: PrivatePostgres, tmp_path: Path
) -> None:
    done = run_verify(
        postgres_server,
        tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
    )
    assert done.returncode == Exit.NOT_CHECKED, done.stderr
    assert "seals: not checked: the secret of the ledger was not given" in done.stdout
    for check in ("schema", "rights", "projections: business"):
        assert f"{check}: not checked: no private database could be run in" in done.stdout
    assert "decisions ok" in " ".join(done.stdout.split())
    assert "Checkpoint: " in done.stdout
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_difference_is_reported_with_its_meaning(
    postgres_server: PrivatePostgres, tmp_path: Path
) -> None:
    done = run_verify(
        postgres_server,
        tmp_path,
        "UPDATE ledger.refusals SET dismissal = 'nothing to see' WHERE status = 'dismissed'",
        env={"LEADLEDGER_SECRET": SECRET},
    )
    assert done.returncode == Exit.FOUND_WRONG, done.stdout + done.stderr
    assert "refusals: 1 differs. A refusal was edited in the database." in done.stdout
    assert "the seal of the status of refusal " in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("while_there_is", [f"{UNFINISHED_PREFIX}*/*", "*/postmaster.pid"])
def test_an_interrupted_verification_leaves_nothing_behind(
    postgres_server: PrivatePostgres, tmp_path: Path, while_there_is: str
) -> None:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare_busy)
    settings = {"LEADLEDGER_DATABASE_URL": app_url.render_as_string(hide_password=False)}
    verifying = subprocess.Popen(
        [sys.executable, "-m", "service.command", "verify", "--scratch", str(tmp_path)],
        cwd=ROOT,
        env=environment(tmp_path, **settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob(f"*/data/{while_there_is}")):
        assert verifying.poll() is None
        time.sleep(0.01)
    verifying.terminate()
    _, said = verifying.communicate(timeout=30)
    drop_database(postgres_server, owner_url)
    assert (verifying.returncode, said) == (Exit.INTERRUPTED, "")
    assert list(tmp_path.iterdir()) == []
