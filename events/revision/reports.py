"""The input for deciding leads again: their reports as they count now, from the records.

A voided report counts only for identity, and a corrected report counts with its corrected content.
Whatever others contributed to the leads' accounts stays.
"""

from collections.abc import Iterable, Mapping
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
from domain.event import Event
from domain.lead.identity import receiver_of
from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import (
    ACCOUNT_CONFLICTED,
    ACCOUNT_RESTATED,
    CORRECTED,
    EVENT,
    FIELDS,
    LINKED,
    OFFERED,
    TIME,
    VOIDED,
)
from events.records import Record, begins_group, is_firing, is_reassessment
from events.revision.affected import Neighbourhood
from events.revision.redecide import reported_account, signal_of


def decide_neighbourhood_again(around: Neighbourhood, *, upto: datetime) -> Outcomes:
    """Return the outcome for the leads and their accounts, based on what counts now.

    Leads concerned by the decision are decided up to `upto`, including due timers. For the others
    only what is recorded has happened, even if more is due.
    """
    last = {
        lead_id: datetime.fromisoformat(envelope.recorded_time)
        for event, envelope in around.records
        for lead_id in (event.subject.id, event.receiver.id)
    }
    return decide_all_again(
        _steps(around),
        lifecycles=around.lifecycles,
        merged_into=_merged_into(around),
        upto=last | dict.fromkeys(around.taken.concerned, upto),
    )


def neighbourhood_then(around: Neighbourhood, *, moment: datetime) -> dict[str, LeadState]:
    """Return the states of the leads at a moment, based on what counts now."""
    return counted_then(
        _steps(around),
        lifecycles=around.lifecycles,
        merged_into=_merged_into(around),
        moment=moment,
    )


def is_report(record: Record) -> bool:
    """Whether this was reported from outside and decided.

    It is not derived, not fired by a timer, and not a decision about identity or what counts.
    """
    event = record.event
    is_own = is_firing(record) or is_reassessment(record)
    return begins_group(record) and not is_own and event.type not in OFFERED


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
    for lead_id, cause in around.absorptions().items():
        if not around.leads[lead_id].merged:
            absorbs.setdefault(cause, []).append(lead_id)
    lifecycles, owners = around.lifecycles, around.owners
    reported = [
        _reported(record, lifecycles, corrected.get(record.event.position, {}))._replace(
            lead=owners.get(record.event.position, record.event.subject.id),
            absorbs=tuple(absorbs.get(record.event.position, ())),
            counts=record.event.position not in voided,
        )
        for record in around.records
        if is_report(record)
    ]
    # A reassessment caused by a company's event follows when that event is decided again; the
    # others are steps of their own.
    judged = [
        _judged(record, lifecycles)
        for record in around.records
        if is_reassessment(record) and around.report(record.event.position) == record.event.position
    ]
    # A stable sort: what stays of an account comes before the report that brought it.
    return sorted((*_of_accounts(around), *reported, *judged), key=lambda step: step.position)


def _of_accounts(around: Neighbourhood) -> Iterable[Step]:
    """Return the reports about the accounts, and their events that stay in any case.

    These are the events that others caused, and two kinds that these leads caused: identifiers stay
    linked, and an account with a known person stays a prospect, because other known persons do not
    appear in its records.
    """
    decided = {record.event.position for record in around.records}
    decided |= {record.event.position for record in around.account_records if is_report(record)}
    for record in around.account_records:
        event, compiled = record.event, around.lifecycles[record.envelope.lifecycle]
        if is_report(record):
            yield _reported(record, around.lifecycles, {})
        elif _stays(event, compiled) or not (event.cause in decided or _is_moot(around, event)):
            yield Kept(event.cause or event.position, compiled, event)


def _stays(event: Event, compiled: CompiledLifecycle) -> bool:
    triggers = compiled.lifecycle.account_triggers
    made_prospect = triggers is not None and event.type == triggers.prospect_gained
    return made_prospect or event.type in {LINKED, ACCOUNT_CONFLICTED}


def _is_moot(around: Neighbourhood, event: Event) -> bool:
    """Whether an account's event no longer counts: a restatement, or a purchase since withdrawn.

    Leads that still have business there are decided again with these, unless they have left.
    """
    if event.type == ACCOUNT_RESTATED:
        return True
    triggers = around.lifecycles[max(around.lifecycles)].lifecycle.account_triggers
    if triggers is None or event.type != triggers.customer_gained or event.cause is None:
        return False
    return not around.has_business(event.cause, event.subject.id)


def _reported(
    record: Record, lifecycles: Mapping[int, CompiledLifecycle], corrected: Mapping[str, Any]
) -> Report:
    event, envelope = record
    compiled = lifecycles[envelope.lifecycle]
    signal = signal_of(record, compiled.lifecycle.events[event.type])
    data = {**signal.data, **corrected}
    time = data.pop(TIME, None)
    is_of_lead = event.subject.kind is SubjectKind.LEAD
    return Report(
        position=event.position,
        recorded_at=datetime.fromisoformat(envelope.recorded_time),
        compiled=compiled,
        signal=signal._replace(
            data={name: value for name, value in data.items() if value is not None},
            occurred_at=signal.occurred_at if time is None else datetime.fromisoformat(time),
        ),
        lead=event.subject.id if is_of_lead else None,
        account=reported_account(event) if is_of_lead else event.subject.id,
    )


def _judged(record: Record, lifecycles: Mapping[int, CompiledLifecycle]) -> Judged:
    event, envelope = record
    assert event.cause is not None
    return Judged(
        position=event.position,
        recorded_at=datetime.fromisoformat(envelope.recorded_time),
        compiled=lifecycles[envelope.lifecycle],
        lead=event.subject.id,
        occurred_at=event.occurred_at,
        cause=event.cause,
    )
