"""The state machine of one track, in the only module that uses `transitions`.

The machine decides what is legal. It has no permanent model: a throwaway probe represents the lead,
because a machine keeps every model it is given alive and compares models by equality. The fast
table (table.py) is derived from the finished machine, so there is one source of legal moves.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from transitions import EventData, Machine, MachineError

from domain.lifecycle.conditions import Equals, Readings, condition_of
from domain.lifecycle.definition import UNPLACED, Guard, Move, Track, Words

NAMED_PATH = "event.to"
"""The field that names the target stage, in events whose moves are declared `to: named`."""

_Callback: TypeAlias = str | Callable[..., bool | None]
"""What `transitions` accepts as a condition; ours are objects, so that they can be found again."""


@dataclass(slots=True)
class Probe:
    """Represents a lead while the machine is consulted; mutable because the machine moves it."""

    state: str
    taken: Move | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """Whether a guard holds; unknown does not. A class so that the table can find the guard."""

    guard: Guard

    def __call__(self, asked: EventData) -> bool:
        readings: Readings = asked.kwargs["readings"]
        return self.guard.condition.test(readings) is True


@dataclass(frozen=True, slots=True)
class Takes:
    """Records on the probe which declared move the machine took."""

    move: Move

    def __call__(self, asked: EventData) -> None:
        probe = asked.model
        assert isinstance(probe, Probe)
        probe.taken = self.move


@dataclass(frozen=True, slots=True)
class Legal:
    """One legal move from one stage, as the machine holds it."""

    trigger: str
    source: str
    guards: tuple[Guard, ...]
    move: Move


def machine_for(track: Track, guards: Mapping[str, Guard]) -> Machine:
    """Build the machine of a track from its checked definition."""
    machine = Machine(
        model=None,
        states=[UNPLACED, *track.stages],
        initial=UNPLACED,
        auto_transitions=False,
        send_event=True,
    )
    for move in track.moves:
        conditions: list[_Callback] = [Holds(guard) for guard in _guards_of(move, guards)]
        for source in move.sources:
            machine.add_transition(
                trigger=move.on,
                source=source,
                dest=None if move.stays else move.to,
                conditions=list(conditions),
                before=[Takes(move)],
            )
    return machine


def ask(machine: Machine, *, stage: str | None, trigger: str, readings: Readings) -> Move | None:
    """Ask the machine itself; None if nothing is legal. Slow: some 30 µs."""
    event = machine.events.get(trigger)
    if event is None:
        return None
    probe = Probe(state=stage or UNPLACED)
    try:
        event.trigger(probe, readings=readings)
    except MachineError:
        return None
    return probe.taken


def legal_moves(machine: Machine) -> Iterator[Legal]:
    """List all moves of the machine, per stage in the order in which it tries them."""
    for trigger, event in machine.events.items():
        for source, transitions in event.transitions.items():
            for transition in transitions:
                guards = tuple(_guard_in(condition.func) for condition in transition.conditions)
                (takes,) = transition.before
                assert isinstance(takes, Takes)
                yield Legal(trigger=trigger, source=source, guards=guards, move=takes.move)


def _guard_in(callback: _Callback) -> Guard:
    assert isinstance(callback, Holds)
    return callback.guard


def _guards_of(move: Move, guards: Mapping[str, Guard]) -> list[Guard]:
    declared = [guards[name] for name in move.guards]
    return [_naming(move.to), *declared] if move.named else declared


def _naming(stage: str) -> Guard:
    """Make the guard of a move to a stage that the event itself names."""
    return Guard(
        name="named", words=Words(label={}), condition=condition_of(Equals(NAMED_PATH, stage))
    )
