"""Resolve the identifiers of an event to a lead.

Strong identifiers name a person, in an order of trust; a cookie is weak. Links are permanent:
absorption makes a lead forward to another, and the subject of an event is the lead that its
identifiers point to before forwarding, so that an absorption can be ended at any later time.

People are distinguished by identifiers of which a person has only one. If a report's id or address
differs from that of the lead which a less trusted identifier in the same report names, it is about
another person (two colleagues behind one number). The less trusted identifier is then shared by
several people, and no longer names anyone.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from domain.lead.absorption import follow_forwarding
from domain.lead.state import LeadState
from domain.signal import Identifier, Signal


class Resolution(NamedTuple):
    """The outcome of looking up identifiers."""

    subject: str
    """The lead that the identifiers point to."""
    receiver: str
    """The lead that events about it go to: the subject itself unless it has been absorbed."""
    is_new: bool = False
    links: tuple[Identifier, ...] = ()
    """Identifiers that point to the subject from this event on."""
    absorbs: tuple[tuple[str, LeadState], ...] = ()
    """Anonymous leads that turn out to be the receiver, with their states."""
    conflicts: tuple[str, ...] = ()
    """Other known leads that the strong identifiers newly name: a person has to judge."""
    merged_person: str | None = None
    """The lead that absorbs, if it differs from the receiver because a person merged the two."""
    shares: tuple[Identifier, ...] = ()
    """Identifiers that this report shows to belong to several people, the subject among them."""

    @property
    def forwarded_to(self) -> str | None:
        """The lead that receives the subject's events, if it is another one."""
        return None if self.receiver == self.subject else self.receiver

    @property
    def is_settled(self) -> bool:
        """Whether the signal adds nothing to what is known about identities."""
        return not (self.is_new or self.links or self.absorbs or self.conflicts)

    @property
    def person(self) -> str:
        """The person that the subject is according to identifiers alone."""
        return self.merged_person or self.receiver


Pointers = Mapping[Identifier, str]
Leads = Mapping[str, LeadState]


class _Known(NamedTuple):
    """What is known about identities, and the order of trust of identifier kinds."""

    pointers: Pointers
    leads: Leads
    trust: Sequence[str]

    def receiver(self, identifier: Identifier) -> str:
        """Return the lead that an identifier names, after forwarding."""
        return receiver_of(self.pointers[identifier], self.leads)

    def rank(self, identifier: Identifier) -> int:
        """Return 0 for the most trusted kind; kinds without a rank come last."""
        trust, kind = self.trust, identifier.kind
        return trust.index(kind) if kind in trust else len(trust)


def resolve(
    signal: Signal,
    *,
    pointers: Pointers,
    leads: Leads,
    trust: Sequence[str],
    new_id: str,
    shared: Collection[Identifier] = (),
) -> Resolution | None:
    """Find the lead of a signal, or make one with `new_id`.

    `pointers` maps every identifier of the signal that is already known to its lead; `leads` holds
    the states of those leads and of the leads that they forward to; `shared` contains identifiers
    that have been reported for several people, and so name no one. Returns None if the signal names
    no lead, or one that has never been reported.
    """
    known = _Known(pointers, leads, trust)
    strong = sorted(
        (
            identifier
            for identifier in signal.identifiers
            if identifier.is_strong and identifier not in shared
        ),
        key=lambda identifier: (known.rank(identifier), identifier.kind),
    )
    weak = tuple(identifier for identifier in signal.identifiers if not identifier.is_strong)
    if signal.lead_id is not None:
        is_known = signal.lead_id in leads
        return _named(signal.lead_id, strong, weak, known) if is_known else None
    if strong:
        return _by_name(strong, weak, known, new_id)
    if weak:
        return _by_cookie(weak, pointers, leads, new_id)
    return _referred((*signal.references, *signal.shared_references), pointers, leads)


def joins(lead: LeadState, company: str, signal: Signal, former: Collection[str]) -> bool:
    """Whether a lead belongs to a company from a report on that names it.

    The newest company by time counts: one that the report states, or one whose address appears for
    the first time. A company name alone counts only while the lead has no company.
    """
    if lead.account is None or signal.names_account:
        return True
    return not signal.names_company_only and company not in former


def receiver_of(lead_id: str, leads: Leads) -> str:
    """Follow forwarding to the lead that receives this one's events."""
    if leads[lead_id].absorbed_by is None:
        return lead_id
    return follow_forwarding(lead_id, lambda other: leads[other].absorbed_by)


def person_of(lead_id: str, leads: Leads) -> str:
    """Follow absorptions by identifiers, but not a person's decision that two people are one.

    Links and absorptions must not depend on such a decision, because it can be taken back.
    """
    return follow_forwarding(
        lead_id, lambda other: None if leads[other].merged else leads[other].absorbed_by
    )


def are_apart(lead_id: str, other: str, leads: Leads) -> bool:
    """Whether a person set two leads, or leads they have absorbed, apart as different people."""
    return any(
        not {second, *leads[second].absorbs}.isdisjoint(leads[first].apart)
        for first, second in ((lead_id, other), (other, lead_id))
    )


def _by_name(
    strong: Sequence[Identifier], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    named = next((identifier for identifier in strong if identifier in known.pointers), None)
    if named is None:
        return _newly_named(tuple(strong), weak, known, new_id)
    if _is_of_another_person(named, strong, known):
        return _colleague(tuple(strong), weak, known, new_id)
    return _named(known.pointers[named], strong, weak, known)


def _is_of_another_person(named: Identifier, strong: Sequence[Identifier], known: _Known) -> bool:
    """Whether a report is about another person than the lead its most trusted known name points to.

    That is so if it has a more trusted, unknown identifier of a kind that the lead already has.
    """
    holds, rank = known.leads[known.receiver(named)].holds, known.rank(named)
    return any(
        identifier not in known.pointers
        and identifier.kind in holds
        and known.rank(identifier) < rank
        for identifier in strong
    )


def _colleague(
    strong: tuple[Identifier, ...], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    """A new person, who shares the identifiers that are already known with a known person."""
    found = _newly_named(strong, weak, known, new_id)
    shares = tuple(identifier for identifier in strong if identifier in known.pointers)
    conflicts = tuple(
        other
        for other in dict.fromkeys(map(known.receiver, shares))
        if found.is_new or not are_apart(found.receiver, other, known.leads)
    )
    return found._replace(conflicts=conflicts, shares=shares)


def _named(
    subject: str, strong: Sequence[Identifier], weak: Sequence[Identifier], known: _Known
) -> Resolution:
    """A lead that is already known by at least one of the strong identifiers."""
    pointers, leads, _ = known
    receiver, person = receiver_of(subject, leads), person_of(subject, leads)
    links = [identifier for identifier in strong if identifier not in pointers]
    shares: list[Identifier] = []
    conflicts: dict[str, None] = {}
    for identifier in strong:
        if identifier not in pointers or (other := known.receiver(identifier)) == receiver:
            continue
        is_shared = _is_distinguished(other, identifier, strong, known)
        if is_shared:
            shares.append(identifier)
        is_news = is_shared or other not in leads[receiver].conflicts
        if is_news and not are_apart(receiver, other, leads):
            conflicts[other] = None
    absorbs: list[tuple[str, LeadState]] = []
    for cookie in weak:
        if cookie not in pointers:
            links.append(cookie)
            continue
        other = person_of(pointers[cookie], leads)
        if other == person:
            continue
        if leads[other].known or not leads[person].known or are_apart(person, other, leads):
            links.append(cookie)
        else:
            absorbs.append((other, leads[other]))
    return Resolution(
        subject,
        receiver,
        links=(*links, *shares),
        absorbs=tuple(absorbs),
        conflicts=tuple(conflicts),
        merged_person=person if person != receiver else None,
        shares=tuple(shares),
    )


def _is_distinguished(
    other: str, named: Identifier, strong: Sequence[Identifier], known: _Known
) -> bool:
    """Whether a more trusted identifier distinguishes the lead that a name points to.

    Otherwise the two may be one person known twice, and the name keeps pointing to that lead.
    """
    holds, rank = known.leads[other].holds, known.rank(named)
    return any(
        identifier.kind in holds
        and (identifier not in known.pointers or known.receiver(identifier) != other)
        for identifier in strong
        if known.rank(identifier) < rank
    )


def _newly_named(
    strong: tuple[Identifier, ...], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    """None of these names is known: the anonymous visitor becomes known, or a new lead is made.

    A cookie that belongs to a known lead never gives it a new name, because computers are shared.
    """
    for cookie in weak:
        if cookie in known.pointers:
            visitor = known.receiver(cookie)
            if not known.leads[visitor].known:
                return Resolution(visitor, visitor, links=strong)
    return Resolution(new_id, new_id, is_new=True, links=(*strong, *weak))


def _by_cookie(
    weak: tuple[Identifier, ...], pointers: Pointers, leads: Leads, new_id: str
) -> Resolution:
    for cookie in weak:
        if cookie in pointers:
            subject = pointers[cookie]
            return Resolution(subject, receiver_of(subject, leads))
    return Resolution(new_id, new_id, is_new=True, links=weak)


def _referred(
    references: Sequence[Identifier], pointers: Pointers, leads: Leads
) -> Resolution | None:
    for reference in references:
        if reference in pointers:
            subject = pointers[reference]
            return Resolution(subject, receiver_of(subject, leads))
    return None
