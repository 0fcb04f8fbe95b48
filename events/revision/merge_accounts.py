"""Two companies are one, or are kept apart.

Of companies that are one, the absorbed account forwards, and its business is the survivor's.

Nothing is decided again and nothing can be unmerged: of companies the ledger knows what it was told
and not by which identifiers each of their leads came.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.case import not_before
from domain.event import Event, Subject
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.compiled.table import MoveTable
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import ACCOUNT_ABSORBED, ACCOUNT_KEPT_APART, OTHER
from domain.signal import Signal
from events.refusal_texts import account_unknown
from events.refusals import Refusal
from events.revision.past import Past


class _Account(NamedTuple):
    id: str
    state: AccountState


def decide_of_accounts(
    signal: Signal, account_id: str, past: Past, *, table: MoveTable, position: int
) -> Sequence[Event] | Refusal:
    """Return what somebody decided of two companies, and what follows; or why it cannot be."""
    one = _standing(account_id, past)
    other = _standing(signal.data[OTHER], past)
    if one is None or other is None:
        return account_unknown()._replace(pointer=f"/data/{OTHER}" if one else "/account")
    subject = Subject(SubjectKind.ACCOUNT, one.id)
    first = Event(position, signal.type.name, subject, signal.occurred_at, signal.data, {})
    if signal.type.name == ACCOUNT_KEPT_APART:
        return _keep_apart(first, one, other)
    return _merge(first, one, other, table)


def _keep_apart(first: Event, one: _Account, other: _Account) -> Sequence[Event] | Refusal:
    if one.id == other.id:
        return _not_mergeable("The two are merged, and accounts stay merged.")
    if other.id in one.state.apart:
        return [first._replace(effects={"already": True})]
    likewise = first._replace(
        position=first.position + 1,
        subject=Subject(SubjectKind.ACCOUNT, other.id),
        data={OTHER: one.id},
        effects={"apart": [one.id]},
        cause=first.position,
    )
    return [first._replace(effects={"apart": [other.id]}), likewise]


def _merge(
    first: Event, survivor: _Account, other: _Account, table: MoveTable
) -> Sequence[Event] | Refusal:
    """The survivor stands where the one of the two stands that has come further."""
    if other.id == survivor.id:
        return [first._replace(effects={"already": True})]
    if other.id in survivor.state.apart:
        return _not_mergeable("Somebody has decided that the two are different companies.")
    effects: dict[str, Any] = {
        "absorbs": other.id,
        "opportunities": {**other.state.opportunities, **survivor.state.opportunities},
        "orders": {**other.state.orders, **survivor.state.orders},
    }
    effects = {name: value for name, value in effects.items() if value}
    first = first._replace(effects=effects)
    if _place(table, other.state) > _place(table, survivor.state):
        first = first._replace(
            stage_from=survivor.state.stage,
            stage_to=other.state.stage,
            effective_at=not_before(survivor.state.entered_at, first.occurred_at),
            pass_number=survivor.state.pass_number,
            effects={**effects, "move": {"kind": str(MoveKind.ADVANCED)}},
        )
    return [first, _absorbed(first, other.id, other.state)]


def _standing(account_id: str, past: Past) -> _Account | None:
    """Return the account that stands for one; None if no account has this id."""
    while isinstance(state := past.subject(account_id), AccountState):
        if state.absorbed_by is None:
            return _Account(account_id, state)
        account_id = state.absorbed_by
    return None


def _not_mergeable(why: str) -> Refusal:
    return Refusal("merge-not-possible", why, f"/data/{OTHER}")


def _place(table: MoveTable, account: AccountState) -> int:
    """How far an account has come on its path; -1 beside it."""
    return table.path_index.get(account.stage or "", -1)


def _absorbed(first: Event, account_id: str, state: AccountState) -> Event:
    event = Event(
        first.position + 1,
        ACCOUNT_ABSORBED,
        Subject(SubjectKind.ACCOUNT, account_id),
        first.occurred_at,
        {"by": first.subject.id},
        {"absorbed_by": first.subject.id},
        cause=first.position,
    )
    return ending_the_stay(event, state)


def ending_the_stay(absorbed: Event, state: LeadState | AccountState) -> Event:
    """Let the stay of who is absorbed end with the event that says so; the unplaced have none."""
    if state.stage is None:
        return absorbed
    return absorbed._replace(
        stage_from=state.stage,
        effective_at=not_before(state.entered_at, absorbed.occurred_at),
        pass_number=state.pass_number,
        effects={**absorbed.effects, "move": {"kind": str(MoveKind.ABSORBED)}},
    )
