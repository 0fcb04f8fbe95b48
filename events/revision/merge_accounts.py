"""Merge two companies, or keep them apart.

When two companies are merged, the absorbed account forwards to the survivor, which takes over its
business.

Nothing is decided again, and a merge cannot be undone: for companies the ledger knows what was
reported, but not by which identifiers each of their leads joined.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.effects import selected
from domain.event import Event, Subject
from domain.lead.absorption import absorption, on_both
from domain.lead.state import AccountState
from domain.lead.stays import not_before
from domain.lifecycle.compiled.table import MoveTable
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import ACCOUNT_KEPT_APART, OTHER
from domain.signal import Signal
from events.refusal_texts import account_unknown
from events.refusals import Refusal
from events.revision.past import Past, receiver_in


class _Account(NamedTuple):
    id: str
    state: AccountState

    @property
    def subject(self) -> Subject:
        return Subject(SubjectKind.ACCOUNT, self.id)


def decide_of_accounts(
    signal: Signal, account_id: str, past: Past, *, table: MoveTable, position: int
) -> Sequence[Event] | Refusal:
    """Return a decision about two companies and what follows, or why it cannot be carried out."""
    account = _standing(account_id, past)
    other = _standing(signal.data[OTHER], past)
    if account is None or other is None:
        return account_unknown()._replace(pointer=f"/data/{OTHER}" if account else "/account")
    first = Event(position, signal.type.name, account.subject, signal.occurred_at, signal.data, {})
    if signal.type.name == ACCOUNT_KEPT_APART:
        return _keep_apart(first, account, other)
    return _merge(first, account, other, table)


def _keep_apart(first: Event, account: _Account, other: _Account) -> Sequence[Event] | Refusal:
    if account.id == other.id:
        return _not_mergeable("The two are merged, and a merge of accounts cannot be undone.")
    if other.id in account.state.apart:
        return [first._replace(effects={"already": True})]
    return on_both(first, other.subject, "apart", forwarded_to=None)


def _merge(
    first: Event, survivor: _Account, other: _Account, table: MoveTable
) -> Sequence[Event] | Refusal:
    """Merge two accounts. The survivor takes the stage of whichever is further along the path."""
    if other.id == survivor.id:
        return [first._replace(effects={"already": True})]
    if other.id in survivor.state.apart:
        return _not_mergeable("An earlier decision states that the two are different companies.")
    merged: dict[str, Any] = {
        "absorbs": other.id,
        "opportunities": {**other.state.opportunities, **survivor.state.opportunities},
        "orders": {**other.state.orders, **survivor.state.orders},
    }
    effects = selected(merged, [name for name, value in merged.items() if value])
    first = first._replace(effects=effects)
    if _place(table, other.state) > _place(table, survivor.state):
        first = first._replace(
            stage_from=survivor.state.stage,
            stage_to=other.state.stage,
            effective_at=not_before(survivor.state.entered_at, first.occurred_at),
            pass_number=survivor.state.pass_number,
            effects={**effects, "move": {"kind": str(MoveKind.ADVANCED)}},
        )
    absorbed = absorption(
        other.subject,
        other.state,
        by=survivor.id,
        at=first.occurred_at,
        position=first.position + 1,
        cause=first.position,
    )
    return [first, absorbed]


def _standing(account_id: str, past: Past) -> _Account | None:
    """Return an account, or the one that it forwards to; None if no account has this id."""
    standing, state = receiver_in(past, account_id)
    return _Account(standing, state) if isinstance(state, AccountState) else None


def _not_mergeable(why: str) -> Refusal:
    return Refusal("merge-not-possible", why, f"/data/{OTHER}")


def _place(table: MoveTable, account: AccountState) -> int:
    """Return an account's index on the path; -1 if it is not on the path."""
    return table.path_index.get(account.stage or "", -1)
