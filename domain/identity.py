"""Who an event is about: identifiers to leads.

Strong identifiers name a person, in an order of trust; a cookie is weak. What is linked stays
linked: absorption makes a lead forward to another, and the subject of an event is the lead that
its identifiers point to before forwarding, so that an absorption can be ended at any later time.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.signals import Identifier, Signal
from domain.state import LeadState


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


def resolve(
    signal: Signal,
    *,
    pointers: Pointers,
    leads: Leads,
    trust: Sequence[str],
    new_id: str,
) -> Resolution | None:
    """Find the lead of a signal, or make one with `new_id`.

    `pointers` holds every identifier of the signal that already points to a lead; `leads` the
    states of those leads and of the leads that they forward to. None: the signal names a lead that
    nobody has reported, or names none.
    """
    if signal.lead_id is not None:
        return _addressed(signal, pointers, leads)
    strong = sorted(
        (one for one in signal.identifiers if one.is_strong), key=lambda one: _rank(one, trust)
    )
    weak = tuple(one for one in signal.identifiers if not one.is_strong)
    named = [one for one in strong if one in pointers]
    if named:
        return _named(pointers[named[0]], strong, weak, pointers, leads)
    if strong:
        return _newly_named(tuple(strong), weak, pointers, leads, new_id)
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


def _rank(identifier: Identifier, trust: Sequence[str]) -> tuple[int, str]:
    known = identifier.kind in trust
    return (trust.index(identifier.kind) if known else len(trust), identifier.kind)


def _addressed(signal: Signal, pointers: Pointers, leads: Leads) -> Resolution | None:
    assert signal.lead_id is not None
    if signal.lead_id not in leads:
        return None
    strong = [one for one in signal.identifiers if one.is_strong]
    weak = tuple(one for one in signal.identifiers if not one.is_strong)
    return _named(signal.lead_id, strong, weak, pointers, leads)


def _named(
    subject: str,
    strong: Sequence[Identifier],
    weak: Sequence[Identifier],
    pointers: Pointers,
    leads: Leads,
) -> Resolution:
    """A lead that is already known under at least one of the strong identifiers."""
    receiver, person = receiver_of(subject, leads), person_of(subject, leads)
    links = [one for one in strong if one not in pointers]
    conflicts: dict[str, None] = {}
    for one in strong:
        if one not in pointers or (other := receiver_of(pointers[one], leads)) == receiver:
            continue
        if other not in leads[receiver].conflicts and not are_apart(receiver, other, leads):
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
        links=tuple(links),
        absorbs=tuple(absorbs),
        conflicts=tuple(conflicts),
        merged_person=person if person != receiver else None,
    )


def _newly_named(
    strong: tuple[Identifier, ...],
    weak: tuple[Identifier, ...],
    pointers: Pointers,
    leads: Leads,
    new_id: str,
) -> Resolution:
    """Nobody is known by these names: the anonymous visitor becomes known, or a new lead is made.

    A cookie that belongs to a known lead never lends it a new name: computers are shared.
    """
    for cookie in weak:
        if cookie in pointers:
            visitor = receiver_of(pointers[cookie], leads)
            if not leads[visitor].known:
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
