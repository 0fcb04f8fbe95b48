"""A table with a sequence and nothing else: INSERT of one event, or COPY of many."""

import json
import threading
from typing import Any

import psycopg

from tests.bench.peers.deciding import ACCEPTED

PAGE = 1_000
BATCH = 500
"""Events in one COPY and transaction: what the ledger appends at once."""

TABLE = """
CREATE TABLE IF NOT EXISTS plain_events (
    position bigserial PRIMARY KEY, id text NOT NULL, lead bigint NOT NULL, type text NOT NULL,
    data text NOT NULL)
"""
COLUMNS = "plain_events (id, lead, type, data)"


class InsertStore:
    def __init__(self, where: dict[str, str]) -> None:
        self._where = where["conninfo"]
        self._local = threading.local()
        self.connection.execute("SELECT pg_advisory_xact_lock(1)")
        self.connection.execute(TABLE)
        self.connection.commit()

    @property
    def connection(self) -> psycopg.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = psycopg.connect(self._where)
        return self._local.connection

    def report(self, number: int, report: dict[str, Any]) -> None:
        self._insert(report["id"], number, report["type"], report["data"])

    def accept(self, number: int, by: str) -> bool:
        found = self.connection.execute(
            "SELECT FROM plain_events WHERE lead = %s AND type = %s", (number, ACCEPTED)
        ).fetchone()
        self.connection.commit()
        if found is not None:
            return False
        self._insert(by, number, ACCEPTED, {"stage": "SAL"})
        return True

    def read(self, after: int) -> list[int]:
        rows = self.connection.execute(
            "SELECT position, id, lead, type, data FROM plain_events "
            "WHERE position > %s ORDER BY position LIMIT %s",
            (after, PAGE),
        ).fetchall()
        self.connection.commit()
        return [row[0] for row in rows]

    def _insert(self, id: str, number: int, type: str, data: dict[str, Any]) -> None:
        self.connection.execute(
            f"INSERT INTO {COLUMNS} VALUES (%s, %s, %s, %s)", (id, number, type, json.dumps(data))
        )
        self.connection.commit()


class CopyStore(InsertStore):
    def report_all(self, reports: list[tuple[int, dict[str, Any]]]) -> None:
        for at in range(0, len(reports), BATCH):
            cursor = self.connection.cursor()
            with cursor, cursor.copy(f"COPY {COLUMNS} FROM STDIN") as copy:
                for number, report in reports[at : at + BATCH]:
                    data = json.dumps(report["data"])
                    copy.write_row((report["id"], number, report["type"], data))
            self.connection.commit()
