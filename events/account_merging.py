"""Two companies are one: the absorbed account forwards, and its business is the survivor's.

Nothing is decided again and nothing can be unmerged: of companies the ledger knows what it was told
and not by which identifiers each of their leads came.
"""

from collections.abc import Sequence
from typing import Any

from domain.course import not_before
from domain.events import Event, Subject
from domain.lifecycle.compiled import MoveTable
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import ACCOUNT_ABSORBED, OTHER
from domain.signals import Signal
from domain.state import AccountState, LeadState
from events.answers import account_unknown
from events.past import Past
from events.refusals import Refusal


def merge_accounts(
    signal: Signal, survivor_id: str, past: Past, *, table: MoveTable, position: int
) -> Sequence[Event] | Refusal:
    """Return the decision and the end of the absorbed account's own track.

    The survivor stands where the one of the two stands that has come further.
    """
    other_id: str | None = signal.data[OTHER]
    other = None
    while other_id is not None:
        other = past.subject(other_id)
        if not isinstance(other, AccountState):
            return account_unknown()._replace(pointer=f"/data/{OTHER}")
        if other.absorbed_by is None:
            break
        other_id = other.absorbed_by
    survivor = past.subject(survivor_id)
    assert isinstance(survivor, AccountState)
    assert isinstance(other, AccountState)
    assert other_id is not None
    subject = Subject(SubjectKind.ACCOUNT, survivor_id)
    first = Event(position, signal.type.name, subject, signal.occurred_at, signal.data, {})
    if other_id == survivor_id:
        return [first._replace(effects={"already": True})]
    effects: dict[str, Any] = {
        "absorbs": other_id,
        "opportunities": {**other.opportunities, **survivor.opportunities},
        "orders": {**other.orders, **survivor.orders},
    }
    effects = {name: value for name, value in effects.items() if value}
    first = first._replace(effects=effects)
    if _place(table, other) > _place(table, survivor):
        first = first._replace(
            stage_from=survivor.stage,
            stage_to=other.stage,
            effective_at=not_before(survivor.entered_at, first.occurred_at),
            pass_number=survivor.pass_number,
            effects={**effects, "move": {"kind": str(MoveKind.ADVANCED)}},
        )
    return [first, _absorbed(first, other_id, other)]


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
