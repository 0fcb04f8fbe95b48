"""The input for deciding leads again: their reports as they count now, from the records.

A voided report counts only for identity, and a corrected report counts with its corrected content.
What others contributed to the leads' companies is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.deciding.redecide import (
    Judged,
    Kept,
    Outcomes,
    Report,
    Step,
    counted_then,
    decide_all_again,
)
from domain.lead.identity import receiver_of
from domain.lead.state import LATE, AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import CORRECTED, EVENT, FIELDS, TIME, VOIDED
from events.records import Record, is_reassessment
from events.revision.affected import Neighbourhood, is_report
from events.revision.redecide import reported_account, signal_of


def decide_neighbourhood_again(
    around: Neighbourhood, *, upto: datetime | None = None, arriving: Sequence[Report] = ()
) -> Outcomes:
    """Return the outcome for the leads and their companies, based on what counts now.

    Timers fire up to the latest event of each lead, and further up to `upto` if it is given: what
    is due after that, the clock fires. `arriving` are reports that are not in the ledger yet.
    """
    steps = (*_steps(around), *arriving)
    reached: dict[str, datetime] = {}
    for lead_id, state in around.leads.items():
        _reach(reached, receiver_of(lead_id, around.leads), state.latest_at)
        _reach(reached, lead_id, upto)
    for step in steps:
        if isinstance(step, Report) and step.lead is not None and step.counts:
            _reach(reached, receiver_of(step.lead, around.leads), step.occurred_at)
    return decide_all_again(
        steps,
        lifecycles=around.lifecycles,
        merged_into=_merged_into(around),
        upto=reached,
        standing=around.standing,
    )


def neighbourhood_then(around: Neighbourhood, *, moment: datetime) -> dict[str, LeadState]:
    """Return the states of the leads at a moment, based on what counts now."""
    return counted_then(
        _steps(around),
        lifecycles=around.lifecycles,
        merged_into=_merged_into(around),
        moment=moment,
        standing=around.standing,
    )


def kept_of(
    account_id: str,
    account: AccountState,
    lifecycles: Mapping[int, CompiledLifecycle],
    *,
    without: Iterable[str] = (),
) -> list[Kept]:
    """Return a company's timeline as steps, without what some leads brought to it."""
    excluded = frozenset(without)
    return [
        Kept(
            occurrence.position,
            _in_force_at(occurrence.position, lifecycles),
            account_id,
            occurrence,
        )
        for occurrence in account.timeline
        if occurrence.lead not in excluded
    ]


def _reach(reached: dict[str, datetime], lead_id: str, at: datetime | None) -> None:
    if at is not None and (lead_id not in reached or reached[lead_id] < at):
        reached[lead_id] = at


def _in_force_at(position: int, lifecycles: Mapping[int, CompiledLifecycle]) -> CompiledLifecycle:
    """Return the lifecycle that was in force when a position was written."""
    versions = [
        version for version, compiled in lifecycles.items() if compiled.published_at < position
    ]
    return lifecycles[max(versions, default=min(lifecycles))]


def _merged_into(around: Neighbourhood) -> dict[str, str]:
    """Each lead that was merged by a decision → the lead that it now forwards to."""
    return {
        lead_id: receiver_of(lead_id, around.leads)
        for lead_id, state in around.leads.items()
        if state.merged
    }


def _steps(around: Neighbourhood) -> list[Step]:
    voided = {int(event.data[EVENT]) for event in around.decisions(VOIDED)}
    corrected: dict[int, dict[str, Any]] = {}
    for event in around.decisions(CORRECTED):
        corrected.setdefault(int(event.data[EVENT]), {}).update(event.data[FIELDS])
    absorbs: dict[int, list[str]] = {}
    for lead_id, cause in around.absorptions.items():
        if not around.leads[lead_id].merged:
            absorbs.setdefault(cause, []).append(lead_id)
    owners = around.owners
    steps: list[Step] = []
    for account_id, account in around.accounts.items():
        steps += kept_of(account_id, account, around.lifecycles, without=around.leads)
        steps += _late_reports(around, account_id)
    for record in around.records:
        position = record.event.position
        if is_report(record):
            reported = _reported(around, record, corrected.get(position, {}))
            steps.append(
                reported._replace(
                    lead=owners.get(position, record.event.subject.id),
                    absorbs=tuple(absorbs.get(position, ())),
                    counts=position not in voided,
                )
            )
        elif is_reassessment(record) and _is_of_publication(around, record):
            steps.append(_judged(record, around.lifecycles))
    return steps


def _late_reports(around: Neighbourhood, account_id: str) -> Iterable[Report]:
    late = around.taken.late.get(account_id)
    for position in late.positions if late is not None else ():
        record = around.past.record(position)
        assert record is not None
        if LATE in record.event.effects:
            yield _reported(around, record, {})


def _is_of_publication(around: Neighbourhood, record: Record) -> bool:
    """Whether a new version caused a reassessment: those that a company caused follow from it."""
    cause = record.event.cause
    return any(compiled.published_at == cause for compiled in around.lifecycles.values())


def _reported(around: Neighbourhood, record: Record, corrected: Mapping[str, Any]) -> Report:
    event, envelope = record
    compiled = around.lifecycles[envelope.lifecycle]
    signal = signal_of(record, compiled.lifecycle.events[event.type])
    data = {**signal.data, **corrected}
    time = data.pop(TIME, None)
    is_of_lead = event.subject.kind is SubjectKind.LEAD
    return Report(
        position=event.position,
        compiled=compiled,
        signal=signal._replace(
            data={name: value for name, value in data.items() if value is not None},
            occurred_at=signal.occurred_at if time is None else datetime.fromisoformat(time),
        ),
        lead=event.subject.id if is_of_lead else None,
        account=around.standing_account(
            reported_account(event) if is_of_lead else event.subject.id
        ),
    )


def _judged(record: Record, lifecycles: Mapping[int, CompiledLifecycle]) -> Judged:
    event, envelope = record
    assert event.cause is not None
    return Judged(
        position=event.position,
        compiled=lifecycles[envelope.lifecycle],
        lead=event.subject.id,
        occurred_at=event.occurred_at,
        cause=event.cause,
    )
