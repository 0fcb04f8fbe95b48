"""The databases of tests: separate, identical, and prepared once."""

from sqlalchemy import URL

from service.private_postgres import PrivatePostgres
from tests.support.postgres import ask, drop_database, fresh_database

prepared: list[str | None] = []


def prepare_a_table(owner_url: URL, app_url: URL) -> None:
    prepared.append(app_url.database)
    ask(owner_url, "CREATE TABLE leads (id text)")
    ask(owner_url, "GRANT SELECT, INSERT ON leads TO leadledger_app")


async def test_databases_are_independent_copies_of_one_template(
    postgres_server: PrivatePostgres,
) -> None:
    urls = [fresh_database(postgres_server, prepare=prepare_a_table) for _ in range(2)]
    ask(urls[0][1], "INSERT INTO leads VALUES ('0193')")
    counts = [ask(app_url, "SELECT count(*) FROM leads") for _, app_url in urls]
    owners = [ask(owner_url, "SELECT current_user") for owner_url, _ in urls]
    assert (counts, owners, len(prepared)) == ([1, 0], ["leadledger_owner"] * 2, 1)
    for owner_url, _ in urls:
        drop_database(postgres_server, owner_url)
    there = ask(postgres_server.owner_url, "SELECT array_agg(datname) FROM pg_database")
    assert {owner_url.database for owner_url, _ in urls}.isdisjoint(there)
