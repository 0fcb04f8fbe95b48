"""Stores with an append condition: fail if an event with this tag is after that position.

`eventsourcing`'s own on PostgreSQL, and UmaDB.
"""

import json
import os
from typing import Any

import umadb
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresTTDCBFactory
from eventsourcing.persistence import IntegrityError
from eventsourcing.utils import Environment

from tests.bench.peers.deciding import ACCEPTED, Lead, decide

PAGE = 1_000


class TaggedStore:
    """What both do with a lead; subclasses read and append."""

    def report(self, number: int, report: dict[str, Any]) -> None:
        lead, head = self._load(number)
        self.append(number, report["type"], decide(lead, report["type"], report["data"]), head)

    def accept(self, number: int, by: str) -> bool:
        lead, head = self._load(number)
        return not lead.is_accepted and self.append(
            number, ACCEPTED, {"stage": "SAL", "by": by}, head
        )

    def _load(self, number: int) -> tuple[Lead, int | None]:
        lead, head = Lead(), None
        for type, data, position in self.of_lead(number):
            lead, head = lead.after(type, json.loads(data)), position
        return lead, head


class DcbStore(TaggedStore):
    def __init__(self, where: dict[str, str]) -> None:
        # One of its statements names a table without the schema.
        os.environ["PGOPTIONS"] = f"-csearch_path={where['POSTGRES_SCHEMA']}"
        factory = PostgresTTDCBFactory(Environment(name="leads", env=where))
        self.recorder = factory.dcb_recorder()

    def of_lead(self, number: int) -> list[tuple[str, bytes, int]]:
        found = self.recorder.read(_dcb_query(number))
        return [(one.event.type, one.event.data, one.position) for one in found]

    def append(self, number: int, type: str, data: dict[str, Any], head: int | None) -> bool:
        event = DCBEvent(type, json.dumps(data).encode(), [f"lead:{number}"])
        try:
            self.recorder.append([event], DCBAppendCondition(_dcb_query(number), head))
        except IntegrityError:
            return False
        return True

    def read(self, after: int) -> list[int]:
        return [one.position for one in self.recorder.read(after=after, limit=PAGE)]


class UmadbStore(TaggedStore):
    def __init__(self, where: dict[str, str]) -> None:
        self.client = umadb.Client(where["url"])

    def of_lead(self, number: int) -> list[tuple[str, bytes, int]]:
        found = self.client.read(_umadb_query(number))
        return [(one.event.event_type, one.event.data, one.position) for one in found]

    def append(self, number: int, type: str, data: dict[str, Any], head: int | None) -> bool:
        event = umadb.Event(type, json.dumps(data).encode(), [f"lead:{number}"])
        condition = umadb.AppendCondition(_umadb_query(number), head)
        try:
            self.client.append([event], condition)
        except umadb.IntegrityError:
            return False
        return True

    def read(self, after: int) -> list[int]:
        return [one.position for one in self.client.read(start=after + 1, limit=PAGE)]


def _dcb_query(number: int) -> DCBQuery:
    return DCBQuery([DCBQueryItem(tags=[f"lead:{number}"])])


def _umadb_query(number: int) -> umadb.Query:
    return umadb.Query([umadb.QueryItem(tags=[f"lead:{number}"])])
