"""What counts of some leads, now that something is taken back: one `lead.restated` for each.

The leads concerned and all who forward to them are decided again together, from their records, and
compared with what the records say. The account beside a lead is taken as the records of others tell
it; where the lead's own share in it has changed, it is restated too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain import states
from domain import stays as stay_text
from domain.events import Event, Subject
from domain.evolve import evolve
from domain.identity import are_apart, receiver_of
from domain.lifecycle.compiled import Compiled
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import (
    ABSORBED,
    ACCOUNT_RESTATED,
    CONFLICTED,
    CORRECTED,
    EVENT,
    FIELDS,
    KEPT_APART,
    LINKED,
    OFFERED,
    OTHER,
    RESTATED,
    VOIDED,
)
from domain.restating import Judged, Outcome, Outcomes, Step, Told, decide_all_again
from domain.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState
from domain.stays import NO_STAYS, Stays, differences, stays_after
from events.account_restating import account_after, become_customer, share_of
from events.past import Past, in_order
from events.records import Record, begins_group, is_firing, is_reassessment
from events.redeciding import signal_of, told_account


class Taken(NamedTuple):
    """What is taken back, and whom it concerns."""

    first: Event
    """The decision that takes back."""
    leads: Mapping[str, LeadState]
    """The leads whose forwarding it changes, after the change."""
    concerned: tuple[str, ...]
    """Leads that are restated in any case, in this order."""


def restate(
    past: Past,
    taken: Taken,
    *,
    lifecycles: Mapping[int, Compiled],
    lifecycle: Compiled,
    position: int,
    recorded_at: datetime,
) -> list[Event]:
    """Return the events that say what counts from now on; the first takes `position`."""
    neighbourhood = _Neighbourhood(past, taken, lifecycles)
    outcomes = neighbourhood.decide_again(recorded_at)
    events: list[Event] = []
    for lead_id in neighbourhood.restated(outcomes):
        after = neighbourhood.after(lead_id, outcomes.leads.get(lead_id, Outcome(INITIAL_LEAD)))
        event = neighbourhood.of_lead(lead_id, after)
        events.append(event._replace(position=position + len(events)))
    for account_id in neighbourhood.accounts:
        found = neighbourhood.of_account(account_id, outcomes, lifecycle)
        if found is not None:
            events.append(found._replace(position=position + len(events)))
    return events


@dataclass(slots=True)
class _Neighbourhood:
    """The leads that are decided again together. A class: every answer needs the records."""

    past: Past
    taken: Taken
    lifecycles: Mapping[int, Compiled]
    leads: dict[str, LeadState] = field(default_factory=dict)
    """Those concerned and everybody who forwards or forwarded to them, with the change made."""
    records: list[Record] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    account_records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gather()
        self.records = self.past.histories(list(self.leads))
        told = (record.event for record in self.records)
        ids = {one: None for event in told for one in _accounts_in(event)}
        ids |= {state.account: None for state in self.leads.values() if state.account}
        self.accounts = list(ids)
        self.account_records = self.past.histories(self.accounts)

    def _gather(self) -> None:
        waiting = [*self.taken.leads, *self.taken.concerned]
        while waiting:
            lead_id = waiting.pop(0)
            if lead_id in self.leads:
                continue
            state = self.taken.leads.get(lead_id) or self.past.subject(lead_id)
            assert isinstance(state, LeadState)
            self.leads[lead_id] = state
            waiting += state.absorbs
            if state.absorbed_by is not None:
                waiting.append(state.absorbed_by)

    def decide_again(self, recorded_at: datetime) -> Outcomes:
        # A stable sort: what stays of an account comes before the report that brought it.
        steps = sorted(self._steps(), key=lambda step: step.position)
        return decide_all_again(
            steps,
            lifecycles=self.lifecycles,
            merged_into=self._merged_into(),
            upto=recorded_at,
        )

    def _merged_into(self) -> dict[str, str]:
        """For each lead that somebody has merged: the one that now stands for it."""
        return {
            lead_id: receiver_of(lead_id, self.leads)
            for lead_id, state in self.leads.items()
            if state.merged
        }

    def _steps(self) -> list[Step]:
        voided = {int(event.data[EVENT]) for event in self._decisions(VOIDED)}
        corrected: dict[int, dict[str, Any]] = {}
        for event in self._decisions(CORRECTED):
            corrected.setdefault(int(event.data[EVENT]), {}).update(event.data[FIELDS])
        absorbs: dict[int, list[str]] = {}
        for lead_id, (cause, _) in self._absorptions().items():
            if not self.leads[lead_id].merged:
                absorbs.setdefault(cause, []).append(lead_id)
        own = [record for record in self.records if is_report(record)]
        told = [self._told(one, voided, corrected, absorbs) for one in own]
        judged = [_judged(one, self.lifecycles) for one in self.records if is_reassessment(one)]
        return [*self._steps_of_accounts(), *told, *judged]

    def _steps_of_accounts(self) -> Iterable[Event]:
        """What the accounts have been through that stays, whatever is decided again.

        What others brought, and two things that these leads did: identifiers stay linked, and where
        somebody was known, others may be known too, of whom the account's records do not tell.
        """
        causes = {one.event.position for one in self.records}
        for record in self.account_records:
            event, cause = record.event, record.event.cause
            if cause is None or cause not in causes:
                yield event
            elif event.type in (LINKED, self._prospect_gained_by(record)):
                yield event._replace(position=cause)

    def _prospect_gained_by(self, record: Record) -> str | None:
        triggers = self.lifecycles[record.envelope.lifecycle].lifecycle.account_triggers
        return triggers.prospect_gained if triggers is not None else None

    def _decisions(self, type: str) -> Iterable[Event]:
        """The decisions of one type that take something back, this one included."""
        decisions = [one.event for one in self.records if one.event.type == type]
        return [*decisions, *([self.taken.first] if self.taken.first.type == type else [])]

    def _told(
        self,
        record: Record,
        voided: set[int],
        corrected: Mapping[int, Mapping[str, Any]],
        absorbs: Mapping[int, list[str]],
    ) -> Told:
        event, envelope = record
        compiled = self.lifecycles[envelope.lifecycle]
        signal = signal_of(record, compiled.lifecycle.events[event.type])
        fields = corrected.get(event.position, {})
        data = {
            name: value for name, value in {**signal.data, **fields}.items() if value is not None
        }
        return Told(
            position=event.position,
            recorded_at=datetime.fromisoformat(envelope.recorded_time),
            compiled=compiled,
            signal=signal._replace(data=data),
            lead=event.subject.id,
            account=told_account(event),
            absorbs=tuple(absorbs.get(event.position, ())),
            counts=event.position not in voided,
        )

    def _absorptions(self) -> dict[str, tuple[int, int]]:
        """For each lead that forwards: the positions of the cause and of the absorption itself."""
        found: dict[str, tuple[int, int]] = {}
        for event, _ in self.records:
            if event.type == ABSORBED:
                assert event.cause is not None
                found[event.subject.id] = (event.cause, event.position)
        first = self.taken.first.position
        found |= dict.fromkeys(self.taken.leads, (first, first))
        return {
            lead_id: positions
            for lead_id, positions in sorted(found.items(), key=lambda one: one[1][1])
            if self.leads[lead_id].absorbed_by is not None
        }

    def restated(self, outcomes: Outcomes) -> list[str]:
        """Who is restated: those concerned, who lost a report, and whose stays are others now.

        A lead may have lost a report that another, which has absorbed it since, is concerned by.
        """
        others = [
            lead_id
            for lead_id, outcome in outcomes.leads.items()
            if lead_id not in self.taken.concerned
            and not self.leads[lead_id].merged
            and (
                lead_id == self.taken.first.subject.id
                or not _are_alike(outcome.stays, self.known_stays(lead_id))
            )
        ]
        return [*self.taken.concerned, *others]

    def known_stays(self, lead_id: str) -> Stays:
        """The stays of a lead as its records tell them."""
        received = [one.event for one in self.records if one.event.receiver.id == lead_id]
        return _stays_of(received, INITIAL_LEAD)

    def after(self, lead_id: str, outcome: Outcome) -> Outcome:
        """Add to what was decided again what is not decided: who is who."""
        state, now = outcome.state, self.leads[lead_id]
        forwarding = [
            one for one in self._absorptions() if one != lead_id and self._comes_to(one, lead_id)
        ]
        own = {lead_id, *forwarding}
        apart = _told_of(self.records, own, KEPT_APART, lambda data: [data[OTHER]])
        told = _told_of(self.records, own, CONFLICTED, lambda data: data["with"])
        conflicts = dict.fromkeys(receiver_of(one, self._known(one)) for one in told)
        state = state._replace(
            absorbed_by=now.absorbed_by,
            merged=now.merged,
            stage=state.stage if now.absorbed_by is None else None,
            absorbs=tuple(forwarding),
            apart=tuple(apart),
            awaiting=outcome.refused,
            void=not outcome.stays.stays,
            lifecycle=max(state.lifecycle, now.lifecycle),
        )
        known = {
            **{one: s for other in conflicts for one, s in self._known(other).items()},
            lead_id: state,
        }
        return outcome._replace(
            state=state._replace(
                conflicts=tuple(
                    one
                    for one in conflicts
                    if one not in own and not are_apart(lead_id, one, known)
                )
            )
        )

    def _comes_to(self, lead_id: str, other: str) -> bool:
        while (absorbed_by := self.leads[lead_id].absorbed_by) is not None:
            if absorbed_by == other:
                return True
            lead_id = absorbed_by
        return False

    def _known(self, lead_id: str | None) -> dict[str, LeadState]:
        """A lead and those that it forwards to, wherever they are."""
        known: dict[str, LeadState] = {}
        while lead_id is not None and lead_id not in known:
            state = self.leads.get(lead_id) or self.past.subject(lead_id)
            assert isinstance(state, LeadState)
            known[lead_id] = state
            lead_id = state.absorbed_by
        return known

    def of_lead(self, lead_id: str, after: Outcome) -> Event:
        before, state = self.leads[lead_id], after.state
        no_longer, now = differences(self.known_stays(lead_id), after.stays)
        data = {
            "no_longer_counts": no_longer,
            "counts_now": now,
            "awaiting": [str(position) for position in after.refused],
        }
        event = self._restated(
            RESTATED, Subject(SubjectKind.LEAD, lead_id), data, state, after.stays
        )
        return _with_one_move(event, before, state)

    def of_account(self, account_id: str, outcomes: Outcomes, lifecycle: Compiled) -> Event | None:
        """What counts of an account beside these leads; None if that is what counted before."""
        now = self.past.subject(account_id)
        if not isinstance(now, AccountState) or now.absorbed_by is not None:
            return None
        recorded = in_order([*self.records, *self.account_records])
        share = share_of(account_id, (record.event for record in recorded))
        again, stays = outcomes.accounts.get(account_id, (INITIAL_ACCOUNT, NO_STAYS))
        changed = account_after(now, share, again, stays)
        if changed is None:
            return None
        after, stays = become_customer(*changed, lifecycle, self.taken.first)
        no_longer, counts = differences(share.stays, stays)
        data = {"no_longer_counts": no_longer, "counts_now": counts}
        subject = Subject(SubjectKind.ACCOUNT, account_id)
        event = self._restated(ACCOUNT_RESTATED, subject, data, after, stays)
        return _with_one_move(event, now, after)

    def _restated(
        self,
        type: str,
        subject: Subject,
        data: Mapping[str, Any],
        state: LeadState | AccountState,
        stays: Stays,
    ) -> Event:
        first = self.taken.first
        effects = {"state": states.content_of(state), **stay_text.content_of(stays)}
        return Event(0, type, subject, first.occurred_at, data, effects, cause=first.position)


def is_report(record: Record) -> bool:
    """Whether somebody told this, and it was decided.

    It is neither derived nor fired, and no decision about who is who or what counts.
    """
    event = record.event
    is_own = is_firing(record) or is_reassessment(record)
    return begins_group(record) and not is_own and event.type not in OFFERED


def _judged(record: Record, lifecycles: Mapping[int, Compiled]) -> Judged:
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


def _accounts_in(event: Event) -> Iterable[str]:
    told, joined = told_account(event), event.effects.get("business_of")
    return [one for one in (told, joined) if one is not None]


def _stays_of(events: Iterable[Event], state: LeadState | AccountState) -> Stays:
    stays = NO_STAYS
    for event in events:
        match state:
            case LeadState():
                state = evolve(state, event)
            case AccountState():
                state = evolve(state, event)
        stays = stays_after(stays, event, state)
    return stays


def _are_alike(one: Stays, other: Stays) -> bool:
    """Whether two tellings differ in nothing but the events that they name."""
    first, second = (
        ([stay._replace(position=0) for stay in stays], left and left.at)
        for stays, left in (one, other)
    )
    return first == second


def _told_of(
    records: Iterable[Record],
    subject_ids: set[str],
    type: str,
    others: Callable[[Mapping[str, Any]], Sequence[str]],
) -> dict[str, None]:
    """Whom the events of a type name, of those about some subjects; each once, in order."""
    events = [one.event for one in records]
    return {
        other: None
        for event in events
        if event.type == type and event.subject.id in subject_ids
        for other in others(event.data)
    }


def _with_one_move(
    event: Event, before: LeadState | AccountState, after: LeadState | AccountState
) -> Event:
    """Let the event say from where to where it takes its subject, if it takes it anywhere."""
    if after.stage == before.stage or after.stage is None:
        return event
    return event._replace(
        stage_from=before.stage,
        stage_to=after.stage,
        effective_at=after.entered_at,
        pass_number=after.pass_number,
        effects={**event.effects, "move": {"kind": str(MoveKind.RESTATED)}},
    )
