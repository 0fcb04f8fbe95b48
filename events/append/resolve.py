"""Whom a signal concerns: its lead, its account, or nobody, as the batch in hand knows them.

What was due for everybody whom a signal names happens before they are looked at, so that nobody is
found where only a late clock has left them.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from domain.deciding.decide import Party
from domain.lead.identity import Resolution, receiver_of, resolve
from domain.lead.state import AccountState, LeadState
from domain.lifecycle.definition import EventKind, Role, SubjectKind
from domain.lifecycle.service_events import KINDS, OTHER, TAKEN
from domain.rules.deals import ORDER_ROLES
from domain.signal import Identifier, Ignored, Signal
from events.batch.draft import Draft
from events.batch.ids import new_id
from events.batch.upkeep import bring_up_to_date
from events.refusal_texts import account_unknown, identifier_shared, lead_unknown, not_of_this_lead
from events.refusals import Refusal


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
    conflicts: tuple[str, ...] = ()
    """Accounts that are called the same, which is news."""


class _Pointed(NamedTuple):
    """Whom the identifiers of a signal point to."""

    pointers: Mapping[Identifier, str]
    leads: Mapping[str, LeadState]
    """Those leads, and the ones that they forward to."""
    shared: frozenset[Identifier]
    """What has been reported of several people."""


def concerned_by(draft: Draft, signal: Signal) -> Concerned | Refusal:
    """Find whom a signal concerns, or say who of them is unknown."""
    signal = _redirected(draft, signal)
    named = account_of(draft, signal)
    if signal.subject is not SubjectKind.LEAD:
        return _without_lead(signal, named)
    lead = lead_of(draft, signal)
    if isinstance(lead, Refusal):
        return lead
    account = _account_beside(draft, signal, lead, named)
    if account.is_missing:
        return account_unknown()
    # An account that the lead does not join is not made, so nobody can be told of it.
    told = named.id if named == account or not named.is_new else None
    if draft.state(lead.receiver, None).lead.void:
        lead = lead._replace(is_new=True)
    return Concerned(_naming_shared(draft, signal), _party(lead, account, told), account.links)


def lead_of(draft: Draft, signal: Signal) -> Resolution | Refusal:
    """Find the lead that a signal is about, or make one; refuse if it names nobody known."""
    for lead_id, state in _pointed(draft, signal).leads.items():
        if state.timers or state.lifecycle != draft.compiled.version:
            bring_up_to_date(draft, lead_id)
    pointers, leads, shared = _pointed(draft, signal)
    found = resolve(
        signal,
        pointers=pointers,
        leads=leads,
        trust=draft.compiled.lifecycle.identifier_trust,
        new_id=draft.unused_id(),
        shared=shared,
    )
    if found is None:
        return identifier_shared(shared) if shared else lead_unknown()
    return found


def told_of_another(
    draft: Draft, signal: Signal, lead_id: str, business: Sequence[Identifier]
) -> Signal | Refusal:
    """Let an unlinking tell who the other person is, and what names that person from now on.

    That is what it gives, even if nobody has reported it so far, and the deals and orders that the
    reports were the first to tell of, where these lead to the same lead. Nothing is taken off
    anybody else.
    """
    pointers, leads, shared = _pointed(draft, signal._replace(references=tuple(business)))
    own = receiver_of(lead_id, leads)
    leading = [one for one in business if one in pointers]
    signal = signal._replace(
        identifiers=(
            *signal.identifiers,
            *(one for one in leading if receiver_of(pointers[one], leads) == own),
        )
    )
    taken = [one for one in signal.identifiers if one in pointers]
    foreign = [one for one in taken if receiver_of(pointers[one], leads) != own]
    if foreign or shared:
        return not_of_this_lead((*foreign, *shared))
    told = {
        OTHER: draft.unused_id(),
        KINDS: [one.kind for one in signal.identifiers],
        TAKEN: [one.kind for one in taken],
    }
    return signal._replace(data={**signal.data, **told})


def account_of(draft: Draft, signal: Signal) -> Account:
    """Find the account that a signal names, or make one.

    What is about the ledger is about no account, even if it names one. A name finds a company that
    is known by nothing else; one that is known by more is only proposed to be the same.
    """
    if signal.subject is SubjectKind.LEDGER:
        return Account(None)
    if signal.account_id is not None:
        named = draft.subject(signal.account_id)
        if named is None or named.kind is not SubjectKind.ACCOUNT:
            return Account(None, is_missing=True)
        found = Account(_standing_for(draft, signal.account_id))
    elif signal.account_identifiers:
        found = _pointed_account(draft, signal.account_identifiers)
    elif signal.account_name:
        found = _pointed_account(draft, signal.account_name[:1])
        return _with_namesakes(draft, found, signal.account_name)
    else:
        return Account(None)
    if not signal.account_name:
        return found
    own, namesake = signal.account_name
    if draft.pointer(namesake) is None:
        found = found._replace(links=(*found.links, namesake))
    return _with_namesakes(draft, found, (own, namesake))


def _pointed_account(draft: Draft, identifiers: Sequence[Identifier]) -> Account:
    pointed = [draft.pointer(one) for one in identifiers]
    found = next((one for one in pointed if one is not None), None)
    links = tuple(
        identifier
        for identifier, target in zip(identifiers, pointed, strict=True)
        if target is None
    )
    if found is None:
        return Account(new_id(), links, is_new=True)
    return Account(_standing_for(draft, found), links)


def _with_namesakes(draft: Draft, found: Account, names: Sequence[Identifier]) -> Account:
    """Add which other accounts are called the same, unless that has been noticed before.

    A lifecycle without a track for companies does not ask whether two of them are one.
    """
    assert found.id is not None
    if not draft.compiled.lifecycle.account.stages:
        return found
    state = draft.state(None, found.id).account
    assert state is not None
    pointed = (draft.pointer(one) for one in names)
    others = dict.fromkeys(_standing_for(draft, one) for one in pointed if one is not None)
    conflicts = tuple(
        other
        for other in others
        if other not in {found.id, *state.apart, *state.conflicts}
        and not _has_noticed(draft, other, found.id)
    )
    return found._replace(conflicts=conflicts)


def _has_noticed(draft: Draft, one: str, other: str) -> bool:
    state = draft.state(None, one).account
    return state is not None and other in (*state.apart, *state.conflicts)


def _redirected(draft: Draft, signal: Signal) -> Signal:
    """Let an order that leads to no lead be about the account whose it is, else about the ledger.

    It names nobody but itself or its deal (rule 12).
    """
    if (
        signal.type.role not in ORDER_ROLES
        or signal.subject is not SubjectKind.LEAD
        or signal.lead_id is not None
        or signal.identifiers
        or _pointed(draft, signal).pointers
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
    kinds = tuple(one.kind for one in account.links)
    return Party(lead, account.id, kinds, told, account.conflicts)


def _pointed(draft: Draft, signal: Signal) -> _Pointed:
    """Look up whom a signal names; what names several people names nobody."""
    pointed = {
        identifier: targets
        for identifier in (*signal.identifiers, *signal.references, *signal.shared_references)
        if (targets := [one for one in draft.pointers_of(identifier) if draft.lead(one)])
    }
    named = [] if signal.lead_id is None else [signal.lead_id]
    leads = _with_receivers(draft, [*named, *chain.from_iterable(pointed.values())])
    pointers: dict[Identifier, str] = {}
    shared: set[Identifier] = set()
    for identifier, targets in pointed.items():
        # A lead of which nothing counts any more is nobody beside another one.
        people = [one for one in targets if not leads[receiver_of(one, leads)].void] or targets
        if len({receiver_of(one, leads) for one in people}) > 1:
            shared.add(identifier)
        else:
            pointers[identifier] = people[0]
    return _Pointed(pointers, leads, frozenset(shared))


def _with_receivers(draft: Draft, lead_ids: list[str]) -> dict[str, LeadState]:
    """Return the states of leads, and of those that they forward to."""
    leads: dict[str, LeadState] = {}
    while lead_ids:
        lead_id = lead_ids.pop()
        state = draft.lead(lead_id)
        if lead_id not in leads and state is not None:
            leads[lead_id] = state
            if state.absorbed_by is not None:
                lead_ids.append(state.absorbed_by)
    return leads


def _naming_shared(draft: Draft, signal: Signal) -> Signal:
    """Let the answer name what has been reported of several people."""
    if not any(len(draft.pointers_of(one)) > 1 for one in signal.identifiers):
        return signal
    shared = _pointed(draft, signal).shared
    ignored = (Ignored(one.kind, "shared") for one in signal.identifiers if one in shared)
    return signal._replace(ignored=(*signal.ignored, *ignored))


def _account_beside(draft: Draft, signal: Signal, lead: Resolution, named: Account) -> Account:
    """A lead stays with its account unless another one is named outright."""
    if named.is_missing or signal.names_account or lead.is_new:
        return named
    state = draft.lead(lead.receiver)
    assert state is not None
    own = _standing_for(draft, state.account) if state.account is not None else None
    return named if own in (None, named.id) else Account(own)


def _standing_for(draft: Draft, account_id: str) -> str:
    """Follow forwarding to the account that stands for this one."""
    while (known := draft.subject(account_id)) is not None:
        assert isinstance(known.state, AccountState)
        if known.state.absorbed_by is None:
            break
        account_id = known.state.absorbed_by
    return account_id
