"""A plan as columns: the array parameters of the append statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from domain.deciding.timers import next_due
from domain.lead import state_json
from domain.lead.state import AccountState, LeadState
from domain.times import format_utc
from events.append.plan import Plan
from events.batch.entries import Entry, Link
from events.batch.intake import day_of
from events.batch.memory import Remembered
from events.limits import INTAKE_SOURCES_MAX, LATE_REPORTS_WAIT
from events.records import OWN_SOURCE
from events.refusals import Refusal, RefusalState
from events.seals import Seals


def arguments(
    plan: Plan, seals: Seals, *, late_reports_wait: timedelta = LATE_REPORTS_WAIT
) -> Mapping[str, Any]:
    """Return every parameter of `append` by name."""
    return {
        "expected_position": plan.memory.position,
        "proposed_at": plan.recorded_at,
        "seals": plan.draft.seals,
        "chain_end": plan.draft.chain,
        **_events(plan.draft.entries),
        **_reports(plan.draft.entries),
        **_actors(plan.draft.entries),
        **_states(plan, late_reports_wait),
        **_links(plan.draft.links),
        **_refusals(plan, seals),
        **_intake(plan),
    }


def _events(entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "sources": [entry.envelope.source for entry in entries],
        "ids": [entry.envelope.id for entry in entries],
        "subject_ids": [entry.subject_id for entry in entries],
        "subject_versions": [str(entry.envelope.subject_version) for entry in entries],
        "types": [entry.event.type for entry in entries],
        "occurred": [format_utc(entry.event.occurred_at) for entry in entries],
        "leaves": [entry.leaf for entry in entries],
        "records": [entry.record for entry in entries],
        "first_parts": [
            str(parts.first) if (parts := entry.envelope.parts) else "" for entry in entries
        ],
        "last_parts": [
            str(parts.last) if (parts := entry.envelope.parts) else "" for entry in entries
        ],
    }


def _reports(entries: Sequence[Entry]) -> dict[str, Any]:
    rows = [(entry.event.position, entry.report) for entry in entries if entry.report is not None]
    return {
        "personal_positions": [str(position) for position, _ in rows],
        "personal_salts": [row.salt for _, row in rows],
        "personal_contents": [row.content for _, row in rows],
        "personal_fingerprints": [row.fingerprint for _, row in rows],
    }


def _actors(entries: Sequence[Entry]) -> dict[str, Any]:
    rows = [(entry.event.position, entry.actor) for entry in entries if entry.actor is not None]
    return {
        "actor_positions": [str(position) for position, _ in rows],
        "actor_salts": [row.salt for _, row in rows],
        "actors": [row.actor for _, row in rows],
    }


def _states(plan: Plan, late_reports_wait: timedelta) -> dict[str, Any]:
    # Ordered by id: all writers would take row locks in the same order, even without the head lock.
    ordered = sorted(plan.draft.subjects.items())
    until = plan.recorded_at + late_reports_wait
    reported = {
        entry.event.forwarded_to or entry.event.subject.id
        for entry in plan.draft.entries
        if entry.envelope.source != OWN_SOURCE
    }
    return {
        "state_ids": [subject_id for subject_id, _ in ordered],
        "state_kinds": [str(subject.kind) for _, subject in ordered],
        "state_versions": [str(subject.version) for _, subject in ordered],
        "state_positions": [str(subject.position) for _, subject in ordered],
        "states": [state_json.encode(subject.state) for _, subject in ordered],
        "state_dues": [due(subject.state) for _, subject in ordered],
        "state_wakes": [
            _wake(subject, plan.recorded_at, until if subject_id in reported else None)
            for subject_id, subject in ordered
        ],
        "state_lifecycles": [lifecycle(subject.state) for _, subject in ordered],
    }


def due(state: LeadState | AccountState | None) -> str:
    """Return when the lead's next timer is due; empty for never."""
    due_at = next_due(state) if isinstance(state, LeadState) and state.timers else None
    return format_utc(due_at) if due_at is not None else ""


def _wake(subject: Remembered, recorded_at: datetime, until: datetime | None) -> str:
    """Return when to look at the lead's next timer; empty for never.

    A timer that was due already when its lead was reported on waits for earlier events, which may
    show that it never was.
    """
    state = subject.state
    if not isinstance(state, LeadState):
        return ""
    if state.pending is not None:
        return format_utc(state.pending.until)
    due_at = next_due(state) if state.timers else None
    if due_at is None:
        return ""
    return format_utc(until if until is not None and due_at <= recorded_at else due_at)


def lifecycle(state: LeadState | AccountState | None) -> str:
    return str(state.lifecycle) if isinstance(state, LeadState) else ""


def _links(links: Sequence[Link]) -> dict[str, Any]:
    return {
        "link_digests": [link.identifier.digest for link in links],
        "link_positions": [str(link.position) for link in links],
        "link_kinds": [link.identifier.kind for link in links],
        "link_subjects": [link.subject_id for link in links],
        "link_moves": [link.is_moved for link in links],
    }


def _refusals(plan: Plan, seals: Seals) -> dict[str, Any]:
    # An item refused twice in one transaction counts once: a statement cannot change a row twice.
    # Ordered by id, so that settling refusals takes row locks in the same order.
    by_id = {item.refusal_id: item for item in reversed(plan.refused)}
    refused = [by_id[refusal_id] for refusal_id in sorted(by_id)]
    problems = [problem_text(item.refusal) for item in refused]
    return {
        "refusal_ids": [item.refusal_id for item in refused],
        "refusal_times": [item.received_at for item in refused],
        "refusal_keys": [item.key_id for item in refused],
        "refusal_sources": [item.source for item in refused],
        "refusal_event_ids": [item.event_id for item in refused],
        "refusal_types": [item.type for item in refused],
        "refusal_reasons": [item.refusal.reason for item in refused],
        "refusal_problems": problems,
        "refusal_contents": [item.content for item in refused],
        "refusal_dialects": [item.dialect for item in refused],
        "refusal_seals": [seals.of_refusal(item.received) for item in refused],
        "refusal_state_seals": [
            seals.of_state(item.refusal_id, RefusalState(item.refusal.reason, problem))
            for item, problem in zip(refused, problems, strict=True)
        ],
    }


def _intake(plan: Plan) -> dict[str, Any]:
    # In one order everywhere, so that two transactions that count the same never wait in a circle.
    counted = sorted(plan.intake.items())
    day = day_of(plan.recorded_at, plan.memory.compiled.lifecycle) if counted else None
    return {
        "intake_day": day,
        "intake_sources": [source for (source, _, _), _ in counted],
        "intake_outcomes": [str(became) for (_, became, _), _ in counted],
        "intake_reasons": [reason for (_, _, reason), _ in counted],
        "intake_items": [str(items) for _, items in counted],
        "intake_sources_max": INTAKE_SOURCES_MAX,
    }


def problem_text(refusal: Refusal) -> str:
    """Serialise a refusal's text as it is stored."""
    content = {"detail": refusal.detail, "pointer": refusal.pointer, **refusal.members}
    return orjson.dumps(content, default=str).decode()
