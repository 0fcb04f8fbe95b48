"""Cut the connection just before and just after a commit: the batch is retried, recorded once."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from events.append.ledger import Ledger
from events.append.loader import LedgerReader
from events.batch.entries import Known
from events.database.sessions import Driver
from events.seals import Seals
from events.submission import Submission
from service.private_postgres import PrivatePostgres
from tests.safety.cutting_proxy import Cut, CuttingProxy, Statement, When, cutting_proxy
from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.ledger_check import check_ledger
from tests.safety.open_ledger import MakeLedger, OpenLedger, open_ledger
from tests.safety.traffic import SOURCE, Answer, Batch, Load, send
from tests.support.http_service import prepare
from tests.support.postgres import connection_to, fresh_database
from tests.support.tier import by_tier

pytestmark = DEAD_CONNECTIONS

LEAD = {"email": "hanako@example.co.jp"}
WHEN = "2026-04-01T10:00:00+09:00"


def happening(id: str, type: str) -> dict[str, object]:
    return {"id": id, "source": SOURCE, "type": type, "time": WHEN, "lead": LEAD}


BEFORE = Batch(
    [happening("form", "form.submitted"), happening("mql", "lead.qualified")], is_strict=False
)
DECISION = happening("sal", "lead.sales_accepted")
"""Allowed once: when it is decided again after it was recorded, the lead is already at SAL."""
ILLEGAL = happening("wrong", "lead.sales_rejected") | {"data": {"reason": "competitor"}}
"""Refused after that decision, however often it is decided."""


@asynccontextmanager
async def cut_off(
    server: PrivatePostgres, *, make_ledger: MakeLedger = Ledger
) -> AsyncIterator[tuple[OpenLedger, CuttingProxy, URL]]:
    """Open a fresh ledger through a proxy; the last value bypasses the proxy."""
    _, app_url = fresh_database(server, prepare=prepare)
    with tempfile.TemporaryDirectory(prefix="leadledger-") as directory:
        async with (
            cutting_proxy(app_url, Path(directory)) as (proxy, url),
            open_ledger(url, make_ledger=make_ledger) as ledger,
        ):
            yield ledger, proxy, app_url


@pytest.mark.parametrize(("when", "expected"), [("before", "recorded"), ("after", "duplicate")])
async def test_a_statement_that_is_cut_off_as_it_commits_is_recorded_once(
    postgres_server: PrivatePostgres, when: When, expected: str
) -> None:
    async with cut_off(postgres_server) as (ledger, proxy, app_url):
        await ledger.send(BEFORE)
        proxy.cut_once("append", when)
        answers = await ledger.send(Batch([DECISION], is_strict=False))
        assert proxy.cuts == [("append", when)]
        assert [answer.status for answer in answers] == [expected]
        await check_ledger(app_url, answers)


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize(("when", "expected"), [("before", "recorded"), ("after", "duplicate")])
async def test_a_transaction_that_is_cut_off_at_its_commit_is_recorded_once(
    postgres_server: PrivatePostgres, when: When, expected: str, *, is_strict: bool
) -> None:
    """Under the lock, because the batch has a known key; if it is strict, all or nothing."""
    async with cut_off(postgres_server) as (ledger, proxy, app_url):
        await ledger.send(BEFORE)
        proxy.cut_once("commit", when)
        answers = await ledger.send(Batch([*BEFORE.events, DECISION], is_strict))
        assert proxy.cuts == [("commit", when)]
        assert [answer.status for answer in answers] == ["duplicate", "duplicate", expected]
        await check_ledger(app_url, answers)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_refusal_that_is_cut_off_at_its_commit_is_kept_once(
    postgres_server: PrivatePostgres, when: When
) -> None:
    async with cut_off(postgres_server) as (ledger, proxy, app_url):
        await ledger.send(BEFORE)
        proxy.cut_once("commit", when)
        answers = await ledger.send(Batch([DECISION, ILLEGAL], is_strict=False))
        assert proxy.cuts == [("commit", when)]
        assert [answer.reason for answer in answers] == [None, "move-not-allowed"]
        await check_ledger(app_url, answers)
        async with connection_to(app_url) as connection:
            assert await connection.fetchval("SELECT count(*) FROM ledger.refusals") == 1


async def test_rows_written_under_the_lock_are_gone_without_the_commit(
    postgres_server: PrivatePostgres,
) -> None:
    async with cut_off(postgres_server) as (ledger, proxy, app_url):
        await ledger.send(BEFORE)
        await ledger.send(BEFORE)
        proxy.cut_once("append", "after")
        answers = await ledger.send(Batch([DECISION], is_strict=False))
        assert proxy.cuts == [("append", "after")]
        assert [answer.status for answer in answers] == ["recorded"]
        await check_ledger(app_url, answers)


class _ForgetfulReader(LedgerReader):
    async def known(
        self, driver: Driver, submissions: Sequence[Submission]
    ) -> dict[tuple[str, str], Known]:
        del driver, submissions
        return {}


def forgetful(engine: AsyncEngine, schema: str, seals: Seals) -> Ledger:
    """Make a ledger that does not look up keys before it decides."""
    ledger = Ledger(engine, schema, seals)
    ledger._reader = _ForgetfulReader(ledger._sql)
    return ledger


async def test_without_looking_up_keys_first_the_sender_would_be_refused_wrongly(
    postgres_server: PrivatePostgres,
) -> None:
    """The negative twin: the decision was recorded, but its sender gets a refusal."""
    async with cut_off(postgres_server, make_ledger=forgetful) as (ledger, proxy, _):
        await ledger.send(BEFORE)
        proxy.cut_once("append", "after")
        answers = await ledger.send(Batch([DECISION], is_strict=False))
        assert [answer.reason for answer in answers] == ["event-not-storable"]


async def test_repeatedly_cut_connections_lose_nothing_and_record_nothing_twice(
    postgres_server: PrivatePostgres,
) -> None:
    draw = random.Random(11)

    def choose(_: Statement) -> Cut | None:
        if draw.random() > 0.25:
            return None
        return Cut(draw.choice(("before", "after")))

    answers: list[Answer] = []
    loads = (
        Load(1, senders=8, batches=by_tier(push=6, nightly=200), numbers=400),
        Load(2, senders=8, batches=by_tier(push=6, nightly=200), numbers=400),
    )
    async with (
        cut_off(postgres_server) as (one, proxy, app_url),
        open_ledger(app_url) as other,
    ):
        proxy.choose = choose
        await asyncio.gather(
            *(
                send(load, at.send, lambda _, new: answers.extend(new))
                for load, at in zip(loads, (one, other), strict=True)
            )
        )
        proxy.choose = lambda _: None
        await check_ledger(app_url, answers)
    assert {when for _, when in proxy.cuts} == {"before", "after"}
