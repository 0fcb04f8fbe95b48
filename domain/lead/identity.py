"""Who an event is about: identifiers to leads.

Strong identifiers name a person, in an order of trust; a cookie is weak. What is linked stays
linked: absorption makes a lead forward to another, and the subject of an event is the lead that
its identifiers point to before forwarding, so that an absorption can be ended at any later time.

People are told apart by what they have one of. Whoever reports another id, or another address, than
the lead that a less trusted companion names is somebody else (two colleagues behind one number);
the companion has then been reported of several people, and names nobody from then on.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from domain.lead.state import LeadState
from domain.signal import Identifier, Signal


class Resolution(NamedTuple):
    """The outcome of looking identifiers up."""

    subject: str
    """The lead that the identifiers point to."""
    receiver: str
    """The lead that stands for it: the subject itself unless it has been absorbed."""
    is_new: bool = False
    links: tuple[Identifier, ...] = ()
    """Identifiers that point to the subject from this event on."""
    absorbs: tuple[tuple[str, LeadState], ...] = ()
    """Anonymous leads that turn out to be the receiver, with where they stood."""
    conflicts: tuple[str, ...] = ()
    """Other known leads that the strong identifiers name, which is news: a person has to judge."""
    merged_person: str | None = None
    """Who absorbs, where that is another one than the receiver because somebody merged the two."""
    shares: tuple[Identifier, ...] = ()
    """Identifiers that turn out to be of several people by this report: of the subject too."""

    @property
    def forwarded_to(self) -> str | None:
        """The lead that stands for the subject, where that is another one."""
        return None if self.receiver == self.subject else self.receiver

    @property
    def is_settled(self) -> bool:
        """Whether the signal tells nothing of who is who that was not known before."""
        return not (self.is_new or self.links or self.absorbs or self.conflicts)

    @property
    def person(self) -> str:
        """Who the subject is, as identifiers alone tell it."""
        return self.merged_person or self.receiver


Pointers = Mapping[Identifier, str]
Leads = Mapping[str, LeadState]


class _Known(NamedTuple):
    """What is known of who is who, and which kinds of identifiers are trusted most."""

    pointers: Pointers
    leads: Leads
    trust: Sequence[str]

    def receiver(self, identifier: Identifier) -> str:
        """Return the lead that an identifier names, after forwarding."""
        return receiver_of(self.pointers[identifier], self.leads)

    def rank(self, identifier: Identifier) -> int:
        """Return 0 for the kind that is trusted most; kinds that nobody ranked come last."""
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

    `pointers` holds every identifier of the signal that already points to a lead; `leads` the
    states of those leads and of the leads that they forward to; `shared` what has been reported of
    several people, and so names none. None: the signal names a lead that nobody has reported, or
    names none.
    """
    known = _Known(pointers, leads, trust)
    strong = sorted(
        (one for one in signal.identifiers if one.is_strong and one not in shared),
        key=lambda one: (known.rank(one), one.kind),
    )
    weak = tuple(one for one in signal.identifiers if not one.is_strong)
    if signal.lead_id is not None:
        is_known = signal.lead_id in leads
        return _named(signal.lead_id, strong, weak, known) if is_known else None
    if strong:
        return _by_name(strong, weak, known, new_id)
    if weak:
        return _by_cookie(weak, pointers, leads, new_id)
    return _referred((*signal.references, *signal.shared_references), pointers, leads)


def receiver_of(lead_id: str, leads: Leads) -> str:
    """Follow forwarding to the lead that stands for this one."""
    seen = {lead_id}
    while (absorbed_by := leads[lead_id].absorbed_by) is not None:
        assert absorbed_by not in seen, f"lead {lead_id} forwards to itself"
        seen.add(absorbed_by)
        lead_id = absorbed_by
    return lead_id


def person_of(lead_id: str, leads: Leads) -> str:
    """Follow what identifiers told, but no decision of somebody that two people are one.

    Who is linked and absorbed must not depend on such a decision, because it can be taken back.
    """
    while (state := leads[lead_id]).absorbed_by is not None and not state.merged:
        lead_id = state.absorbed_by
    return lead_id


def are_apart(one: str, other: str, leads: Leads) -> bool:
    """Whether somebody decided that two leads are other people, they or whom they have absorbed."""
    return any(
        not {second, *leads[second].absorbs}.isdisjoint(leads[first].apart)
        for first, second in ((one, other), (other, one))
    )


def _by_name(
    strong: Sequence[Identifier], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    named = next((one for one in strong if one in known.pointers), None)
    if named is None:
        return _newly_named(tuple(strong), weak, known, new_id)
    if _is_of_somebody_else(named, strong, known):
        return _colleague(tuple(strong), weak, known, new_id)
    return _named(known.pointers[named], strong, weak, known)


def _is_of_somebody_else(named: Identifier, strong: Sequence[Identifier], known: _Known) -> bool:
    """Whether a report is of another person than the lead that its most trusted known name has.

    It is where it brings something more trusted of a kind that the lead has already.
    """
    holds, rank = known.leads[known.receiver(named)].holds, known.rank(named)
    return any(
        one not in known.pointers and one.kind in holds and known.rank(one) < rank for one in strong
    )


def _colleague(
    strong: tuple[Identifier, ...], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    """Somebody new, who shares with a known person whatever is known already."""
    found = _newly_named(strong, weak, known, new_id)
    shares = tuple(one for one in strong if one in known.pointers)
    conflicts = tuple(
        other
        for other in dict.fromkeys(map(known.receiver, shares))
        if found.is_new or not are_apart(found.receiver, other, known.leads)
    )
    return found._replace(conflicts=conflicts, shares=shares)


def _named(
    subject: str, strong: Sequence[Identifier], weak: Sequence[Identifier], known: _Known
) -> Resolution:
    """A lead that is already known under at least one of the strong identifiers."""
    pointers, leads, _ = known
    receiver, person = receiver_of(subject, leads), person_of(subject, leads)
    links = [one for one in strong if one not in pointers]
    shares: list[Identifier] = []
    conflicts: dict[str, None] = {}
    for one in strong:
        if one not in pointers or (other := known.receiver(one)) == receiver:
            continue
        is_shared = _is_told_apart(other, one, strong, known)
        if is_shared:
            shares.append(one)
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


def _is_told_apart(
    other: str, named: Identifier, strong: Sequence[Identifier], known: _Known
) -> bool:
    """Whether the lead that a name points to is told apart by something that is trusted more.

    Otherwise the two may be one person who is known twice, and the name goes on pointing.
    """
    holds, rank = known.leads[other].holds, known.rank(named)
    return any(
        one.kind in holds and (one not in known.pointers or known.receiver(one) != other)
        for one in strong
        if known.rank(one) < rank
    )


def _newly_named(
    strong: tuple[Identifier, ...], weak: tuple[Identifier, ...], known: _Known, new_id: str
) -> Resolution:
    """Nobody is known by these names: the anonymous visitor becomes known, or a new lead is made.

    A cookie that belongs to a known lead never lends it a new name: computers are shared.
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
