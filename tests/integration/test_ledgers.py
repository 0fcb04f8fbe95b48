"""Several ledgers in one database: each has a log and keys of its own."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from events.append.ledger import Ledger
from events.outcomes import Recorded
from service.command.in_database.ledgers import create, listed
from service.command.ledgers import size_of
from service.engine import make_engine
from service.hosting.database import open_database
from service.hosting.preparing import bring_up_to_date
from service.private_postgres import PrivatePostgres
from service.settings import Settings
from tests.support.http_service import LIFECYCLE_AT, SEALS, prepare, settings_for
from tests.support.ledger_on_postgres import form, send
from tests.support.postgres import ask, drop_database, fresh_database

KEY_AT = LIFECYCLE_AT + 1
"""Where the administrator's key of a created ledger is recorded."""


@pytest.fixture
def urls(postgres_server: PrivatePostgres) -> Iterator[tuple[URL, URL]]:
    owner_url, app_url = fresh_database(postgres_server, prepare=prepare)
    yield owner_url, app_url
    drop_database(postgres_server, owner_url)


def settings_of(urls: tuple[URL, URL], name: str, **values: str) -> Settings:
    owner_url, app_url = (url.render_as_string(hide_password=False) for url in urls)
    return settings_for(schema=name, database_url=app_url, owner_url=owner_url, **values)


def test_a_ledger_is_created_once_next_to_the_others(urls: tuple[URL, URL]) -> None:
    made = create(settings_of(urls, "emea", lifecycle="lead_management"))
    assert made is not None
    assert made.first_key is not None
    assert create(settings_of(urls, "emea")) is None

    found = {ledger.name: ledger for ledger in listed(settings_of(urls, "ledger"))}
    assert list(found) == ["emea", "ledger"]
    assert found["ledger"].position == LIFECYCLE_AT
    assert found["emea"].position == ask(urls[0], "SELECT max(position) FROM emea.events")
    assert all((ledger.bytes or 0) > 100_000 for ledger in found.values())


async def test_the_same_report_is_an_event_of_each_ledger(urls: tuple[URL, URL]) -> None:
    emea = settings_of(urls, "emea")
    assert await asyncio.to_thread(create, emea) is not None
    engine = make_engine(emea, urls[1])
    try:
        for schema, position in (("emea", KEY_AT), ("ledger", LIFECYCLE_AT)):
            ledger = Ledger(engine, schema, SEALS)
            await ledger.open()
            (outcome,) = await send(ledger, form("form-1"))
            assert isinstance(outcome, Recorded)
            assert outcome.position == position + 1
            await ledger.close()
    finally:
        await engine.dispose()


def test_a_creation_that_was_interrupted_can_go_on(urls: tuple[URL, URL]) -> None:
    emea = settings_of(urls, "emea")
    with open_database(emea, may_attach=False) as database:
        asyncio.run(bring_up_to_date(emea, database))
    assert [(one.name, one.position) for one in listed(emea)] == [
        ("emea", None),
        ("ledger", LIFECYCLE_AT),
    ]
    made = create(emea)
    assert made is not None
    assert made.is_first_start


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_540_000, "1.5 MB"),
        (9 * 10**15, "9000.0 TB"),
    ],
)
def test_a_size_has_the_unit_that_keeps_it_short(count: int, text: str) -> None:
    assert size_of(count) == text
