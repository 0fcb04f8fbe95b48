"""BI tools read views, as a role that can read nothing else, and their numbers are the figures'."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import yaml
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.bi import BiUnavailable, make_views
from migrations.running import migrate
from service.command.exits import Exit
from service.private_postgres import PrivatePostgres
from service.settings import DRIVER
from tests.support.figure_numbers import numbers
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.postgres import Connection, connection_to, running_server, scratch_directory
from tests.support.running_service import command

pytestmark = pytest.mark.asyncio(loop_scope="module")

READER, PASSWORD = "ledger_bi", "a password of the tests"
DOCUMENT = Path(__file__).parents[2] / "docs" / "bi.md"
STORY: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("hanako", "form.submitted", "2026-04-01", {"campaign": "spring"}),
    ("hanako", "lead.qualified", "2026-04-03", {}),
    ("hanako", "owner.assigned", "2026-04-03", {"owner": "sato"}),
    (
        "hanako",
        "opportunity.created",
        "2026-04-10",
        {"opportunity": "d-1", "value": 100, "gross_profit": 40},
    ),
    ("taro", "form.submitted", "2026-04-02", {}),
    ("taro", "lead.disqualified", "2026-04-02", {"reason": "student"}),
    ("jiro", "opportunity.won", "2026-04-30", {"opportunity": "d-2", "value": 5}),
    ("jiro", "opportunity.created", "2026-04-20", {"opportunity": "d-2", "value": 7}),
    ("saburo", "form.submitted", "2026-04-28", {}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    with (
        scratch_directory() as directory,
        running_server(directory, also_for=(READER,), owner_may="CREATEDB CREATEROLE") as server,
    ):
        async with running_service(server) as running:
            for name, type, date, data in STORY:
                event = {
                    "id": f"{name}-{type}",
                    "source": "crm",
                    "type": type,
                    "time": f"{date}T23:30:00+09:00",
                    "lead": {"email": f"{name}@{name}.example", "name": f"{name} 様"},
                    "data": data,
                }
                answer = await running.client.post("/v1/events", json=event)
                assert answer.status_code == 201, answer.text
            head = (await running.client.get("/v1/events?limit=1")).json()["head"]
            for route in ("/v1/leads", "/v1/deadlines", "/v1/figures/deals"):
                waited = await running.client.get(route, params={"wait_for": head})
                assert waited.status_code == 200, waited.text
            await make_bi(running)
            yield running


async def rows(reader: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await reader.fetch(statement)]


async def make_bi(service: Service) -> None:
    engine = create_async_engine(service.owner_url.set(drivername=DRIVER))
    for _ in range(2):
        await migrate(engine, schema=SCHEMA, serving_role=None, wants_bi=True)
    await engine.dispose()
    async with connection_to(service.owner_url) as owner:
        await owner.execute(f"ALTER ROLE {READER} PASSWORD '{PASSWORD}'")


@pytest_asyncio.fixture(loop_scope="module")
async def reader(service: Service) -> AsyncIterator[Connection]:
    async with connection_to(service.owner_url.set(username=READER, password=PASSWORD)) as opened:
        yield opened


async def test_the_role_reads_the_views_and_nothing_of_the_ledger(
    service: Service, reader: Connection
) -> None:
    for view in await views_of(reader):
        assert await reader.fetchval(f"SELECT count(*) FROM {view}") > 0, view
    async with connection_to(service.owner_url) as owner:
        hidden = await owner.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'ledger' "
            "UNION ALL SELECT viewname FROM pg_views WHERE schemaname = 'ledger'"
        )
    assert len(hidden) > 20
    for (name,) in hidden:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT FROM ledger.{name}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.fetch("SELECT ledger.append()")


async def test_the_role_changes_nothing_and_takes_no_longer_than_a_minute(
    reader: Connection,
) -> None:
    assert await reader.fetchval("SHOW statement_timeout") == "1min"
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await reader.execute("CREATE TEMPORARY TABLE copied AS SELECT * FROM leads")
    await reader.execute("SET default_transaction_read_only = off")
    for change in (
        "UPDATE accounts SET stage = 'C'",
        "DELETE FROM ledger.projections",
        "CREATE TABLE ledger_bi.copied (id text)",
        "DROP VIEW leads",
        "SET ROLE leadledger_app",
        "SELECT pg_read_file('pg_hba.conf')",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.PostgresError)) as refused:
            await reader.execute(change)
        assert refused.value.sqlstate in {"42501", "55000"}, change


async def test_no_view_shows_personal_data(service: Service, reader: Connection) -> None:
    for view in await views_of(reader):
        shown = str(await reader.fetch(f"SELECT * FROM {view}"))
        assert "様" not in shown
        assert "@" not in shown
    async with connection_to(service.owner_url) as owner:
        read = await owner.fetch(
            "SELECT DISTINCT table_name FROM information_schema.view_table_usage "
            "WHERE view_schema = 'ledger_bi' AND table_schema = 'ledger'"
        )
    assert {name for (name,) in read} == {
        *("projections", "directory_leads", "directory_accounts", "deadlines"),
        *("stage_intervals", "stage_lifecycles", "business_reports"),
    }


async def test_the_stock_of_a_day_is_the_figure_at_its_end(
    service: Service, reader: Connection
) -> None:
    stock = Counter[tuple[str, str]]()
    for day, stage, standing in await reader.fetch(
        "SELECT to_char(day, 'YYYY-MM-DD'), stage, standing FROM stock_by_day WHERE standing > 0"
    ):
        stock[day, stage] = standing
    assert stock["2026-04-02", "DISQUALIFIED"] == 1
    for day in ("2026-04-01", "2026-04-02", "2026-04-03", "2026-04-29", "2026-04-30"):
        figure = await numbers(service, "stock", as_of=day)
        standing = {
            row: counts["standing"] for row, counts in figure.items() if "standing" in counts
        }
        assert {stage: count for (on, stage), count in stock.items() if on == day} == standing


async def test_first_entries_and_their_owners_are_those_of_the_flow(
    service: Service, reader: Connection
) -> None:
    figure = await numbers(service, "flow")
    entered = await rows(
        reader, "SELECT stage, count(*) FROM stays WHERE is_first_entry GROUP BY stage"
    )
    assert dict(entered) == {row: counts["first"] for row, counts in figure.items()}
    answer = await service.client.get("/v1/figures/flow", params={"by": "owner"})
    by_owner = {
        part["value"]: sum(row["counts"]["in"]["count"] for row in part["rows"])
        for part in answer.json()["parts"]
    }
    assert by_owner["sato"] > 0
    assert dict(await rows(reader, "SELECT owner, count(*) FROM stays GROUP BY owner")) == by_owner


async def test_moves_lead_from_each_stay_to_the_next(reader: Connection) -> None:
    wrong = await reader.fetch(
        "SELECT subject_id FROM stays GROUP BY subject_id "
        "HAVING count(*) <> (SELECT count(*) FROM moves "
        "WHERE moves.subject_id = stays.subject_id AND to_stage IS NOT NULL)"
    )
    assert wrong == []
    assert await rows(
        reader, "SELECT stages, last_stage, ended_at FROM passes WHERE campaign = 'spring'"
    ) == [(["ML", "MAL", "MQL", "OPP"], "OPP", None)]


async def test_a_deal_is_as_it_was_decided_last(service: Service, reader: Connection) -> None:
    deals = await reader.fetch("SELECT outcome, value, gross_profit FROM deals ORDER BY created_at")
    assert [tuple(deal) for deal in deals] == [(None, 100, 40), ("won", 5, None)]
    assert (await numbers(service, "win_rate"))["decided"]["won"] == 1


async def test_the_document_describes_every_view_and_column(reader: Connection) -> None:
    described = await reader.fetch(
        "SELECT relation.relname, attribute.attname, "
        "obj_description(relation.oid, 'pg_class'), col_description(relation.oid, attnum) "
        "FROM pg_class AS relation JOIN pg_attribute AS attribute ON attrelid = relation.oid "
        "WHERE relnamespace = CAST('ledger_bi' AS regnamespace) ORDER BY relation.relname, attnum"
    )
    written = re.sub(r"\s+", " ", DOCUMENT.read_text(encoding="utf-8"))
    assert len(described) > 70
    for view, column, about, meaning in described:
        assert f"### {view} {about} " in written
        assert f"| `{column}` | {meaning} |" in written


async def test_the_examples_of_the_document_fit_the_views(reader: Connection) -> None:
    blocks = re.findall(
        r"(?m)^```(sql|yaml)\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    queries = [block for kind, block in blocks if kind == "sql"]
    assert await reader.fetch(queries[0]) != []
    sources, models = (yaml.safe_load(block) for kind, block in blocks if kind == "yaml")
    assert {table["name"] for table in sources["sources"][0]["tables"]} <= {*await views_of(reader)}
    (model,) = models["semantic_models"]
    terms = [*model["entities"], *model["dimensions"], *model["measures"]]
    taken = ", ".join(term.get("expr", term["name"]) for term in terms)
    assert await reader.fetch(f"SELECT {taken} FROM {model['name']}") != []


async def views_of(reader: Connection) -> list[str]:
    found = await reader.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'ledger_bi'")
    return [name for (name,) in found]


async def test_without_the_right_to_create_roles_the_command_says_what_to_do(
    postgres_server: PrivatePostgres,
) -> None:
    async with running_service(postgres_server) as service:
        engine = create_async_engine(service.owner_url.set(drivername=DRIVER))
        with pytest.raises(BiUnavailable, match='CREATE ROLE "ledger_bi" LOGIN'):
            await migrate(engine, schema=SCHEMA, serving_role=None, wants_bi=True)
        await migrate(engine, schema="ledger_bi", serving_role=None)
        async with engine.begin() as connection:
            with pytest.raises(BiUnavailable, match="found a ledger of this name"):
                await connection.run_sync(make_views, SCHEMA)
        await engine.dispose()


async def test_the_command_says_that_no_tool_reaches_the_private_database(tmp_path: Path) -> None:
    run = command("migrate", "--bi", data_dir=tmp_path / "data")
    assert (run.returncode, (tmp_path / "data").exists()) == (Exit.SETTINGS, False)
    assert "--bi needs a database of your own" in run.stderr
