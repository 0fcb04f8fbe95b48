"""Late reports: decide their leads again, in the order in which things happened.

A late report is recorded without an outcome. What follows from it is recorded once, in the same
transaction, for all late reports of a lead together.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.deciding.decide import NotAllowed, Party
from domain.deciding.redecide import Report
from domain.effects import NO_EFFECTS
from domain.event import NOTHING, Event, Subject
from domain.lead.state import LATE, AccountState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.signal import Signal
from events.batch.entries import Unsettled
from events.revision.affected import Neighbourhood, Taken
from events.revision.carrying import carried_by
from events.revision.past import Past
from events.revision.reports import decide_neighbourhood_again
from events.revision.restate import Restated, restate


class Settled(NamedTuple):
    """What counts from now on."""

    events: list[Event]
    subjects: Collection[str]
    """Subjects that have been decided again, whether or not their outcome differs."""
    carried: Mapping[int, Event]
    """Late reports that have effects of their own instead, by position."""


class Objection(NamedTuple):
    """Why a late decision was not legal at its time."""

    refused: NotAllowed
    first_at: datetime | None
    """When something first happened to its subject."""


def settle(
    subject_id: str,
    unsettled: Mapping[str, Unsettled],
    past: Past,
    lifecycles: Mapping[int, CompiledLifecycle],
    *,
    position: int,
    recorded_at: datetime,
    may_carry: bool = True,
) -> Settled:
    """Decide a lead or a company again, together with those that it may concern.

    Late reports may carry their own effects only at the end of a batch: within one, nothing but a
    restatement shows where they were decided again.
    """
    cause = max(unsettled[subject_id].positions)
    record = past.record(cause)
    assert record is not None
    is_company = isinstance(past.subject(subject_id), AccountState)
    taken = Taken(
        record.event,
        {},
        (),
        also=() if is_company else (subject_id,),
        accounts=(subject_id,) if is_company else (),
        late=unsettled,
    )
    restated = restate(
        past,
        taken,
        lifecycles=lifecycles,
        position=position,
        at=recorded_at,
        upto=unsettled[subject_id].upto,
    )
    events = [
        event._replace(cause=position if number else cause)
        for number, event in enumerate(restated.events)
    ]
    carried = _carried(subject_id, unsettled[subject_id], restated) if may_carry else None
    return Settled(events, restated.subjects, {}) if carried is None else carried


def _carried(subject_id: str, unsettled: Unsettled, restated: Restated) -> Settled | None:
    """Return late reports with effects of their own, if nothing else changes."""
    past = restated.around.past
    others = [event for event in restated.events if event.subject.id != subject_id]
    if others or unsettled.upto is not None or subject_id not in restated.around.leads:
        return None
    found = [
        record for position in unsettled.positions if (record := past.record(position)) is not None
    ]
    late = [
        event.position
        for event, _ in found
        # If nothing changes, only those are of interest that have effects already.
        if event.receiver.id == subject_id and (restated.events or LATE not in event.effects)
    ]
    carried = carried_by(restated.around, restated.outcomes, subject_id, late)
    return None if carried is None else Settled([], restated.subjects, carried)


def objection_to(
    signal: Signal,
    party: Party,
    past: Past,
    lifecycles: Mapping[int, CompiledLifecycle],
    compiled: CompiledLifecycle,
    *,
    position: int,
    company: str | None,
) -> Objection | None:
    """Judge a late decision by where its subject was at its own time, as far as is known now.

    `company` is the account that it concerns, if that has been reported before.
    """
    lead, account = party.lead, party.account
    report = Report(
        position=position,
        compiled=compiled,
        signal=signal,
        lead=lead.subject if lead is not None else None,
        account=account if lead is None else party.account_named,
        absorbs=tuple(visitor for visitor, _ in lead.absorbs) if lead is not None else (),
        is_recorded=False,
    )
    subject = Subject(SubjectKind.LEAD, lead.subject) if lead is not None else None
    if subject is None:
        assert account is not None
        subject = Subject(SubjectKind.ACCOUNT, account)
    asked = Event(position, signal.type.name, subject, signal.occurred_at, NOTHING, NO_EFFECTS)
    taken = Taken(
        asked,
        {},
        (),
        also=(lead.subject,) if lead is not None else (),
        accounts=(company,) if company is not None else (),
    )
    around = Neighbourhood(past, taken, lifecycles)
    outcomes = decide_neighbourhood_again(around, arriving=(report,))
    refused = outcomes.not_allowed.get(position)
    if refused is None:
        return None
    stays = outcomes.stays_of(subject.id)
    return Objection(refused, stays[0].entered_at if stays else None)
