"""What a writer remembers of the ledger. It is valid while the head is where the writer left it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from domain.event import NOTHING, Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState
from domain.lifecycle.change.succession import Occupancy, OccupiedStage
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.signal import Identifier
from events.batch.lru import forget_oldest
from events.limits import (
    REMEMBERED_COMPANIES_MAX,
    REMEMBERED_POINTERS_MAX,
    REMEMBERED_SUBJECTS_MAX,
)
from events.records import Record

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
LEDGER_SUBJECT_ID = "00000000-0000-0000-0000-000000000000"


class Remembered(NamedTuple):
    """A subject after its last event. `state` is None for the ledger itself."""

    kind: SubjectKind
    version: int
    position: int
    state: LeadState | AccountState | None


_NEWBORN = {
    SubjectKind.LEAD: Remembered(SubjectKind.LEAD, 0, 0, INITIAL_LEAD),
    SubjectKind.ACCOUNT: Remembered(SubjectKind.ACCOUNT, 0, 0, INITIAL_ACCOUNT),
    SubjectKind.LEDGER: Remembered(SubjectKind.LEDGER, 0, 0, None),
}


def newborn(kind: SubjectKind) -> Remembered:
    """Return a subject before its first event."""
    return _NEWBORN[kind]


def seen_by(
    event: Event,
    newest: Callable[[str, SubjectKind], Remembered],
    after: Mapping[str, LeadState | AccountState] = NOTHING,
) -> Iterator[tuple[str, Remembered]]:
    """Yield every subject after the event: those whose state it changes, and its own last.

    The version of its own subject increases even if another lead has received the event. `after`
    are the states of subjects for which they are known already.
    """
    own, changed = event.subject, event.changed_subjects
    for other in changed:
        if other != own:
            before = newest(other.id, other.kind)
            state = after.get(other.id) or _evolved(before.state, event)
            yield other.id, Remembered(before.kind, before.version, event.position, state)
    subject_id = own.id or LEDGER_SUBJECT_ID
    before = newest(subject_id, own.kind)
    state = before.state
    if own in changed:
        state = after.get(subject_id) or _evolved(state, event)
    yield subject_id, Remembered(before.kind, before.version + 1, event.position, state)


def absorbed_by(remembered: Remembered | None) -> str | None:
    """Return the subject that has absorbed this one, if any."""
    state = remembered.state if remembered is not None else None
    return state.absorbed_by if state is not None else None


def _evolved(
    state: LeadState | AccountState | None, event: Event
) -> LeadState | AccountState | None:
    match state:
        case LeadState():
            return evolve(state, event)
        case AccountState():
            return evolve(state, event)
    return None


class Pointer(NamedTuple):
    """The subject that an identifier was linked to, and whether any other holder lost it then."""

    identifier: Identifier
    subject_id: str
    is_moved: bool = False


def point(
    pointer: Pointer,
    pointers: MutableMapping[Identifier, str | None],
    others: MutableMapping[Identifier, tuple[str, ...]],
) -> None:
    """Point an identifier to a subject. A cookie points only to the newest one."""
    identifier, subject_id, is_moved = pointer
    first = pointers.get(identifier)
    if is_moved:
        pointers[identifier] = subject_id
        others[identifier] = ()
    elif first is None or first == subject_id or not identifier.is_strong:
        pointers[identifier] = subject_id
    elif subject_id not in (known := others.get(identifier, ())):
        others[identifier] = (*known, subject_id)


def standing_of(remembered: Remembered, in_force: int) -> OccupiedStage | None:
    """Return a subject's stage and lifecycle version; None if it has no stage."""
    match remembered.state:
        case LeadState(stage=str(stage), lifecycle=version):
            return OccupiedStage(SubjectKind.LEAD, stage, version)
        case AccountState(stage=str(stage)):
            return OccupiedStage(SubjectKind.ACCOUNT, stage, in_force)
    return None


@dataclass(slots=True)
class Memory:
    """A class, because it is the mutable state that a writer decides on.

    `subjects` and `pointers` hold None for keys that are known not to exist: an unknown cookie is
    looked up only once.
    """

    position: int = -1
    recorded_at: datetime = BEFORE_ALL
    lifecycle_version: int = 0
    lifecycles: dict[int, CompiledLifecycle] = field(default_factory=dict)
    subjects: dict[str, Remembered | None] = field(default_factory=dict)
    pointers: dict[Identifier, str | None] = field(default_factory=dict)
    others: dict[Identifier, tuple[str, ...]] = field(default_factory=dict)
    """Further leads that were reported under the same strong identifier. They are few: an
    identifier of two people names neither, and no report joins it until the two are merged."""
    members: dict[str, dict[str, None]] = field(default_factory=dict)
    """Leads of companies about which something was reported that affects how all are judged, each
    once. Leads that have left are still among them."""
    occupancy: Occupancy | None = None
    """Leads and accounts per stage, read only for a publication; valid at its own position."""
    chain: bytes = b""
    """The chain of leaves up to the position, as `events.seals` computes it."""

    @property
    def compiled(self) -> CompiledLifecycle:
        return self.lifecycles[self.lifecycle_version]

    def learn(
        self, subjects: Mapping[str, Remembered | None], pointers: Mapping[Identifier, str | None]
    ) -> None:
        """Add what was read at this memory's position."""
        self.subjects.update(subjects)
        self.pointers.update(pointers)

    def learn_links(self, links: Iterable[Pointer]) -> None:
        """Add links of identifiers, in the order in which they were made."""
        for link in links:
            point(link, self.pointers, self.others)

    def learn_lifecycle(self, compiled: CompiledLifecycle) -> None:
        """Add the lifecycle that was published last."""
        self.lifecycles[compiled.version] = compiled
        self.lifecycle_version = compiled.version

    def advance(self, records: Iterable[Record], links: Iterable[Pointer]) -> None:
        """Apply what other writers have appended to the remembered subjects and identifiers."""
        for event, envelope in records:
            for subject_id, seen in seen_by(event, self._before):
                if subject_id in self.subjects:
                    self.subjects[subject_id] = seen
            state = event.effects.get("state", event.effects)
            self.join(event.receiver.id, state.get("account"))
            subject = self.subjects.get(event.subject.id or LEDGER_SUBJECT_ID)
            assert subject is None or subject.version == envelope.subject_version, (
                f"{event.subject} has version {envelope.subject_version} at {event.position}, "
                f"expected {subject.version}"
            )
            self.position = event.position
        self.learn_links(link for link in links if link.identifier in self.pointers)

    def join(self, lead_id: str, account_id: str | None) -> None:
        """Note that a lead belongs to a company, if the leads of that company are remembered."""
        members = self.members.get(account_id) if account_id is not None else None
        if members is not None:
            members[lead_id] = None

    def _before(self, subject_id: str, kind: SubjectKind) -> Remembered:
        """Return a subject as remembered; one that is known not to exist begins now."""
        return self.subjects.get(subject_id) or newborn(kind)

    def forget_oldest(self) -> None:
        """Evict the oldest entries beyond the bounds."""
        forget_oldest(self.subjects, most=REMEMBERED_SUBJECTS_MAX)
        forget_oldest(self.members, most=REMEMBERED_COMPANIES_MAX)
        for identifier in forget_oldest(self.pointers, most=REMEMBERED_POINTERS_MAX):
            self.others.pop(identifier, None)

    def forget_all(self) -> None:
        """Forget everything except the published lifecycles, which never change."""
        self.members.clear()
        self.subjects.clear()
        self.pointers.clear()
        self.others.clear()
