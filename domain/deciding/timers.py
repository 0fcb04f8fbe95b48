"""Timers: which ones are due, and the event that each becomes when it fires.

A timer is part of its lead's state, set and cleared by the effects of events. So it makes no
difference whether the service was down when it came due: before anything is decided about a lead,
due timers fire first, in due order, and take effect from their due time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.deciding.decide import Decided, NotAllowed, Party, decide
from domain.lead.identity import Resolution
from domain.lead.state import DORMANT, REVISIT, Firing, LeadState, State, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventType, SubjectKind
from domain.limits import STANDSTILL_MAX
from domain.rules.deadlines import GIVES_BACK, RUNS, fire_breach, fire_return
from domain.rules.grading import GRADE_TIMER, fire_grade
from domain.rules.revisits import fire_dormant, fire_revisit
from domain.signal import Signal

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class TimersEndless(Exception):
    """The timers of a lead arm each other endlessly without time passing."""


@dataclass(slots=True)
class Passing:
    """Checks that time passes while timers fire. A class, because it remembers its progress.

    Any number of due timers comes to an end as long as each arms the next for a later time.
    """

    latest: datetime = BEFORE_ALL
    stood_still: int = 0

    def see(self, due_at: datetime) -> None:
        """Note that a timer fires. Raises TimersEndless."""
        if due_at > self.latest:
            self.latest, self.stood_still = due_at, 0
            return
        self.stood_still += 1
        if self.stood_still >= STANDSTILL_MAX:
            raise TimersEndless(f"{self.stood_still} timers fired without passing {self.latest}")


Fires = Callable[[CompiledLifecycle, LeadState, str, Timer], Firing]
"""From the lifecycle, the lead, the name of the timer and the timer itself."""

KINDS: Mapping[str, Fires] = {
    RUNS: fire_breach,
    GIVES_BACK: fire_return,
    REVISIT: fire_revisit,
    DORMANT: fire_dormant,
    GRADE_TIMER: fire_grade,
}
"""First word of a timer's name → what it fires."""


def next_due(state: LeadState) -> datetime | None:
    """Return when the first timer of a lead is due."""
    return min([timer.due_at for timer in state.timers.values()], default=None)


def is_due(state: LeadState, upto: datetime) -> bool:
    """Whether a timer of a lead is due by a moment."""
    due_at = next_due(state)
    return due_at is not None and due_at <= upto


def first_due(state: LeadState) -> Timer:
    """Return the timer of a lead that is due first."""
    return state.timers[min(state.timers, key=lambda name: (state.timers[name].due_at, name))]


def fire(
    compiled: CompiledLifecycle,
    state: State,
    *,
    lead_id: str,
    id: str,
    source: str,
    upto: datetime,
    position: int,
) -> Decided | NotAllowed | None:
    """Decide what the first timer due by `upto` becomes; None if none is due.

    `compiled` is the lead's own version, so that a timer fires under the rules that set it.
    """
    lead = state.lead
    signal = firing(compiled, lead, lead_id=lead_id, id=id, source=source, upto=upto)
    if signal is None:
        return None
    party = Party(Resolution(lead_id, lead_id), lead.account)
    return decide(compiled, state, signal, party, position=position)


def firing(
    compiled: CompiledLifecycle,
    state: LeadState,
    *,
    lead_id: str,
    id: str,
    source: str,
    upto: datetime,
) -> Signal | None:
    """Return the signal of the first timer due by `upto`; None if none is due.

    Timers due at the same moment fire in the order of their names.
    """
    due = [(timer.due_at, name) for name, timer in state.timers.items() if timer.due_at <= upto]
    if not due:
        return None
    due_at, name = min(due)
    fired = KINDS[name.partition(".")[0]](compiled, state, name, state.timers[name])
    return own_signal(
        compiled.lifecycle.events[fired.type],
        lead_id=lead_id,
        id=id,
        source=source,
        occurred_at=due_at,
        data={**fired.data, "timer": name},
        cause=state.timers[name].armed_by,
        timer=name,
    )


def own_signal(
    event_type: EventType,
    *,
    lead_id: str | None,
    id: str,
    source: str,
    occurred_at: datetime,
    data: Mapping[str, Any],
    cause: int | None = None,
    timer: str | None = None,
) -> Signal:
    """Make a signal of the service's own, about a lead or, without one, about the ledger."""
    return Signal(
        source=source,
        id=id,
        type=event_type,
        subject=SubjectKind.LEAD if lead_id is not None else SubjectKind.LEDGER,
        occurred_at=occurred_at,
        lead_id=lead_id,
        data=data,
        cause=cause,
        timer=timer,
    )
