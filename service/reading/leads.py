"""One lead: found by its identifiers, in its current state."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from domain.event import Event
from domain.lead import state_json
from domain.lead.absorption import follow_forwarding
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.definition import Lifecycle, SubjectKind, Track
from domain.signal import Identifier
from domain.times import format_optional_utc, format_utc
from events.database.connected import read_connected
from events.refusal_texts import identifier_shared
from events.refusals import Refusal
from events.signals.context import Context
from events.signals.native_schema import LeadReference
from events.signals.parties import read_parties
from service.feed.log import Log
from service.http.problem import Problem
from service.ingest.labels import label_of
from service.limits import FAMILY_MAX
from service.shapes.leads import Awaited, Forwarding, Lead, State
from service.shapes.shape import InStage, Moved


class KnownLead(NamedTuple):
    """A lead at one moment of the ledger."""

    id: str
    version: int
    """The number of events about it."""
    position: int
    """Its last event."""
    head: int
    """The last position of the ledger when it was read."""
    state: LeadState
    forwarded_from: str | None = None
    """The absorbed lead that was requested, if this one represents it."""


async def lead_of(log: Log, lead_id: str) -> KnownLead:
    """Return a lead by its id. Raises Problem: lead-unknown."""
    row: Any = await log.subject(UUID(lead_id))
    if row.kind != SubjectKind.LEAD:
        raise Problem(
            "lead-unknown",
            "No lead has this id. POST /v1/leads/find finds a lead by its identifiers.",
        )
    return KnownLead(
        lead_id, row.version, row.position, row.head, state_json.decode_lead(row.state)
    )


async def account_of(log: Log, lead: LeadState) -> AccountState | None:
    """Return the current state of a lead's account."""
    if lead.account is None:
        return None
    row: Any = await log.subject(UUID(lead.account))
    return state_json.decode_account(row.state)


async def find_lead(log: Log, reference: LeadReference, context: Context) -> KnownLead:
    """Return the lead that identifiers point to, most trusted identifier first."""
    parties = read_parties(reference, None, context)
    if isinstance(parties, Refusal):
        raise _invalid(parties)
    if not parties.names_a_lead:
        refusal = parties.nobody_named(
            "Name the lead by id, email, phone, user_id, anonymous_id or external_ids.", ""
        )
        raise _invalid(refusal)
    if parties.lead_id is not None:
        return await _receiving(log, parties.lead_id)
    return await _pointed(log, parties.identifiers, context.lifecycle)


def _invalid(refusal: Refusal) -> Problem:
    """Convert the pointer to the request's body, which is only the reference."""
    pointer = (refusal.pointer or "").removeprefix("/lead")
    return Problem("request-invalid", refusal.detail, pointer=pointer, **refusal.members)


async def _pointed(
    log: Log, identifiers: tuple[Identifier, ...], lifecycle: Lifecycle
) -> KnownLead:
    pointers = await log.pointers([identifier.digest for identifier in identifiers])
    shared: list[Identifier] = []
    for identifier in ranked(identifiers, lifecycle):
        leads = pointers.get(identifier.digest, ())
        found = [await _receiving(log, lead_id) for lead_id in leads]
        people = [lead for lead in found if not lead.state.void] or found
        if len({lead.id for lead in people}) == 1:
            return people[0]
        shared += [identifier] * bool(people)
    if shared:
        refusal = identifier_shared(shared)
        raise Problem(refusal.reason, refusal.detail, pointer="", **refusal.members)
    raise Problem(
        "lead-unknown", "No lead has been reported under any of these identifiers; check them."
    )


def ranked(identifiers: Iterable[Identifier], lifecycle: Lifecycle) -> list[Identifier]:
    """Sort identifiers, the most trusted first."""
    trust = lifecycle.identifier_trust
    return sorted(
        identifiers,
        key=lambda identifier: (
            not identifier.is_strong,
            trust.index(identifier.kind) if identifier.kind in trust else len(trust),
        ),
    )


async def _receiving(log: Log, lead_id: str) -> KnownLead:
    """Follow forwarding to the lead that represents this one."""
    lead = await lead_of(log, lead_id)
    following = lead.state.absorbed_by
    if following is None:
        return lead
    found = await read_family(log, [following], lambda state: filter(None, [state.absorbed_by]))
    last = follow_forwarding(following, lambda other: found[other].state.absorbed_by)
    return found[last]._replace(forwarded_from=lead_id)


async def read_family(
    log: Log, lead_ids: Sequence[str], linked: Callable[[LeadState], Iterable[str]]
) -> dict[str, KnownLead]:
    """Read leads, and those that they absorbed or that absorbed them. Raises Problem: too many."""
    count = 1

    async def read(wanted: Collection[str]) -> dict[str, KnownLead]:
        nonlocal count
        count += len(wanted)
        if count > FAMILY_MAX:
            raise Problem(
                "request-invalid",
                f"This lead has absorbed more than {FAMILY_MAX} others, which is the limit.",
            )
        rows: Sequence[Any] = await log.leads(wanted)
        return {
            row.id: KnownLead(
                row.id, row.version, row.position, row.head, state_json.decode_lead(row.state)
            )
            for row in rows
        }

    return await read_connected(lead_ids, read=read, linked=lambda lead: linked(lead.state))


def describe_lead(lead: KnownLead, lifecycle: Lifecycle, *, language: str | None) -> Lead:
    """Describe the current state of a lead, which contains no personal data."""
    return {
        "id": lead.id,
        "subject": f"lead/{lead.id}",
        **describe_state(lead.state, lifecycle, language=language),
        "version": lead.version,
        "position": str(lead.position),
        "as_of_position": str(lead.head),
        **_forwarding(lead),
    }


def _forwarding(lead: KnownLead) -> Forwarding:
    if lead.forwarded_from is None:
        return {}
    return {"forwarded_from": f"lead/{lead.forwarded_from}"}


def describe_state(state: LeadState, lifecycle: Lifecycle, *, language: str | None) -> State:
    """Describe what is known about a lead after its events so far."""
    return {
        **in_stage(lifecycle.lead, state.stage, language),
        **_awaited(state),
        "pass": state.pass_number,
        "entered_at": format_optional_utc(state.entered_at),
        "entered": state.entered,
        "known": state.known,
        "acquired_at": format_optional_utc(state.acquired_at),
        "origin": state.origin,
        "channel": state.channel,
        "owner": state.owner,
        "owners": dict(state.owners),
        "grade": state.grade,
        "market": state.market,
        "priority": state.priority,
        "team": state.team,
        "reseller": state.reseller,
        "account": state.account,
        "attributes": dict(state.attributes),
        "opportunities": dict(state.opportunities),
        "orders": dict(state.orders),
        "screened_as": state.screened_as,
        "revisit_on": state.revisit_on,
        "blocks": dict(state.blocks),
        "flags": dict(state.flags),
        "deadlines": {
            name: {"due_at": format_utc(due.due_at), "breached": due.breached is not None}
            for name, due in state.deadlines.items()
        },
        "absorbed_by": state.absorbed_by,
        "absorbs": state.absorbs,
        "parted_from": state.parted,
    }


def _awaited(state: LeadState) -> Awaited:
    return {"restatement": "pending"} if state.pending is not None else {}


def moved_between(event: Event) -> Moved:
    """Describe the stages between which an event moves its subject."""
    return {"from": event.stage_from, "to": event.stage_to}


def in_stage(track: Track, stage: str | None, language: str | None) -> InStage:
    """Describe a stage. Its label is its code if the current lifecycle no longer has it."""
    if language is None:
        return {"stage": stage}
    label = label_of(track.stages, stage, language) if stage is not None else None
    return {"stage": stage, "stage_label": label}
