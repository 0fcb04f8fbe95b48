"""Absorption: a lead or an account turns out to be another one, and forwards to it from then on.

A person may also decide the opposite, that two are different.

    v  absorbed by  a  absorbed by  k       v and a forward to k, which stands for all three
    k  absorbs a, which absorbed v          k and everything it absorbed: k, a, v

The chain is followed through look-ups, because states are held in many ways: by a decision, by a
batch, by a table. No subject is visited twice, so each walk ends after at most as many steps as
there are subjects.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal

from domain.effects import NO_EFFECTS, Effects, selected
from domain.event import Event, Subject
from domain.lead.state import AccountState, LeadState
from domain.lead.stays import not_before
from domain.lifecycle.definition import MoveKind, SubjectKind
from domain.lifecycle.service_events import ABSORBED, ACCOUNT_ABSORBED, OTHER


def forwarding(subject_id: str, absorbed_by: Callable[[str], str | None]) -> Iterator[str]:
    """Yield a subject and each that it forwards to, in turn. The last receives all reports."""
    seen: set[str] = set()
    following: str | None = subject_id
    while following is not None:
        assert following not in seen, f"{following} forwards to itself"
        seen.add(following)
        yield following
        following = absorbed_by(following)


def follow_forwarding(subject_id: str, absorbed_by: Callable[[str], str | None]) -> str:
    """Follow forwarding to the subject that receives what is reported of this one."""
    following = absorbed_by(subject_id)
    if following is None:
        return subject_id
    *_, last = forwarding(following, absorbed_by)
    return last


def connected(subject_ids: Iterable[str], linked: Callable[[str], Iterable[str]]) -> list[str]:
    """Return subjects and all that they are linked to, directly or through others, each once."""
    found = dict.fromkeys(subject_ids)
    waiting = list(found)
    for subject_id in waiting:
        news = [other for other in dict.fromkeys(linked(subject_id)) if other not in found]
        found |= dict.fromkeys(news)
        waiting += news
    return waiting


def absorption(
    subject: Subject,
    state: LeadState | AccountState,
    *,
    by: str,
    at: datetime,
    position: int,
    cause: int | None,
    effects: Effects = NO_EFFECTS,
) -> Event:
    """Make a subject forward to the one that it turned out to be; its stay ends, if it has one."""
    event = Event(
        position,
        ABSORBED if subject.kind is SubjectKind.LEAD else ACCOUNT_ABSORBED,
        subject,
        at,
        {"by": by},
        {"absorbed_by": by, **effects},
        cause=cause,
    )
    if state.stage is None:
        return event
    return event._replace(
        stage_from=state.stage,
        effective_at=not_before(state.entered_at, at),
        pass_number=state.pass_number,
        effects={**event.effects, "move": {"kind": str(MoveKind.ABSORBED)}},
    )


def on_both(
    first: Event,
    other: Subject,
    effect: Literal["apart", "dismissed"],
    *,
    forwarded_to: str | None,
) -> list[Event]:
    """Record the same effect for two subjects, so that each refers to the other.

    `first` is about one of them; `other` forwards to `forwarded_to`, if it has been absorbed.
    """
    mirrored = first._replace(
        position=first.position + 1,
        subject=other,
        forwarded_to=forwarded_to,
        data={OTHER: first.receiver.id},
        effects=selected({effect: [first.receiver.id]}, [effect]),
        cause=first.position,
    )
    effects = selected({effect: [mirrored.receiver.id]}, [effect])
    return [first._replace(effects=effects), mirrored]
