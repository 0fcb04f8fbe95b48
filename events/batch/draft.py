"""The ledger as it would be after a batch: the writer's memory, plus what the batch adds.

Nothing here waits or decides. Looking up a subject or an identifier returns it as the previous
items left it, an event that is entered will be recorded, and the whole draft can be discarded.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from domain.case import Evolved
from domain.deciding.decide import RULES
from domain.event import LEDGER, NOTHING, Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, AccountState, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.signal import Identifier, Signal
from domain.times import format_utc
from events import records
from events.batch.entries import Entry, Link, Prepared, Unsettled
from events.batch.ids import new_id
from events.batch.memory import (
    LEDGER_SUBJECT_ID,
    Memory,
    Pointer,
    Remembered,
    newborn,
    point,
    seen_by,
)
from events.limits import PARTS_MAX, SETTLED_IN_BATCH_EVENTS_MAX
from events.parts import TEXT, Detached, Parts, detach, type_of_parts
from events.personal import (
    SALT_BYTES,
    ActorRow,
    ReportRow,
    digest_of_actor,
    digest_of_report,
)
from events.seals import Seals

Result = TypeVar("Result")


class PartsNeeded(Exception):
    """A group needs parts before it, which moves its events to later positions."""

    def __init__(self, end: int, count: int) -> None:
        super().__init__(end, count)
        self.end = end
        """Where the ledger ends before the group."""
        self.count = count


class Mark(NamedTuple):
    """The extent of a draft at one moment, to roll back to. Cheap, because every item takes one."""

    entries: int
    links: int
    published: int
    changes: int


_Change = tuple[Any, Any, Remembered | Unsettled | Entry | str | tuple[str, ...] | None]
"""A table of the draft, a key, and the value before an item changed it; None if it had none."""


@dataclass(slots=True)
class Draft:
    """A class, because items of one batch see the effects of the items before them."""

    memory: Memory
    recorded_at: datetime
    entries: list[Entry] = field(default_factory=list)
    subjects: dict[str, Remembered] = field(default_factory=dict)
    pointers: dict[Identifier, str | None] = field(default_factory=dict)
    others: dict[Identifier, tuple[str, ...]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    published: list[CompiledLifecycle] = field(default_factory=list)
    """Lifecycles that this batch publishes, each in force from its position on."""
    unsettled: dict[str, Unsettled] = field(default_factory=dict)
    """Leads and companies to be decided again before the batch ends."""
    joined: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """Company → leads that belonged to it at some point of this batch."""
    prepared: dict[str, Prepared] = field(default_factory=dict)
    """What counts for leads with long histories, as far as it was decided before this batch."""
    events_again: int = 0
    """Events of the leads that this batch decides again, even if that was undone."""
    may_wait: dict[int, datetime | None] = field(default_factory=dict)
    """Position of each late report about a lead → until when it waits if it cannot be decided."""
    settlements: Counter[str] = field(default_factory=Counter)
    """How often leads and companies have been decided again in this batch."""
    _places: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Subject → where its entries were put. Some may have been undone since."""
    _changes: list[_Change] = field(default_factory=list)
    """Changes to the tables above, oldest first, to be undone in reverse."""
    seals: list[bytes] = field(default_factory=list)
    chain: bytes = b""
    """Once the batch is sealed: the seals of the entries, and the chain after the last entry."""
    _recorded_time: str = ""
    _unused_id: str = ""
    _rooms: dict[int, int] = field(default_factory=dict)
    """Where a group needs parts before it: the position after which they are, and how many."""
    _detached: dict[int, tuple[Event, Parts]] = field(default_factory=dict)
    """Events about to be entered whose parts have been: what their records hold."""

    def __post_init__(self) -> None:
        self._recorded_time = format_utc(self.recorded_at)
        self.chain = self.memory.chain

    @property
    def position(self) -> int:
        """The position before the next event: the end, and behind it any room for its parts."""
        return self.end + self._rooms.get(self.end, 0)

    @property
    def end(self) -> int:
        """The end of the ledger, including what is entered so far."""
        return self.memory.position + len(self.entries)

    @property
    def compiled(self) -> CompiledLifecycle:
        """The lifecycle in force at this point of the batch."""
        if self.published:
            return self.published[-1]
        return self.memory.lifecycles[self.memory.lifecycle_version]

    @property
    def lifecycles(self) -> Mapping[int, CompiledLifecycle]:
        """Everything published so far, by version."""
        if not self.published:
            return self.memory.lifecycles
        published = {compiled.version: compiled for compiled in self.published}
        return {**self.memory.lifecycles, **published}

    def lifecycle(self, version: int) -> CompiledLifecycle:
        """Return a published version."""
        return self.lifecycles[version]

    def entry_at(self, position: int) -> Entry:
        return self.entries[position - self.memory.position - 1]

    def places_of(self, subject_ids: Iterable[str]) -> list[int]:
        """Return where among the entries those about some subjects are, in order."""
        entries = self.entries
        return sorted(
            {
                place
                for subject_id in subject_ids
                for place in self._places.get(subject_id, ())
                if place < len(entries) and entries[place].subject_id == subject_id
            }
        )

    def mark(self) -> Mark:
        return Mark(len(self.entries), len(self.links), len(self.published), len(self._changes))

    def return_to(self, mark: Mark) -> None:
        """Discard what was entered since the mark."""
        self._rooms.clear()
        self._detached.clear()
        del self.links[mark.links :]
        del self.published[mark.published :]
        while len(self._changes) > mark.changes:
            table, key, before = self._changes.pop()
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before
        del self.entries[mark.entries :]

    def with_room_for_parts(self, step: Callable[[], Result]) -> Result:
        """Decide and enter something; if a group of it needs parts, again with room for them.

        An event's effects may name positions, its own among them, so events cannot be moved after
        they have been decided. Parts are rare: nearly every step runs once.
        """
        mark, rooms = self.mark(), dict[int, int]()
        for _ in range(PARTS_MAX):
            try:
                return step()
            except PartsNeeded as needed:
                rooms[needed.end] = needed.count
                assert sum(rooms.values()) <= PARTS_MAX, f"more than {PARTS_MAX} parts"
                self.return_to(mark)
                self._rooms |= rooms
        raise AssertionError("every try needs more parts than the one before")

    def subject(self, subject_id: str) -> Remembered | None:
        """Return a subject as the items before this one left it."""
        return self.subjects.get(subject_id) or self.memory.subjects[subject_id]

    def lead(self, lead_id: str) -> LeadState | None:
        """Return the state of a lead; None if no lead has this id."""
        remembered = self.subject(lead_id)
        state = remembered.state if remembered is not None else None
        return state if isinstance(state, LeadState) else None

    def newest(self, subject_id: str, kind: SubjectKind) -> Remembered:
        """Return an existing subject, or a new one that begins with this batch."""
        known = self.subjects.get(subject_id) or self.memory.subjects.get(subject_id)
        return known or newborn(kind)

    def state(self, lead_id: str | None, account_id: str | None) -> State:
        """Return the input of a decision: a lead and its account, in current or initial state."""
        lead: LeadState = INITIAL_LEAD
        account: AccountState | None = None
        if lead_id is not None:
            found = self.newest(lead_id, SubjectKind.LEAD).state
            assert isinstance(found, LeadState)
            lead = found
        if account_id is not None:
            account = self.account(account_id)
        return State(lead, account)

    def account(self, account_id: str) -> AccountState:
        """Return the state of a company, which may be new."""
        found = self.newest(account_id, SubjectKind.ACCOUNT).state
        assert isinstance(found, AccountState)
        return found

    def unused_id(self) -> str:
        """Return an id for a lead that may be new, the same until it is used: ids cost time."""
        if not self._unused_id or self._unused_id in self.subjects:
            self._unused_id = new_id()
        return self._unused_id

    def pointer(self, identifier: Identifier) -> str | None:
        return self.pointers.get(identifier) or self.memory.pointers[identifier]

    def pointers_of(self, identifier: Identifier) -> tuple[str, ...]:
        """Return every lead that was reported under an identifier, earliest first."""
        first = self.pointer(identifier)
        if first is None:
            return ()
        known = self.others if identifier in self.others else self.memory.others
        return (first, *known.get(identifier, ()))

    def leads_under(self, identifier: Identifier) -> tuple[str, ...]:
        """Return what `pointers_of` does, without accounts."""
        return tuple(
            [lead_id for lead_id in self.pointers_of(identifier) if self.lead(lead_id) is not None]
        )

    def unsettle(self, subject_id: str, position: int, *, upto: datetime | None = None) -> None:
        """Note that a lead or a company has to be decided again because of an event."""
        before = self.unsettled.get(subject_id)
        self._changes.append((self.unsettled, subject_id, before))
        known = before or Unsettled(())
        later = max((at for at in (known.upto, upto) if at is not None), default=None)
        self.unsettled[subject_id] = Unsettled((*known.positions, position), later)

    def takes_on(self, events: int) -> bool:
        """Whether this batch may decide a lead with so many events again; then it will."""
        if self.events_again and self.events_again + events > SETTLED_IN_BATCH_EVENTS_MAX:
            return False
        self.events_again += events
        return True

    def settled(self, subject_ids: Iterable[str]) -> None:
        """Note that leads and companies have been decided again."""
        for subject_id in subject_ids:
            if subject_id in self.unsettled:
                self._changes.append((self.unsettled, subject_id, self.unsettled.pop(subject_id)))

    def _link(self, links: Sequence[Link]) -> None:
        """Point identifiers to subjects; moved ones then point to them alone."""
        for link in links:
            identifier = link.identifier
            self._changes += [
                (self.pointers, identifier, self.pointers.get(identifier)),
                (self.others, identifier, self.others.get(identifier)),
            ]
            self.pointers.setdefault(identifier, self.memory.pointers[identifier])
            self.others.setdefault(identifier, self.memory.others.get(identifier, ()))
            pointer = Pointer(identifier, link.subject_id, link.is_moved)
            point(pointer, self.pointers, self.others)
            self.links.append(link)

    def enter(
        self,
        signal: Signal,
        decided: Sequence[Event],
        *,
        lifecycle: int,
        links: Sequence[Link] = (),
        states: Mapping[str, Evolved] = NOTHING,
    ) -> None:
        """Enter a reported event and its derived events, decided under this lifecycle version.

        `links` are the identifiers that point to its subjects from its position on, `states` the
        states that the events leave.
        """
        first, *derived = decided
        after = self._still_true(states)
        self._enter_parts(decided, is_own=signal.source == records.OWN_SOURCE, lifecycle=lifecycle)
        report, actor = _report_row(signal, links), _actor_row(signal)
        envelope = records.Envelope(
            source=signal.source,
            id=signal.id,
            subject_version=self._see(first, after),
            recorded_time=self._recorded_time,
            claimed_at=signal.claimed_at,
            key_id=signal.key_id or None,
            department=signal.department,
            lifecycle=lifecycle,
            rules=RULES,
            personal_digest=(
                digest_of_report(report, [link.stored for link in links])
                if report is not None
                else None
            ),
            actor_digest=digest_of_actor(actor) if actor is not None else None,
        )
        self._add(first, envelope, report, actor)
        self._link(links)
        for number, event in enumerate(derived, start=1):
            self._enter_own(
                event, id=f"{first.position}.{number}", lifecycle=lifecycle, after=after
            )

    def enter_group(
        self,
        decided: Sequence[Event],
        *,
        id: str,
        lifecycle: int,
        key_id: str | None = None,
        states: Mapping[str, Evolved] = NOTHING,
    ) -> None:
        """Enter an event that the service itself initiates, and its derived events.

        `key_id` is the API key that requested it, if any.
        """
        first, *derived = decided
        after = self._still_true(states)
        self._enter_parts(decided, is_own=True, lifecycle=lifecycle)
        self._enter_own(first, id=id, lifecycle=lifecycle, key_id=key_id, after=after)
        for number, event in enumerate(derived, start=1):
            self._enter_own(
                event, id=f"{first.position}.{number}", lifecycle=lifecycle, after=after
            )

    def _enter_parts(self, decided: Sequence[Event], *, is_own: bool, lifecycle: int) -> None:
        """Enter the parts of a group before it.

        Raises PartsNeeded if no room was left for them: the group has to be decided again.
        """
        detached = [
            (event, found)
            for number, event in enumerate(decided)
            if (found := detach(event, is_own=is_own or number > 0)) is not None
        ]
        room = decided[0].position - self.end - 1
        needed = sum(len(found.texts) for _, found in detached)
        if needed > room:
            raise PartsNeeded(self.end, needed)
        if room:
            # At a later position the content may have become a little shorter than it was.
            detached[-1][1].texts.extend([""] * (room - needed))
        for event, found in detached:
            self._enter_parts_of(event, found, lifecycle)

    def _enter_parts_of(self, event: Event, detached: Detached, lifecycle: int) -> None:
        first = self.end + 1
        for number, text in enumerate(detached.texts):
            part = Event(
                first + number, type_of_parts(event), LEDGER, event.occurred_at, {TEXT: text}, {}
            )
            self._enter_own(part, id=records.part_id(event.position, number), lifecycle=lifecycle)
        parts = Parts(first, first + len(detached.texts) - 1, detached.digest)
        self._detached[event.position] = (detached.kept, parts)

    def _enter_own(
        self,
        event: Event,
        *,
        id: str,
        lifecycle: int,
        key_id: str | None = None,
        after: Mapping[str, LeadState | AccountState] = NOTHING,
    ) -> None:
        """Enter an event that the service itself writes."""
        envelope = records.Envelope(
            source=records.OWN_SOURCE,
            id=id,
            subject_version=self._see(event, after),
            recorded_time=self._recorded_time,
            claimed_at=None,
            key_id=key_id,
            department=None,
            lifecycle=lifecycle,
            rules=RULES,
            personal_digest=None,
        )
        self._add(event, envelope)

    def carry(self, event: Event) -> None:
        """Give a late report that was entered other effects than it had: no one has read them."""
        place = event.position - self.memory.position - 1
        assert place >= 0, "what is recorded does not change"
        entry = self.entries[place]
        record = records.encode(event, entry.envelope)
        self._changes.append((self.entries, place, entry))
        self.entries[place] = entry._replace(
            event=event, record=record.decode(), leaf=records.leaf_of(record)
        )
        lead_id = event.receiver.id
        before = self.subjects[lead_id]
        assert isinstance(before.state, LeadState)
        self._changes.append((self.subjects, lead_id, before))
        self.subjects[lead_id] = before._replace(state=evolve(before.state, event))

    def seal(self, seals: Seals) -> None:
        """Seal what was entered. Nothing may be entered afterwards."""
        self.seals = [
            seals.of_event(position, entry.leaf)
            for position, entry in enumerate(self.entries, start=self.memory.position + 1)
        ]
        self.chain = seals.chain(self.memory.chain, [entry.leaf for entry in self.entries])

    def _add(
        self,
        event: Event,
        envelope: records.Envelope,
        report: ReportRow | None = None,
        actor: ActorRow | None = None,
    ) -> None:
        kept, parts = self._detached.pop(event.position, (event, None))
        if parts is not None:
            envelope = envelope._replace(parts=parts)
        record = records.encode(kept, envelope)
        leaf = records.leaf_of(record)
        subject_id = event.subject.id or LEDGER_SUBJECT_ID
        # Converted to text now: it is stored as text, and the encoder's bytes each hold a page.
        text = record.decode()
        self._places[subject_id].append(len(self.entries))
        self.entries.append(Entry(event, envelope, subject_id, text, leaf, report, actor))

    def _still_true(self, states: Mapping[str, Evolved]) -> dict[str, LeadState | AccountState]:
        """Return what subjects have become, without those decided on as of an earlier moment."""
        current = {}
        for subject_id, (before, after) in states.items():
            kind = SubjectKind.LEAD if isinstance(before, LeadState) else SubjectKind.ACCOUNT
            if self.newest(subject_id, kind).state is before:
                current[subject_id] = after
        return current

    def _see(self, event: Event, after: Mapping[str, LeadState | AccountState]) -> int:
        """Apply the event to every subject that it changes. Returns its own subject's version.

        `after` are states after the whole group, which nothing reads until it has been entered.
        """
        subjects = self.subjects
        for subject_id, seen in seen_by(event, self.newest, after):
            self._changes.append((subjects, subject_id, subjects.get(subject_id)))
            subjects[subject_id] = seen
            if isinstance(seen.state, LeadState) and seen.state.account is not None:
                self._join(subject_id, seen.state.account)
        return self.subjects[event.subject.id or LEDGER_SUBJECT_ID].version

    def _join(self, lead_id: str, account_id: str) -> None:
        joined = self.joined[account_id]
        if lead_id not in joined:
            self._changes.append((joined, lead_id, None))
            joined[lead_id] = None

    def commit(self) -> None:
        """Bring the memory to the new end of the ledger."""
        for compiled in self.published:
            self.memory.learn_lifecycle(compiled)
        self.memory.position = self.position
        self.memory.recorded_at, self.memory.chain = self.recorded_at, self.chain
        self.memory.subjects.update(self.subjects)
        if self.memory.members:
            for subject_id, remembered in self.subjects.items():
                if isinstance(remembered.state, LeadState):
                    self.memory.join(subject_id, remembered.state.account)
        self.memory.pointers.update(self.pointers)
        self.memory.others.update(self.others)
        for identifier in [key for key, others in self.others.items() if not others]:
            del self.memory.others[identifier]
        self.memory.forget_oldest()


def _report_row(signal: Signal, links: Sequence[Link]) -> ReportRow | None:
    if signal.personal is None and not signal.fingerprint and not links:
        return None
    return ReportRow(os.urandom(SALT_BYTES), signal.personal or b"", signal.fingerprint)


def _actor_row(signal: Signal) -> ActorRow | None:
    return None if signal.actor is None else ActorRow(os.urandom(SALT_BYTES), signal.actor)
