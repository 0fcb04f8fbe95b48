"""A ledger without a database: the writer's plan, on tables that are dictionaries.

A batch gets exactly the data that the real reader would recall, so a plan that uses more than it
requested fails here too. States go through their stored text, and records through their bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from domain.lead import state_json
from domain.lifecycle.change.succession import Occupancy
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Right, SubjectKind
from domain.signal import REFERENCES, Identifier
from events.append.loader import _missing, needs_occupancy
from events.append.plan import Plan
from events.batch.entries import Entry, Known
from events.batch.intake import Intake
from events.batch.memory import Memory, Pointer, Remembered, point, standing_of
from events.lifecycles.publish import compiled_from, publication
from events.outcomes import Outcome
from events.personal import StoredLink
from events.records import Record, decode, whole
from events.refusals import Refusal, Refused
from events.revision.past import NotRecalled, Recollection
from events.signals import native
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.sender import Sender
from events.submission import Item, Submission
from service.ingest.read_items import refuse
from tests.support.stories import demand_funnel

DIGESTS = Digests(b"a secret of thirty-two bytes, or more")
RECEIVED_AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
EVERY_RIGHT = frozenset(map(str, Right))
SENDER = Sender("key-1", ("test",), None, EVERY_RIGHT)
RECALLS_MAX = 64

Reported = Mapping[str, Any]


def item_of(
    reported: Any,
    *,
    compiled: CompiledLifecycle | None = None,
    sender: Sender = SENDER,
    received_at: datetime = RECEIVED_AT,
) -> Item | Refused:
    """Read a native event as the service would."""
    context = Context((compiled or demand_funnel()).lifecycle, DIGESTS, sender, received_at)
    signal = native.read(reported, context)
    content = orjson.dumps(reported)
    if isinstance(signal, Refusal):
        return refuse(signal, reported, content, context)
    return Item(signal, content, context)


@dataclass
class LedgerInMemory:
    """The tables of a ledger after everything sent so far."""

    compiled: CompiledLifecycle = field(default_factory=demand_funnel)
    entries: list[Entry] = field(default_factory=list)
    stored_links: defaultdict[int, list[StoredLink]] = field(
        default_factory=lambda: defaultdict(list)
    )
    refused: list[Refused] = field(default_factory=list)
    intake: Intake = field(default_factory=Intake)
    keys: dict[tuple[str, str], Known] = field(default_factory=dict)
    subjects: dict[str, Remembered] = field(default_factory=dict)
    links: list[Pointer] = field(default_factory=list)
    references: dict[int, tuple[Identifier, ...]] = field(default_factory=dict)
    """For each event, the deals and orders that it was the first to report."""
    memory: Memory = field(default_factory=Memory)
    set_aside: dict[str, str] = field(default_factory=dict)
    """Leads that could not be brought up to date, with the fault of the last try."""
    expects_faults: bool = False
    """Otherwise an error that the plan confines to its item fails the test."""
    at: datetime | None = None
    """The current time; None: one second later with every event."""
    _decoded: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_again()

    @property
    def pointers(self) -> dict[Identifier, str]:
        """Map each identifier to a lead: a cookie to the newest one, any other to the first."""
        pointers: dict[Identifier, str | None] = {}
        for link in self.links:
            point(link, pointers, {})
        return {one: found for one, found in pointers.items() if found is not None}

    @property
    def records(self) -> Sequence[Record]:
        """Return everything recorded so far; each record is decoded only once."""
        new = self.entries[len(self._decoded) :]
        self._decoded += [decode(self.whole_record(entry)) for entry in new]
        return self._decoded

    def forget_decoded(self) -> None:
        """Decode records again: a test has changed them."""
        self._decoded.clear()

    def whole_record(self, entry: Entry) -> str:
        """Return a record with its parts, as the database joins them."""
        parts = entry.envelope.parts
        if parts is None:
            return entry.record
        return whole(
            entry.record, (one.record for one in self.entries[parts.first - 1 : parts.last])
        )

    def past(self, before: int) -> Recollection:
        """Return everything before a position."""
        records = self.records[: before - 1]
        about: dict[str, list[Record]] = {subject: [] for subject in self.subjects}
        for record in records:
            if record.event.subject.id:
                about[record.event.subject.id].append(record)
        recalled: dict[int, Record | None] = {one.event.position: one for one in records}
        return Recollection(
            records=recalled, histories=dict(about), references=dict(self.references)
        )

    def let_happen(self) -> None:
        """Fire everything that is due by now, for all subjects."""
        leads = tuple(id for id, one in self.subjects.items() if one.kind is SubjectKind.LEAD)
        before = -1
        while leads and before < len(self.entries):
            before = len(self.entries)
            self.submit(Submission((), woken=leads))

    def start_again(self) -> None:
        """Clear the writer's cache, as in a new process."""
        self.memory = Memory(
            position=len(self.entries),
            lifecycle_version=1,
            lifecycles={1: self.compiled},
        )
        for event, _ in self.records:
            if event.type == "lifecycle.published":
                self.memory.learn_lifecycle(compiled_from(event))

    @property
    def in_force(self) -> CompiledLifecycle:
        return self.memory.compiled

    def publish(self, text: str, **stage_map: str) -> Outcome:
        """Publish a lifecycle, as an administrator would."""
        context = Context(self.in_force.lifecycle, DIGESTS, SENDER, self._now())
        id = f"publication-{len(self.keys)}-{len(self.refused)}"
        (outcome,) = self.submit(
            Submission((publication(text, stage_map, id=id, context=context),))
        )
        return outcome

    def send(
        self, *reported: Reported, sender: Sender = SENDER, is_strict: bool = False
    ) -> list[Outcome]:
        """Send one request, and return the outcome of each item."""
        items = tuple(self.read(one, sender=sender) for one in reported)
        return self.submit(Submission(items, is_strict))

    def submit_items(self, items: tuple[Item | Refused, ...]) -> list[Outcome]:
        """Send items that may be of several senders, in one batch."""
        return self.submit(Submission(items))

    def read(self, reported: Reported, *, sender: Sender = SENDER) -> Item | Refused:
        """Read an event under the lifecycle in force."""
        return item_of(reported, compiled=self.in_force, sender=sender, received_at=self._now())

    def send_one(self, type: str, **attributes: Any) -> Outcome:
        """Send one event under a new id."""
        sender = attributes.pop("sender", SENDER)
        event = {"id": f"event-{len(self.keys)}-{len(self.refused)}", "type": type, **attributes}
        (outcome,) = self.send(event, sender=sender)
        return outcome

    def submit(self, *submissions: Submission) -> list[Outcome]:
        """Append submissions in one batch; return the outcomes of all their items."""
        recollection = Recollection()
        self._recall(submissions, recollection)
        for _ in range(RECALLS_MAX * sum(submission.size for submission in submissions)):
            plan = Plan(self.memory, self.keys, self._propose_time(), recollection)
            try:
                outcomes = plan.settle([plan.submit(submission) for submission in submissions])
            except NotRecalled as needed:
                self._recollect(needed, recollection)
                self._recall(submissions, recollection)
            else:
                faults = [*plan.failures, *plan.set_aside.values()]
                assert self.expects_faults or not faults, faults
                self.set_aside |= {id: str(fault) for id, fault in plan.set_aside.items()}
                self._write(plan)
                plan.commit()
                return [outcome for answered in outcomes for outcome in answered]
        raise AssertionError("the missing past is never recalled")

    def _now(self) -> datetime:
        return self.at or RECEIVED_AT + timedelta(seconds=len(self.entries))

    def _propose_time(self) -> datetime:
        """Return a time that no other transaction has."""
        if not self.entries:
            return self._now()
        last = datetime.fromisoformat(self.entries[-1].envelope.recorded_time)
        return max(self._now(), last + timedelta.resolution)

    def _recollect(self, needed: NotRecalled, recollection: Recollection) -> None:
        """Recall exactly what is requested; the real reader recalls that and a little more."""
        recollection.wanted |= dict.fromkeys(needed.subjects)
        recollection.companies |= dict.fromkeys(needed.companies)
        recollection.identifiers |= dict.fromkeys(needed.identifiers)
        for position in needed.positions:
            in_ledger = 0 < position <= len(self.entries)
            recollection.records[position] = self.records[position - 1] if in_ledger else None
            recollection.references[position] = self.references.get(position, ())
        for type in needed.declared:
            recollection.declared[type] = [
                record.event.data for record in self.records if record.event.type == type
            ]
        for subject_id in needed.histories:
            recollection.histories[subject_id] = [
                record for record in self.records if record.event.subject.id == subject_id
            ]

    def _count(self) -> None:
        occupied = Counter(
            standing
            for subject in self.subjects.values()
            if (standing := standing_of(subject, self.memory.lifecycle_version)) is not None
        )
        self.memory.occupancy = Occupancy(self.memory.position, occupied)

    def _recall(self, submissions: Sequence[Submission], recollection: Recollection) -> None:
        if needs_occupancy(self.memory, submissions):
            self._count()
        for _ in range(RECALLS_MAX):
            missing = _missing(self.memory, submissions, recollection)
            if not any(missing):
                return
            for company in missing.members:
                self.memory.members[company] = {
                    lead_id: None
                    for lead_id, one in sorted(self.subjects.items())
                    if getattr(one.state, "account", None) == company
                }
            self.memory.learn(
                {one: self.subjects.get(one) for one in missing.subject_ids},
                dict.fromkeys(missing.identifiers),
            )
            self.memory.learn_links(link for link in self.links if link[0] in missing.identifiers)
        raise AssertionError("missing data is never recalled")

    def _write(self, plan: Plan) -> None:
        self.entries += plan.draft.entries
        self.refused += plan.refused
        self.intake += plan.intake
        for entry in plan.draft.entries:
            key = (entry.envelope.source, entry.envelope.id)
            assert key not in self.keys, f"{key} is written twice"
            fingerprint = (entry.report.fingerprint or None) if entry.report is not None else None
            self.keys[key] = Known(entry.event.position, entry.leaf, fingerprint)
        for subject_id, after in plan.draft.subjects.items():
            stored = state_json.decode(after.kind, state_json.encode(after.state))
            self.subjects[subject_id] = after._replace(state=stored)
        linked = set()
        for link in plan.draft.links:
            assert (link.identifier.digest, link.position) not in linked, "one link per event"
            linked.add((link.identifier.digest, link.position))
            self.stored_links[link.position].append(link.stored)
            if link.identifier.kind in REFERENCES:
                earlier = self.references.get(link.position, ())
                self.references[link.position] = (*earlier, link.identifier)
            self.links.append(Pointer(link.identifier, link.subject_id, link.is_moved))
