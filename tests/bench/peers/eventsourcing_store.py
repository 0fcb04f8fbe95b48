"""`eventsourcing` on PostgreSQL: an aggregate for each lead, whose events have versions."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError

from tests.bench.peers.deciding import ACCEPTED, Lead, decide

PAGE = 1_000


class LeadAggregate(Aggregate):
    def __init__(self, number: int) -> None:
        self.number = number
        self.lead = Lead()

    @staticmethod
    def create_id(number: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"/leads/{number}")

    @event("Reported")
    def record(self, report: str, type: str, data: dict[str, Any]) -> None:
        del report
        self.lead = self.lead.after(type, data)


class EventsourcingStore(Application[UUID]):
    def __init__(self, where: dict[str, str]) -> None:
        super().__init__(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **where})

    def report(self, number: int, report: dict[str, Any]) -> None:
        lead = self._load(number)
        lead.record(report["id"], report["type"], decide(lead.lead, report["type"], report["data"]))
        self.save(lead)

    def accept(self, number: int, by: str) -> bool:
        lead = self._load(number)
        if lead.lead.is_accepted:
            return False
        lead.record(by, ACCEPTED, {"stage": "SAL"})
        try:
            self.save(lead)
        except IntegrityError:
            return False
        return True

    def read(self, after: int) -> list[int]:
        found = self.recorder.select_notifications(start=after + 1, limit=PAGE)
        return [one.id for one in found]

    def _load(self, number: int) -> LeadAggregate:
        try:
            return self.repository.get(LeadAggregate.create_id(number))
        except AggregateNotFoundError:
            return LeadAggregate(number)
