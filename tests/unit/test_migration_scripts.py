"""Migrations run one statement at a time, each of which Citus can distribute."""

import re
from pathlib import Path

import pytest

from migrations.scripts import statements_of

MIGRATIONS = Path(__file__).parents[2] / "migrations"
SCRIPTS = [
    *sorted((MIGRATIONS / "versions").glob("*.sql")),
    MIGRATIONS / "cluster.sql",
    MIGRATIONS / "grants.sql",
    MIGRATIONS / "bi.sql",
    MIGRATIONS / "bi_words.sql",
]
BEGINNING = re.compile(r"(CREATE|COMMENT|ALTER|INSERT|UPDATE|DROP|DO) ")


def test_a_script_is_split_where_its_statements_end() -> None:
    script = """
    -- A comment; with a semicolon and a quote's apostrophe.
    CREATE TABLE a (b text DEFAULT 'x;''y');
    CREATE FUNCTION f() LANGUAGE plpgsql AS $$ BEGIN RETURN '1'; END $$;
    DO $grants$ BEGIN EXECUTE 'GRANT ' || $1; END $grants$;
    SELECT 1 - 1;
    """
    assert list(statements_of(script)) == [
        "CREATE TABLE a (b text DEFAULT 'x;''y')",
        "CREATE FUNCTION f() LANGUAGE plpgsql AS $$ BEGIN RETURN '1'; END $$",
        "DO $grants$ BEGIN EXECUTE 'GRANT ' || $1; END $grants$",
        "SELECT 1 - 1",
    ]


def test_a_statement_without_an_end_is_noticed() -> None:
    with pytest.raises(AssertionError, match="ends with a semicolon"):
        list(statements_of("SELECT 1"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_statement_of_a_migration_is_one_command(script: Path) -> None:
    found = list(statements_of(script.read_text(encoding="utf-8")))
    assert found
    for statement in found:
        assert BEGINNING.match(statement), statement[:80]
        # Citus takes no ALTER TABLE that adds a constraint along with something else.
        assert not (statement.startswith("ALTER TABLE") and "ADD CONSTRAINT" in statement)
        assert "MERGE INTO" not in statement
