"""SQL in separate files: statements by name, on the schema that the settings name."""

import re
from pathlib import Path

import pytest

from events.database.statements import SchemaNameInvalid, StatementFileInvalid, load, qualify
from migrations.scripts import statements_of
from projections.catalogue import PROJECTIONS

ROOT = Path(__file__).parents[2]
FILES = [
    path
    for package in ("events", "projections", "service")
    for path in sorted((ROOT / package).rglob("*.sql"))
    if "-- name: " in path.read_text(encoding="utf-8")
]
ABOUT_THE_SERVER = {
    *("lock_reads", "columns_of", "find_ledgers", "is_cluster", "is_read_only", "limit_long_waits"),
    *("limit_waits", "lock_purge", "need_space", "read_bytes", "read_bytes_in_cluster"),
    "spill_early",
}
"""Statements that name no table of ours."""
VOLATILE = re.compile(r"clock_timestamp|gen_random_uuid|random\(|nextval|timeofday")


def test_a_statement_keeps_its_name_and_takes_its_binds_in_the_order_of_the_text() -> None:
    statement = load("events.verification", "verification.sql", "other")["read_leaves"]
    assert (statement.name, statement.binds) == ("read_leaves", ("after", "upto", "limit"))
    assert statement.driver_sql == (
        'SELECT position, leaf, record\n  FROM "other".events\n'
        " WHERE position > $1 AND position <= $2\n ORDER BY position\n LIMIT $3"
    )
    assert statement.arguments({"limit": 3, "after": 1, "upto": 2}) == [1, 2, 3]


def test_a_bind_that_occurs_twice_is_one_argument() -> None:
    statement = load("events.verification", "verification.sql", "ledger")["read_subjects"]
    assert statement.binds == ("after", "limit")
    assert statement.driver_sql.count("$1") == 2


def test_a_bind_that_is_missing_is_an_error() -> None:
    statement = load("events.verification", "verification.sql", "ledger")["read_leaves"]
    with pytest.raises(KeyError):
        statement.arguments({"after": 1, "upto": 2})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_statement_names_only_the_schema_it_was_loaded_for(file: Path) -> None:
    package, *below = file.relative_to(ROOT).parts
    for statement in load(package, "/".join(below), "other").values():
        assert "ledger." not in statement.driver_sql
        assert '"other".' in statement.driver_sql or statement.name in ABOUT_THE_SERVER


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_statement_can_run_on_a_node_of_a_cluster(file: Path) -> None:
    """Citus takes one statement at a time, no MERGE from arrays, no volatile function in a change.

    The time at which a statement begins is stable; the current time is volatile.
    """
    package, *below = file.relative_to(ROOT).parts
    for statement in load(package, "/".join(below), "other").values():
        assert len(list(statements_of(f"{statement.driver_sql};"))) == 1, statement.name
        assert "MERGE INTO" not in statement.driver_sql, statement.name
        changes = re.search(r"INSERT INTO|UPDATE \"other\"|DELETE FROM", statement.driver_sql)
        assert not (changes and VOLATILE.search(statement.driver_sql)), statement.name


@pytest.mark.parametrize("name", PROJECTIONS)
def test_what_several_files_say_alike_is_in_every_statement_that_includes_it(name: str) -> None:
    (file,) = (
        file
        for file in (ROOT / "projections").glob(f"*/{name}.sql")
        if file.parent.name != "figures"
    )
    statement = load("projections", f"{file.parent.name}/{name}.sql", "other")["differences"]
    included = ROOT / "projections" / "engine" / "differing.sql"
    lines = included.read_text(encoding="utf-8").splitlines()
    said_alike = "\n".join(line for line in lines if not line.startswith("--"))
    assert statement.text.text.endswith(f"\n{said_alike}")
    assert statement.binds == ("live", "built", "shown")


def test_a_file_for_many_tables_is_loaded_for_one_of_them() -> None:
    counting = load("projections", "engine/generation.sql", "other", table="deadlines")
    assert counting["count_rows"].driver_sql == (
        'SELECT count(*) AS rows\n  FROM "other".deadlines\n WHERE generation = $1'
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_statement_opens_with_why(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("-- name: "):
            assert lines[number + 1].startswith("-- ")


def test_the_bare_name_is_put_where_it_is_asked_for() -> None:
    assert qualify("ledger.events '{schema}' other_ledger.x", "east") == (
        "\"east\".events 'east' other_ledger.x"
    )


@pytest.mark.parametrize("name", ["ledger", "a", "l_2", "x" * 48])
def test_a_plain_name_is_a_schema(name: str) -> None:
    assert qualify("ledger.events", name) == f'"{name}".events'


@pytest.mark.parametrize(
    "name",
    ["", "Ledger", "2nd", "_x", "x" * 49, "a-b", 'a"; DROP', "a.b", "pg_x", "x\n", "帳簿"],
)
def test_a_name_that_would_need_quoting_is_refused(name: str) -> None:
    with pytest.raises(SchemaNameInvalid, match="a ledger's name is"):
        qualify("ledger.events", name)


def test_a_file_without_named_statements_is_refused() -> None:
    with pytest.raises(StatementFileInvalid, match="needs statements of distinct names"):
        load("domain.lifecycles", "demand_funnel.yaml", "ledger")
