"""Read what a writer must remember: pointers, states, and what others have appended."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap
from typing import Any, NamedTuple

from domain.lead import state_json
from domain.lead.absorption import follow_forwarding, forwarding
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.change.succession import Occupancy, OccupiedStage
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import EVENT, EVENTS, PUBLISHED, is_offered
from domain.rules.deals import BUSINESS, COMPETITION
from domain.signal import Identifier, Signal
from events import records
from events.batch.entries import Known
from events.batch.memory import (
    LEDGER_SUBJECT_ID,
    Memory,
    Pointer,
    Remembered,
    absorbed_by,
)
from events.database.failures import NotMigrated
from events.database.sessions import Driver
from events.database.statements import Statement
from events.lifecycles.publish import asks_who_stands_where, compiled_from
from events.limits import (
    CHAIN_MAX,
    DECLARED_MAX,
    FOLLOW_MAX,
    HISTORY_EVENTS_MAX,
    LOADED_PAGE_ROWS,
    SETTLED_AT_ONCE_EVENTS_MAX,
    SETTLED_IN_BATCH_EVENTS_MAX,
)
from events.revision.past import NotRecalled, Recollection
from events.submission import Item, Submission, key_of


class Head(NamedTuple):
    position: int
    recorded_at: datetime
    chain: bytes
    database_time: datetime


class Missing(NamedTuple):
    identifiers: tuple[Identifier, ...]
    subject_ids: tuple[str, ...]
    members: tuple[str, ...]
    """Companies whose current leads are not known."""


class LedgerReader:
    """The reading half of a writer. A class, because every method needs the same statements."""

    def __init__(self, sql: Mapping[str, Statement]) -> None:
        self._sql = sql

    async def head(self, driver: Driver, *, lock: bool = False) -> Head:
        row = await driver.fetchrow(self._sql["lock_head" if lock else "read_head"].driver_sql)
        if row is None:
            raise NotMigrated("the ledger has not been founded")
        return Head(row["position"], row["recorded_at"], row["chain"], row["database_time"])

    async def limit_waits(self, driver: Driver) -> None:
        await driver.fetchrow(self._sql["limit_waits"].driver_sql)

    async def begin(self, driver: Driver, memory: Memory) -> Head:
        """Initialise an empty memory at the end of the ledger."""
        head = await self.head(driver)
        await self._learn_lifecycles(driver, memory, after=0)
        memory.position, memory.recorded_at = head.position, head.recorded_at
        memory.chain = head.chain
        return head

    async def follow(self, driver: Driver, memory: Memory, head: Head) -> None:
        """Advance the memory to the head that this transaction has locked."""
        if head.position > memory.position:
            # First, because the position moves page by page: if the connection were lost between
            # two pages, a lifecycle before that position would never be read again.
            await self._learn_lifecycles(driver, memory, after=memory.position)
        if head.position - memory.position > FOLLOW_MAX:
            memory.forget_all()
            memory.position = head.position
        while memory.position < head.position:
            page = await driver.fetch(
                self._sql["read_records"].driver_sql, memory.position, LOADED_PAGE_ROWS
            )
            links = await self._links(driver, memory.position, page[-1]["position"])
            memory.advance([records.decode(row["record"]) for row in page], links)
        memory.recorded_at, memory.chain = head.recorded_at, head.chain

    async def known(
        self, driver: Driver, submissions: Sequence[Submission]
    ) -> dict[tuple[str, str], Known]:
        """Look up which keys of a batch are already events."""
        keys = [
            key
            for submission in submissions
            for item in submission.items
            if (key := key_of(item)) is not None
        ]
        if not keys:
            return {}
        rows = await driver.fetch(
            self._sql["find_keys"].driver_sql, [key[0] for key in keys], [key[1] for key in keys]
        )
        return {
            (row["source"], row["id"]): Known(row["position"], row["leaf"], row["fingerprint"])
            for row in rows
        }

    async def recall(
        self,
        driver: Driver,
        memory: Memory,
        submissions: Sequence[Submission],
        recollection: Recollection | None = None,
    ) -> bool:
        """Load what the batch needs and the memory lacks. False: the head has moved since."""
        if needs_occupancy(memory, submissions):
            counts = (submission.counted for submission in submissions)
            counted = next((count for count in counts if count is not None), None)
            if not await self._learn_occupancy(driver, memory, counted):
                return False
        for _ in range(CHAIN_MAX):
            missing = _missing(memory, submissions, recollection or Recollection())
            if not any(missing):
                return True
            if missing.identifiers and not await self._learn_pointers(
                driver, memory, missing.identifiers
            ):
                return False
            if missing.subject_ids and not await self._learn_subjects(
                driver, memory, missing.subject_ids
            ):
                return False
            if missing.members and not await self._learn_members(driver, memory, missing.members):
                return False
        raise AssertionError("leads forward to each other without end")

    async def recollect(
        self,
        driver: Driver,
        memory: Memory,
        submissions: Sequence[Submission],
        recollection: Recollection,
        needed: NotRecalled,
    ) -> bool:
        """Read what taking something back needs. False: the head has moved since."""
        recollection.wanted |= dict.fromkeys(needed.subjects)
        recollection.companies |= dict.fromkeys(needed.companies)
        recollection.identifiers |= dict.fromkeys(needed.identifiers)
        for type in needed.declared:
            if not await self._read_declared(driver, memory, recollection, type):
                return False
        positions = {
            *needed.positions,
            *_positions_named(submissions),
        } - recollection.records.keys()
        if positions and not await self._read_records(driver, memory, recollection, positions):
            return False
        histories = [
            *needed.histories,
            *(record.event.subject.id for record in recollection.records.values() if record),
        ]
        # Each history once: several events of one lead may be taken back together.
        wanted = dict.fromkeys(subject_id for subject_id in histories if subject_id)
        missing = [subject_id for subject_id in wanted if subject_id not in recollection.histories]
        if missing and not await self._read_histories(driver, memory, recollection, missing):
            return False
        return await self.recall(driver, memory, submissions, recollection)

    async def _read_records(
        self, driver: Driver, memory: Memory, recollection: Recollection, positions: Iterable[int]
    ) -> bool:
        return await self.records_at(driver, recollection, positions) == memory.position

    async def _read_declared(
        self, driver: Driver, memory: Memory, recollection: Recollection, type: str
    ) -> bool:
        """Read the data of events of a type about the ledger, as many as are compared."""
        statement = self._sql["read_declared"]
        values = {"type": type, "upto": memory.position, "limit": DECLARED_MAX}
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        declared = [records.decode_event(row["record"]).data for row in rows if row["record"]]
        recollection.declared[type] = declared
        return bool(rows) and rows[0]["head_position"] == memory.position

    async def records_at(
        self, driver: Driver, recollection: Recollection, positions: Iterable[int]
    ) -> int:
        """Read the records at some positions; return the head's position."""
        recollection.records |= dict.fromkeys(positions)
        head_position = -1
        for row in await driver.fetch(self._sql["find_records"].driver_sql, list(positions)):
            head_position = row["head_position"]
            if row["position"] is not None:
                recollection.records[row["position"]] = records.decode(row["record"])
                found = zip(row["kinds"] or (), row["digests"] or (), strict=True)
                recollection.references[row["position"]] = tuple(starmap(Identifier, found))
        return head_position

    async def _read_histories(
        self,
        driver: Driver,
        memory: Memory,
        recollection: Recollection,
        subject_ids: Sequence[str],
    ) -> bool:
        head_position, histories = await self.histories(driver, subject_ids, upto=memory.position)
        recollection.histories |= histories
        return head_position == memory.position

    async def histories(
        self, driver: Driver, subject_ids: Sequence[str], *, upto: int
    ) -> tuple[int, dict[str, list[records.Record]]]:
        """Read what was recorded about some subjects, and the head's position."""
        statement = self._sql["read_histories"]
        values = {"subject_ids": subject_ids, "upto": upto, "limit": HISTORY_EVENTS_MAX + 1}
        found: dict[str, list[records.Record]] = {subject_id: [] for subject_id in subject_ids}
        head_position = -1
        for row in await driver.fetch(statement.driver_sql, *statement.arguments(values)):
            head_position = row["head_position"]
            if row["record"] is not None:
                found[row["subject_id"]].append(records.decode(row["record"]))
        return head_position, found

    async def _learn_pointers(
        self, driver: Driver, memory: Memory, identifiers: Sequence[Identifier]
    ) -> bool:
        rows = await driver.fetch(
            self._sql["find_pointers"].driver_sql,
            [identifier.digest for identifier in identifiers],
        )
        if not rows or rows[0]["head_position"] != memory.position:
            return False
        memory.learn({}, dict.fromkeys(identifiers))
        memory.learn_links(_pointer(row) for row in rows if row["digest"] is not None)
        return True

    async def _learn_subjects(
        self, driver: Driver, memory: Memory, subject_ids: Sequence[str]
    ) -> bool:
        rows = await driver.fetch(self._sql["find_subjects"].driver_sql, subject_ids)
        if not rows or rows[0]["head_position"] != memory.position:
            return False
        subjects: dict[str, Remembered | None] = dict.fromkeys(subject_ids)
        for row in rows:
            if row["subject_id"] is not None:
                kind = SubjectKind(row["kind"])
                subjects[str(row["subject_id"])] = Remembered(
                    kind, row["version"], row["position"], state_json.decode(kind, row["state"])
                )
        memory.learn(subjects, {})
        return True

    async def _learn_members(
        self, driver: Driver, memory: Memory, companies: Sequence[str]
    ) -> bool:
        rows = await driver.fetch(self._sql["find_members"].driver_sql, companies)
        if not rows or rows[0]["head_position"] != memory.position:
            return False
        found: dict[str, list[str]] = {company: [] for company in companies}
        for row in rows:
            if row["subject_id"] is not None:
                found[str(row["account"])].append(str(row["subject_id"]))
        memory.members |= {company: dict.fromkeys(leads) for company, leads in found.items()}
        return True

    async def _learn_occupancy(
        self, driver: Driver, memory: Memory, counted: Occupancy | None
    ) -> bool:
        """Learn which stages are occupied: the earlier count plus all moves since.

        A subject that has moved is counted in both stages, because its origin is not looked up.
        """
        if counted is None or memory.position - counted.position > FOLLOW_MAX:
            rows = await driver.fetch(self._sql["count_standing"].driver_sql)
            counted = occupancy_in(rows, in_force=memory.lifecycle_version)
        if counted.position > memory.position:
            return False
        moved = await self._moved(driver, counted.position, memory.position)
        memory.occupancy = Occupancy(memory.position, Counter(counted.occupied) + Counter(moved))
        return True

    async def _moved(self, driver: Driver, after: int, upto: int) -> list[OccupiedStage]:
        if after == upto:
            return []
        rows = await driver.fetch(self._sql["read_records"].driver_sql, after, upto - after)
        assert len(rows) == upto - after, f"expected {upto - after} records, found {len(rows)}"
        return [
            OccupiedStage(event.subject.kind, stage, envelope.lifecycle)
            for event, envelope in (records.decode(row["record"]) for row in rows)
            if (stage := event.stage_to or event.effects.get("state", {}).get("stage")) is not None
        ]

    async def _links(self, driver: Driver, after: int, upto: int) -> list[Pointer]:
        return list(
            map(_pointer, await driver.fetch(self._sql["read_links"].driver_sql, after, upto))
        )

    async def lifecycles(self, driver: Driver) -> dict[int, CompiledLifecycle]:
        """Read all published lifecycles, and compile them in a thread, which takes a moment."""
        rows = await driver.fetch(self._sql["read_lifecycles"].driver_sql, 0)

        def compiled() -> dict[int, CompiledLifecycle]:
            every = (compiled_from(records.decode_event(row["record"])) for row in rows)
            return {published.version: published for published in every}

        return await asyncio.to_thread(compiled)

    async def _learn_lifecycles(self, driver: Driver, memory: Memory, *, after: int) -> None:
        for row in await driver.fetch(self._sql["read_lifecycles"].driver_sql, after):
            memory.learn_lifecycle(compiled_from(records.decode_event(row["record"])))


def _pointer(row: Any) -> Pointer:
    identifier = Identifier(row["kind"], row["digest"])
    return Pointer(identifier, str(row["subject_id"]), row["is_moved"])


def signals_of(submissions: Iterable[Submission]) -> Iterable[Signal]:
    """Return every signal of a batch, in order."""
    for submission in submissions:
        for item in submission.items:
            if isinstance(item, Item):
                yield item.signal


class ReportedLate(NamedTuple):
    """What deciding leads again will need, so that it is read at once. Some may be missing."""

    leads: dict[str, None]
    companies: dict[str, None]
    """Those whose course may begin earlier than was known, which concerns all of their leads."""


def reported_late(memory: Memory, submissions: Iterable[Submission]) -> ReportedLate:
    """Return the remembered leads about which a batch reports something late."""
    latest: dict[str, datetime] = {}
    late, events = ReportedLate({}, {}), 0
    for signal in signals_of(submissions):
        for identifier in signal.identifiers:
            pointed = memory.pointers.get(identifier)
            if pointed is None:
                continue
            lead_id = follow_forwarding(
                pointed, lambda other: absorbed_by(memory.subjects.get(other))
            )
            remembered = memory.subjects.get(lead_id)
            state = remembered.state if remembered is not None else None
            if remembered is not None and remembered.version > SETTLED_AT_ONCE_EVENTS_MAX:
                break
            known = latest.get(lead_id) or (state.latest_at if state is not None else None)
            if known is not None and signal.occurred_at < known:
                events += remembered.version if remembered and lead_id not in late.leads else 0
                if events > SETTLED_IN_BATCH_EVENTS_MAX and late.leads:
                    return late
                late.leads[lead_id] = None
                account = state.account if isinstance(state, LeadState) else None
                if account is not None and _begins_earlier(memory, account, signal.occurred_at):
                    late.companies[account] = None
            else:
                latest[lead_id] = signal.occurred_at
            break
    return late


def _begins_earlier(memory: Memory, account_id: str, at: datetime) -> bool:
    remembered = memory.subjects.get(account_id)
    state = remembered.state if remembered is not None else None
    if not isinstance(state, AccountState):
        return False
    return not state.timeline or at < state.timeline[0].occurred_at


def occupancy_in(rows: Sequence[Any], *, in_force: int) -> Occupancy:
    """Decode the count per stage. An account is under the version in force."""
    occupied = {
        OccupiedStage(SubjectKind(row["kind"]), row["stage"], row["lifecycle"] or in_force): row[
            "standing"
        ]
        for row in rows
        if row["stage"] is not None
    }
    return Occupancy(rows[0]["head_position"], occupied)


def needs_occupancy(memory: Memory, submissions: Iterable[Submission]) -> bool:
    """Whether the batch could remove an occupied stage, and there is no count at this position.

    The second of two publications in one batch may remove a stage that only the first introduces.
    """
    published = [signal.data for signal in signals_of(submissions) if signal.type.name == PUBLISHED]
    if not published:
        return False
    if memory.occupancy is not None and memory.occupancy.position == memory.position:
        return False
    return len(published) > 1 or asks_who_stands_where(published[0], memory.lifecycles)


def _positions_named(submissions: Iterable[Submission]) -> Iterable[int]:
    """Return the positions of the events that a batch takes back."""
    offered = (signal.data for signal in signals_of(submissions) if is_offered(signal.type))
    return (
        int(position)
        for data in offered
        for position in (*([data[EVENT]] if EVENT in data else ()), *data.get(EVENTS, ()))
    )


def _missing(
    memory: Memory, submissions: Sequence[Submission], recollection: Recollection
) -> Missing:
    """Return what the batch and the recollection need and the memory lacks."""
    missing = _Missing(memory)
    # A signal that names no one is about the ledger itself, whose version also increases.
    missing.need(LEDGER_SUBJECT_ID)
    for subject_id in recollection.wanted:
        missing.need(subject_id)
    for identifier in recollection.identifiers:
        missing.look_up(identifier)
    for company in recollection.companies:
        missing.need_members(company)
    for submission in submissions:
        for lead_id in submission.woken:
            missing.need(lead_id)
    for signal in signals_of(submissions):
        missing.need_all_of(signal)
    return Missing(tuple(missing.identifiers), tuple(missing.subject_ids), tuple(missing.companies))


@dataclass(slots=True)
class _Missing:
    """A class, because it collects what is missing, each item once and in order."""

    memory: Memory
    identifiers: dict[Identifier, None] = field(default_factory=dict)
    subject_ids: dict[str, None] = field(default_factory=dict)
    companies: dict[str, None] = field(default_factory=dict)

    def need_all_of(self, signal: Signal) -> None:
        """Request everyone a signal names; the whole company if its leads may be judged by it."""
        self.need(signal.lead_id)
        self.need(signal.account_id)
        named = (*signal.account_identifiers, *signal.account_name)
        for identifier in (
            *signal.identifiers,
            *signal.references,
            *signal.shared_references,
            *named,
        ):
            self.look_up(identifier)
        if signal.type.role in COMPETITION or signal.type.role in BUSINESS:
            memory = self.memory
            for account in (signal.account_id, *map(memory.pointers.get, named)):
                if account is not None and memory.subjects.get(account) is not None:
                    self.need_members(account)

    def need_members(self, company: str) -> None:
        """Request the leads of a company, and their states."""
        members = self.memory.members.get(company)
        if members is None:
            self.companies[company] = None
            return
        for lead_id in members:
            self.need(lead_id)

    def look_up(self, identifier: Identifier) -> None:
        """Request an identifier, or the subjects that it is remembered to point to."""
        if identifier in self.memory.pointers:
            self.need(self.memory.pointers[identifier])
            for other in self.memory.others.get(identifier, ()):
                self.need(other)
        else:
            self.identifiers[identifier] = None

    def need(self, subject_id: str | None) -> None:
        """Request a subject; if it is remembered, the subjects that it refers to."""
        subjects = self.memory.subjects
        if subject_id is None:
            return
        for known_id in forwarding(subject_id, lambda other: absorbed_by(subjects.get(other))):
            remembered = subjects.get(known_id)
            state = remembered.state if remembered is not None else None
            if known_id not in subjects:
                self.subject_ids[known_id] = None
            elif isinstance(state, LeadState) and state.account is not None:
                for account_id in (state.account, *state.former_accounts):
                    self.need(account_id)
