"""Make a ledger's events and records by hand, for tests of projections."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.effects import Effects
from domain.event import LEDGER, Event, Subject
from domain.lead import state_json
from domain.lead.state import AccountState, LeadState
from domain.lead.stays import Stays, content_of
from domain.lifecycle.definition import SubjectKind
from domain.times import format_utc
from events.lifecycles.shipped import read_lifecycle_text
from events.records import OWN_SOURCE, Envelope, encode, leaf_of
from tests.support.postgres import Connection

EVENT_COLUMNS = (
    *("position", "source", "id", "subject_id", "subject_version", "type"),
    *("occurred_at", "recorded_at", "leaf", "record", "seal"),
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def subject_id(number: int) -> str:
    return str(UUID(int=number))


def compact(text: str) -> str:
    """Leave out what stages do not need, so that a publication fits into one record."""
    sections = re.split(r"(?m)^(?=[a-z_]+:)", re.sub(r"(?m)^ *#.*\n", "", text))
    needless = ("lists", "regions", "industries", "target_figures", "actuals")
    return "".join(one for one in sections if one.partition(":")[0] not in needless)


@dataclass
class Script:
    """Events in order of reporting, with consecutive positions."""

    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> Event:
        event = event._replace(position=len(self.events) + 1)
        self.events.append(event)
        return event

    def publish(self, text: str | None = None, *, version: int = 1, at: float = 0) -> Event:
        text = text if text is not None else read_lifecycle_text("demand_funnel")
        data = {"text": compact(text), "version": version}
        return self.add(Event(0, "lifecycle.published", LEDGER, day(at), data, {}))

    def tell(
        self,
        number: int,
        at: float,
        *,
        kind: SubjectKind = SubjectKind.LEAD,
        type: str = "email.opened",
        effects: Effects | None = None,
        data: Mapping[str, Any] | None = None,
        forwarded_to: int | None = None,
    ) -> Event:
        """Add an event that moves nothing."""
        receiver = subject_id(forwarded_to) if forwarded_to is not None else None
        subject = Subject(kind, subject_id(number))
        return self.add(Event(0, type, subject, day(at), data or {}, effects or {}, None, receiver))

    def wait(self, number: int, at: float) -> Event:
        """Add the event by which a lead that has been silent becomes dormant."""
        event = self.tell(number, at, type="lead.dormant", data={"timer": "dormant"})
        self.events[-1] = event._replace(cause=1)
        return self.events[-1]

    def move(
        self,
        number: int,
        at: float,
        to: str,
        how: str = "advanced",
        *,
        type: str = "stage.corrected",
        kind: SubjectKind = SubjectKind.LEAD,
        pass_number: int = 1,
        effects: Effects | None = None,
        data: Mapping[str, Any] | None = None,
        forwarded_to: int | None = None,
    ) -> Event:
        event = self.tell(number, at, kind=kind, type=type, data=data, forwarded_to=forwarded_to)
        moved = event._replace(
            stage_to=to,
            effective_at=event.occurred_at,
            pass_number=pass_number,
            effects={**(effects or {}), "move": {"kind": how}},
        )
        self.events[-1] = moved
        return moved

    def restate(
        self,
        number: int,
        at: float,
        stays: Stays,
        *,
        kind: SubjectKind = SubjectKind.LEAD,
        acquired_at: datetime | None = None,
    ) -> Event:
        """Add an event that restates which stays of a subject count from here on."""
        state: LeadState | AccountState = AccountState()
        if kind is SubjectKind.LEAD:
            last = stays.stays[-1] if stays.stays else None
            traits: dict[str, str | None] = {}
            for stay in stays.stays:
                traits |= stay.traits
                for change in stay.changes:
                    traits |= change.traits
            region = traits.get("region")
            state = LeadState(
                owner=traits.get("owner"),
                market=traits.get("market"),
                screened_as=traits.get("screened_as"),
                attributes={"region": region} if region else {},
                origin=last and last.origin,
                channel=last and last.channel,
                acquired_at=acquired_at,
            )
        for stay in stays.stays:
            if stay.kind is not None:
                is_new_pass = stay.pass_number != state.pass_number
                entered = () if is_new_pass else state.entered
                state = state._replace(
                    stage=stay.stage,
                    pass_number=stay.pass_number,
                    entered=tuple(dict.fromkeys((*entered, stay.stage))),
                    entered_at=stay.entered_at,
                )
        effects: Effects = {"state": state_json.content_of(state), **content_of(stays)}
        return self.tell(number, at, kind=kind, type="lead.restated", effects=effects)

    def absorb(self, number: int, at: float, *, by: int) -> Event:
        effects: Effects = {"absorbed_by": subject_id(by), "move": {"kind": "absorbed"}}
        return self.tell(number, at, type="identity.absorbed", effects=effects)


def records_of(events: Iterable[Event]) -> list[str]:
    """Write the records of events, each with its subject's own version."""
    versions: dict[Subject, int] = {}
    records = []
    for event in events:
        versions[event.subject] = versions.get(event.subject, 0) + 1
        records.append(encode(event, _envelope(event, versions[event.subject])).decode())
    return records


def _envelope(event: Event, version: int) -> Envelope:
    return Envelope(
        source=OWN_SOURCE,
        id=f"test.{event.position}",
        subject_version=version,
        recorded_time=format_utc(recorded_at(event.position)),
        claimed_at=None,
        key_id=None,
        department=None,
        lifecycle=1,
        rules=1,
        personal_digest=None,
    )


def recorded_at(position: int) -> datetime:
    """Return when a position was recorded: one per minute, after the times of all events."""
    return datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=position)


async def append(driver: Connection, events: Sequence[Event]) -> None:
    """Insert events into the ledger unchanged, and advance its head."""
    records = records_of(events)
    rows = [
        (
            event.position,
            OWN_SOURCE,
            f"test.{event.position}",
            event.subject.id or subject_id(0),
            event.position,
            event.type,
            event.occurred_at,
            recorded_at(event.position),
            leaf_of(record.encode()),
            record,
            bytes(32),
        )
        for event, record in zip(events, records, strict=True)
    ]
    async with driver.transaction():
        await driver.copy_records_to_table(
            "events", schema_name="ledger", columns=EVENT_COLUMNS, records=rows
        )
        await driver.execute(
            "INSERT INTO ledger.ledger_head "
            "(ledger_id, position, recorded_at, secret_check, chain) "
            "VALUES (gen_random_uuid(), $1, $2, '', sha256('')) "
            "ON CONFLICT (only_row) DO UPDATE SET position = $1, recorded_at = $2",
            events[-1].position,
            recorded_at(events[-1].position),
        )
