"""The fold of the directory: current leads and accounts, and the lists that leads are on.

    form.submitted  at 7   the lead is known: on the house list
    lead.accepted   at 9   it is in MAL: on the list of leads accepted by marketing

A list with a time limit (acquired in the last 90 days) is recorded regardless of the time. Queries
compare `acquired_at` with the moment of the query, so rows need no update as days pass.

How long a lead was on a list is recorded by position, as it was known: from the event that put it
there until the event that took it off. What becomes known late changes where a lead is now, not
where it was believed to be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from domain.event import Event
from domain.lead import state_json
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState, State
from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.service_events import PUBLISHED
from domain.rules.lists import matching
from events.batch.lru import forget_oldest
from events.lifecycles.publish import parsed

_OF_ACCOUNT = "account."


class Listed(NamedTuple):
    """A lead as shown in a list. Contains no personal data."""

    id: str
    position: int
    """The last event that changed it."""
    lifecycle: int
    stage: str | None
    pass_number: int
    entered_at: datetime | None
    acquired_at: datetime | None
    owner: str | None
    grade: str | None
    market: str | None
    priority: str | None
    origin: str | None
    channel: str | None
    account: str | None
    revisit_on: date | None
    screened_as: str | None
    lists: Sequence[str]


class LeadRow(NamedTuple):
    """The current state of a lead. Its columns are `LEAD_COLUMNS`."""

    listed: Listed
    is_absorbed: bool
    state: str


LEAD_COLUMNS = ("subject_id", *Listed._fields[1:], *LeadRow._fields[1:])


class AccountRow(NamedTuple):
    subject_id: str
    position: int
    stage: str | None
    entered_at: datetime | None
    segment: str | None
    key_role: str | None
    owner: str | None
    state: str


class ListStay(NamedTuple):
    """How long a lead was known to be on a list, with the time from which its limits count."""

    subject_id: str
    list: str
    known_from: int
    acquired_at: datetime | None
    known_to: int | None = None
    """The event that took it off, or after which another acquisition counts."""


@dataclass(slots=True)
class Directory:
    """The memory of a generation, and the changes of a batch.

    A class, because it is filled event by event.
    """

    is_complete: bool = False
    """Nothing has been forgotten since the generation began: a subject not here does not exist."""
    is_written: bool = False
    leads: dict[str, LeadState] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    people: dict[str, dict[str, None]] = field(default_factory=dict)
    """Account → its leads, as far as they are in memory."""
    touched_leads: dict[str, int] = field(default_factory=dict)
    """Leads that differ from the written row, with the position of the last change."""
    touched_accounts: dict[str, int] = field(default_factory=dict)
    lists: dict[str, dict[str, ListStay]] = field(default_factory=dict)
    """Lead → the lists that it is on. A lead in `leads` has all of them here."""
    touched_lists: dict[tuple[str, str, int], ListStay] = field(default_factory=dict)
    lifecycles: dict[int, Lifecycle] = field(default_factory=dict)
    lists_read_accounts: bool = False
    """Whether a list depends on the company. If so, its leads are updated when it moves."""

    def learn_lead(self, lead_id: str, state: LeadState) -> None:
        self.leads[lead_id] = state
        if state.account is not None:
            self.people.setdefault(state.account, {})[lead_id] = None

    def forget_leads(self, *, most: int) -> None:
        """Forget the leads added first, and their company."""
        for lead_id, lead in forget_oldest(self.leads, most=most).items():
            self.lists.pop(lead_id, None)
            people = self.people.get(lead.account or "", {})
            people.pop(lead_id, None)
            if lead.account is not None and not people:
                self.people.pop(lead.account, None)

    def publish(self, published: Mapping[str, Any]) -> None:
        """Add a lifecycle."""
        lifecycle = parsed(published["text"])
        self.lifecycles[published["version"]] = lifecycle
        self.lists_read_accounts |= any(
            path.startswith(_OF_ACCOUNT)
            for lead_list in lifecycle.lists.values()
            for path in lead_list.condition.reads
        )


def fold(directory: Directory, event: Event) -> None:
    """Apply one event to the leads and accounts whose state it changes."""
    if event.type == PUBLISHED:
        directory.publish(event.data)
    changed = dict[str, None]()
    for subject in event.changed_subjects:
        if subject.kind is SubjectKind.ACCOUNT:
            _see_account(directory, subject.id, event)
        elif _see_lead(directory, subject.id, event):
            changed[subject.id] = None
    if directory.lists_read_accounts and moves_account(event):
        changed |= directory.people.get(event.subject.id, {})
    for lead_id in changed:
        directory.touched_leads[lead_id] = event.position
        _list(directory, lead_id, event.position)


def moves_account(event: Event) -> bool:
    """Whether an account changes its stage: lists may depend on it."""
    return event.subject.kind is SubjectKind.ACCOUNT and (
        event.stage_to is not None or "state" in event.effects
    )


def _see_lead(directory: Directory, lead_id: str, event: Event) -> bool:
    """Return whether the lead has changed."""
    before = directory.leads.get(lead_id)
    after = evolve(before or INITIAL_LEAD, event)
    if before == after:
        return False
    if before is not None and before.account not in (None, after.account):
        directory.people[before.account].pop(lead_id, None)
    directory.learn_lead(lead_id, after)
    return True


def _see_account(directory: Directory, account_id: str, event: Event) -> None:
    before = directory.accounts.get(account_id)
    after = evolve(before or INITIAL_ACCOUNT, event)
    if before is None or after != before:
        directory.accounts[account_id] = after
        directory.touched_accounts[account_id] = event.position


def lead_rows(directory: Directory) -> Iterator[LeadRow]:
    """Return the rows of the leads that changed."""
    for lead_id, position in directory.touched_leads.items():
        yield _lead_row(directory, lead_id, position)


def account_rows(directory: Directory) -> Iterator[AccountRow]:
    """Return the rows of the accounts that changed."""
    for account_id, position in directory.touched_accounts.items():
        state = directory.accounts[account_id]
        yield AccountRow(
            account_id,
            position,
            state.stage,
            state.entered_at,
            state.segment,
            state.key_role,
            state.owner,
            state_json.encode(state),
        )


def _lead_row(directory: Directory, lead_id: str, position: int) -> LeadRow:
    lead = directory.leads[lead_id]
    revisit_on = date.fromisoformat(lead.revisit_on) if lead.revisit_on is not None else None
    listed = Listed(
        id=lead_id,
        position=position,
        lifecycle=lead.lifecycle,
        stage=lead.stage,
        pass_number=lead.pass_number,
        entered_at=lead.entered_at,
        acquired_at=lead.acquired_at,
        owner=lead.owner,
        grade=lead.grade,
        market=lead.market,
        priority=lead.priority,
        origin=lead.origin,
        channel=lead.channel,
        account=lead.account,
        revisit_on=revisit_on,
        screened_as=lead.screened_as,
        lists=list(directory.lists[lead_id]),
    )
    return LeadRow(listed, lead.absorbed_by is not None, state_json.encode(lead))


def _list(directory: Directory, lead_id: str, position: int) -> None:
    """Put a lead on the lists whose conditions it meets now, and take it off the others."""
    lead, before = directory.leads[lead_id], directory.lists.get(lead_id, {})
    after = dict[str, ListStay]()
    for code in _lists(directory, lead):
        stay = before.get(code)
        if stay is None or stay.acquired_at != lead.acquired_at:
            stay = ListStay(lead_id, code, position, lead.acquired_at)
            directory.touched_lists[stay[:3]] = stay
        after[code] = stay
    for code, stay in before.items():
        if after.get(code) is not stay:
            directory.touched_lists[stay[:3]] = stay._replace(known_to=position)
    directory.lists[lead_id] = after


def _lists(directory: Directory, lead: LeadState) -> Sequence[str]:
    """Name the lists that a lead is on. An absorbed lead is on none."""
    lifecycle = directory.lifecycles.get(lead.lifecycle)
    if lead.absorbed_by is not None or lifecycle is None:
        return ()
    account = directory.accounts.get(lead.account) if lead.account is not None else None
    return matching(lifecycle.lists, State(lead, account))
