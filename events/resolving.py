"""Whom a signal concerns: its lead, its account, or nobody, as the batch in hand knows them.

What was due for everybody whom a signal names happens before they are looked at, so that nobody is
found where only a late clock has left them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.decide import Party
from domain.identity import Resolution, resolve
from domain.lifecycle.definition import EventKind, Role, SubjectKind
from domain.roles import ORDER_ROLES
from domain.signals import Identifier, Signal
from domain.state import AccountState, LeadState
from events.answers import account_unknown, lead_unknown
from events.draft import Draft
from events.ids import new_id
from events.refusals import Refusal
from events.upkeep import bring_up_to_date


class Concerned(NamedTuple):
    """Who takes part in a decision."""

    signal: Signal
    """About whom it turned out to be about."""
    party: Party
    account_links: tuple[Identifier, ...] = ()
    """Identifiers that point to the account from this event on."""


class Account(NamedTuple):
    """The outcome of looking an account up."""

    id: str | None
    links: tuple[Identifier, ...] = ()
    is_new: bool = False
    is_missing: bool = False
    """Named by an id that no account has."""


def concerned_by(draft: Draft, signal: Signal) -> Concerned | Refusal:
    """Find whom a signal concerns, or say who of them is unknown."""
    signal = _redirected(draft, signal)
    named = account_of(draft, signal)
    if signal.subject is not SubjectKind.LEAD:
        return _without_lead(signal, named)
    lead = lead_of(draft, signal)
    if lead is None:
        return lead_unknown()
    account = _account_beside(draft, signal, lead, named)
    if account.is_missing:
        return account_unknown()
    # An account that the lead does not join is not made, so nobody can be told of it.
    told = named.id if named == account or not named.is_new else None
    if draft.state(lead.receiver, None).lead.void:
        lead = lead._replace(is_new=True)
    return Concerned(signal, _party(lead, account, told), account.links)


def lead_of(draft: Draft, signal: Signal) -> Resolution | None:
    """Find the lead that a signal is about, or make one; None if it names nobody known."""
    pointers = _pointers(draft, signal)
    for lead_id, state in _leads(draft, signal, pointers).items():
        if state.timers or state.lifecycle != draft.compiled.version:
            bring_up_to_date(draft, lead_id)
    return resolve(
        signal,
        pointers=pointers,
        leads=_leads(draft, signal, pointers),
        trust=draft.compiled.lifecycle.identifier_trust,
        new_id=draft.unused_id(),
    )


def account_of(draft: Draft, signal: Signal) -> Account:
    """Find the account that a signal names, or make one.

    What is about the ledger is about no account, even if it names one.
    """
    if signal.subject is SubjectKind.LEDGER:
        return Account(None)
    if signal.account_id is not None:
        named = draft.subject(signal.account_id)
        if named is None or named.kind is not SubjectKind.ACCOUNT:
            return Account(None, is_missing=True)
        return Account(_standing_for(draft, signal.account_id))
    if not signal.account_identifiers:
        return Account(None)
    pointed = [draft.pointer(one) for one in signal.account_identifiers]
    found = next((one for one in pointed if one is not None), None)
    links = tuple(
        identifier
        for identifier, target in zip(signal.account_identifiers, pointed, strict=True)
        if target is None
    )
    if found is None:
        return Account(new_id(), links, is_new=True)
    return Account(_standing_for(draft, found), links)


def _redirected(draft: Draft, signal: Signal) -> Signal:
    """Let an order that leads to no lead be about the account whose it is, else about the ledger.

    It names nobody but itself or its deal (rule 12).
    """
    if (
        signal.type.role not in ORDER_ROLES
        or signal.subject is not SubjectKind.LEAD
        or signal.lead_id is not None
        or signal.identifiers
        or _pointers(draft, signal)
    ):
        return signal
    references = (*signal.references, *signal.shared_references)
    pointed = (draft.pointer(one) for one in references)
    company = next((target for target in pointed if target is not None), None)
    if company is None:
        return signal._replace(subject=SubjectKind.LEDGER)
    return signal._replace(subject=SubjectKind.ACCOUNT, account_id=company)


def _without_lead(signal: Signal, account: Account) -> Concerned | Refusal:
    """Let an account begin with a fact, or with its listing as a competitor, and no other way."""
    may_begin = signal.type.kind is EventKind.FACT or signal.type.role is Role.LISTS_COMPETITOR
    if account.is_missing or (account.is_new and not may_begin):
        return account_unknown()
    return Concerned(signal, _party(None, account, None), account.links)


def _party(lead: Resolution | None, account: Account, told: str | None) -> Party:
    return Party(lead, account.id, tuple(one.kind for one in account.links), told)


def _pointers(draft: Draft, signal: Signal) -> dict[Identifier, str]:
    return {
        identifier: target
        for identifier in (*signal.identifiers, *signal.references, *signal.shared_references)
        if (target := draft.pointer(identifier)) is not None and draft.lead(target) is not None
    }


def _leads(
    draft: Draft, signal: Signal, pointers: Mapping[Identifier, str]
) -> dict[str, LeadState]:
    """The leads that a signal names, and those that they forward to."""
    leads: dict[str, LeadState] = {}
    waiting = [*pointers.values(), *([signal.lead_id] if signal.lead_id is not None else [])]
    while waiting:
        lead_id = waiting.pop()
        state = draft.lead(lead_id)
        if lead_id not in leads and state is not None:
            leads[lead_id] = state
            if state.absorbed_by is not None:
                waiting.append(state.absorbed_by)
    return leads


def _account_beside(draft: Draft, signal: Signal, lead: Resolution, named: Account) -> Account:
    """A lead stays with its account unless another one is named outright."""
    if named.is_missing or signal.names_account or lead.is_new:
        return named
    state = draft.lead(lead.receiver)
    assert state is not None
    return Account(_standing_for(draft, state.account)) if state.account is not None else named


def _standing_for(draft: Draft, account_id: str) -> str:
    """Follow forwarding to the account that stands for this one."""
    while (known := draft.subject(account_id)) is not None:
        assert isinstance(known.state, AccountState)
        if known.state.absorbed_by is None:
            break
        account_id = known.state.absorbed_by
    return account_id
