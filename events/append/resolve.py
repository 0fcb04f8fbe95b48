"""Find whom a signal concerns: its lead, its account, or neither, as the current batch knows them.

Looking them up changes nothing. The leads have to be up to date before: `pointed_by` returns them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from domain.deciding.decide import Party
from domain.lead.absorption import follow_forwarding
from domain.lead.identity import Resolution, joins, receiver_of, resolve
from domain.lead.state import INITIAL_LEAD, LeadState, State
from domain.lifecycle.definition import EventKind, Role, SubjectKind
from domain.lifecycle.service_events import KINDS, OTHER, TAKEN
from domain.rules.deals import ORDER_ROLES
from domain.signal import Identifier, Ignored, Signal
from events.batch.draft import Draft
from events.batch.ids import new_id
from events.batch.memory import absorbed_by
from events.refusal_texts import account_unknown, identifier_shared, lead_unknown, not_of_this_lead
from events.refusals import Refusal


class Concerned(NamedTuple):
    """The parties to a decision."""

    signal: Signal
    """The signal, redirected to the subject that it was found to be about."""
    party: Party
    account_links: tuple[Identifier, ...] = ()
    """Identifiers that point to the account from this event on."""
    state: State = State()
    """The lead that receives the signal, and the account, as they are now."""


class Account(NamedTuple):
    """The result of looking up an account."""

    id: str | None
    links: tuple[Identifier, ...] = ()
    is_new: bool = False
    is_missing: bool = False
    """Named by an id that no account has."""
    conflicts: tuple[str, ...] = ()
    """Accounts newly found to have the same name."""


class Pointed(NamedTuple):
    """The leads that the identifiers of a signal point to."""

    pointers: Mapping[Identifier, str]
    leads: Mapping[str, LeadState]
    """Those leads, and the ones that they forward to."""
    shared: frozenset[Identifier]
    """Identifiers that have been reported for several people."""


def concerned_by(draft: Draft, signal: Signal, pointed: Pointed) -> Concerned | Refusal:
    """Find whom a signal, once redirected, concerns; refuse it if one of them is unknown."""
    named = account_of(draft, signal)
    if signal.subject is not SubjectKind.LEAD:
        return _without_lead(draft, signal, named)
    lead = lead_of(draft, signal, pointed)
    if isinstance(lead, Refusal):
        return lead
    known = pointed.leads.get(lead.receiver)
    account = _account_joined(draft, signal, known, named)
    if account.is_missing:
        return account_unknown()
    # An account that the lead does not join is not created, so it cannot be reported on either.
    reported = named.id if named == account or not named.is_new else None
    if known is not None and known.void:
        lead = lead._replace(is_new=True)
    if pointed.shared:
        signal = _ignoring_shared(signal, pointed.shared)
    state = State(
        known if known is not None else INITIAL_LEAD,
        draft.account(account.id) if account.id is not None else None,
    )
    return Concerned(signal, _party(lead, account, reported), account.links, state)


def lead_of(draft: Draft, signal: Signal, pointed: Pointed) -> Resolution | Refusal:
    """Find the lead that a signal is about, or create one; refuse if it names no known lead."""
    pointers, leads, shared = pointed
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


def completed_unlinking(
    draft: Draft, signal: Signal, lead_id: str, business: Sequence[Identifier]
) -> Signal | Refusal:
    """Add to an unlinking the other person's id and the identifiers that now name that person.

    These are the identifiers that the signal gives, even if they have not been reported before, and
    the deals and orders that the reports were the first to mention, if they point to the same lead.
    Identifiers of anyone else are left alone.
    """
    pointers, leads, shared = pointed_by(draft, signal._replace(references=tuple(business)))
    own = receiver_of(lead_id, leads)
    leading = [key for key in business if key in pointers]
    signal = signal._replace(
        identifiers=(
            *signal.identifiers,
            *(key for key in leading if receiver_of(pointers[key], leads) == own),
        )
    )
    taken = [key for key in signal.identifiers if key in pointers]
    foreign = [key for key in taken if receiver_of(pointers[key], leads) != own]
    if foreign or shared:
        return not_of_this_lead((*foreign, *shared))
    added = {
        OTHER: draft.unused_id(),
        KINDS: [identifier.kind for identifier in signal.identifiers],
        TAKEN: [identifier.kind for identifier in taken],
    }
    return signal._replace(data={**signal.data, **added})


def account_of(draft: Draft, signal: Signal) -> Account:
    """Find the account that a signal names, or create one.

    A signal about the ledger is about no account, even if it names one. A name alone identifies a
    company that is known only by name; a company with other identifiers is only proposed.
    """
    if signal.subject is SubjectKind.LEDGER:
        return Account(None)
    if signal.account_id is not None:
        named = draft.subject(signal.account_id)
        if named is None or named.kind is not SubjectKind.ACCOUNT:
            return Account(None, is_missing=True)
        found = Account(_follow_forwarding(draft, signal.account_id))
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
    pointed = [draft.pointer(identifier) for identifier in identifiers]
    found = next((target for target in pointed if target is not None), None)
    links = tuple(
        identifier
        for identifier, target in zip(identifiers, pointed, strict=True)
        if target is None
    )
    if found is None:
        return Account(new_id(), links, is_new=True)
    return Account(_follow_forwarding(draft, found), links)


def _with_namesakes(draft: Draft, found: Account, names: Sequence[Identifier]) -> Account:
    """Add other accounts with the same name, unless they have been noticed before.

    A lifecycle without a track for companies does not ask whether two accounts are one company.
    """
    assert found.id is not None
    if not draft.compiled.lifecycle.account.stages:
        return found
    state = draft.account(found.id)
    pointed = (draft.pointer(name) for name in names)
    targets = (target for target in pointed if target is not None)
    others = dict.fromkeys(_follow_forwarding(draft, target) for target in targets)
    conflicts = tuple(
        other
        for other in others
        if other not in {found.id, *state.apart, *state.conflicts}
        and not _has_noticed(draft, other, found.id)
    )
    return found._replace(conflicts=conflicts)


def _has_noticed(draft: Draft, account_id: str, other: str) -> bool:
    state = draft.account(account_id)
    return other in (*state.apart, *state.conflicts)


def redirected(draft: Draft, signal: Signal) -> Signal:
    """Redirect an order that names no lead to its account, or else to the ledger.

    Such an order names only itself or its deal (rule 12).
    """
    if (
        signal.type.role not in ORDER_ROLES
        or signal.subject is not SubjectKind.LEAD
        or signal.lead_id is not None
        or signal.identifiers
        or pointed_by(draft, signal).pointers
    ):
        return signal
    references = (*signal.references, *signal.shared_references)
    pointed = (draft.pointer(reference) for reference in references)
    company = next((target for target in pointed if target is not None), None)
    if company is None:
        return signal._replace(subject=SubjectKind.LEDGER)
    return signal._replace(subject=SubjectKind.ACCOUNT, account_id=company)


def _without_lead(draft: Draft, signal: Signal, account: Account) -> Concerned | Refusal:
    """Create an account only from a fact, or from its listing as a competitor."""
    may_begin = signal.type.kind is EventKind.FACT or signal.type.role is Role.LISTS_COMPETITOR
    if account.is_missing or (account.is_new and not may_begin):
        return account_unknown()
    state = State(INITIAL_LEAD, draft.account(account.id) if account.id is not None else None)
    return Concerned(signal, _party(None, account, None), account.links, state)


def _party(lead: Resolution | None, account: Account, reported: str | None) -> Party:
    kinds = tuple(link.kind for link in account.links)
    return Party(lead, account.id, kinds, reported, account.conflicts)


def pointed_by(draft: Draft, signal: Signal) -> Pointed:
    """Look up the leads that a signal names. An identifier of several people names none of them."""
    pointed: dict[Identifier, tuple[str, ...]] = {}
    named = [] if signal.lead_id is None else [signal.lead_id]
    for identifier in (*signal.identifiers, *signal.references, *signal.shared_references):
        targets = draft.leads_under(identifier)
        if targets:
            pointed[identifier] = targets
            named += targets
    leads = _with_receivers(draft, named)
    if len(leads) == 1:  # as nearly always
        return Pointed(dict.fromkeys(pointed, *leads), leads, frozenset())
    pointers: dict[Identifier, str] = {}
    shared: set[Identifier] = set()
    for identifier, targets in pointed.items():
        # A lead whose reports have all been retracted does not count alongside another lead.
        people = [lead_id for lead_id in targets if not leads[receiver_of(lead_id, leads)].void]
        people = people or list(targets)
        if len({receiver_of(lead_id, leads) for lead_id in people}) > 1:
            shared.add(identifier)
        else:
            pointers[identifier] = people[0]
    return Pointed(pointers, leads, frozenset(shared))


def _with_receivers(draft: Draft, lead_ids: Sequence[str]) -> dict[str, LeadState]:
    """Return the states of leads, and of the leads that they forward to, the last named first."""
    found: dict[str, LeadState] = {}
    for named in reversed(lead_ids):
        following: str | None = named
        while following is not None and following not in found:
            state = draft.lead(following)
            if state is None:
                break
            found[following] = state
            following = state.absorbed_by
    return found


def _ignoring_shared(signal: Signal, shared: Collection[Identifier]) -> Signal:
    """Mark identifiers that have been reported for several people as ignored, for the answer."""
    ignored = (Ignored(key.kind, "shared") for key in signal.identifiers if key in shared)
    return signal._replace(ignored=(*signal.ignored, *ignored))


def _account_joined(
    draft: Draft, signal: Signal, lead: LeadState | None, named: Account
) -> Account:
    """Return the account that the lead belongs to: its own, unless it joins the one named."""
    if named.is_missing or lead is None or lead.account is None:
        return named
    own = _follow_forwarding(draft, lead.account)
    if named.id is None or named.id == own:
        return named if named.id == own else Account(own)
    former = {_follow_forwarding(draft, account_id) for account_id in lead.former_accounts}
    return named if joins(lead, named.id, signal, {own, *former}) else Account(own)


def _follow_forwarding(draft: Draft, account_id: str) -> str:
    if absorbed_by(draft.subject(account_id)) is None:
        return account_id
    return follow_forwarding(account_id, lambda other: absorbed_by(draft.subject(other)))
