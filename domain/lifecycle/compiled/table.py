"""A lifecycle compiled for deciding: the machine's legal moves as a table.

Asking the machine costs some tens of microseconds, a look-up here a fraction of one. The table is
read off the machine and a law proves that both always agree.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.lifecycle.calendars import Expansion
from domain.lifecycle.compiled.business_time import BusinessTime, Clock, business_times, clock_of
from domain.lifecycle.compiled.inert import Place, quiet_places
from domain.lifecycle.compiled.machine import Legal, legal_moves, machine_for
from domain.lifecycle.compiled.route import kind_of, passed_over
from domain.lifecycle.conditions import Readings, Scalar, Test
from domain.lifecycle.definition import (
    UNPLACED,
    Guard,
    Lifecycle,
    MoveKind,
    Track,
)


@dataclass(frozen=True, slots=True)
class CompiledMove:
    """One legal move from one stage."""

    to: str
    kind: MoveKind | None
    """How the stay ends; None: the event is legal here and moves nothing."""
    guards: tuple[Guard, ...]
    begins_pass: bool
    passed_over: tuple[str, ...]
    named: bool
    tests: tuple[Test, ...]
    """The guards' tests, laid out for the look-up."""


@dataclass(frozen=True, slots=True)
class FailedGuard:
    """A guard that did not hold, the values it saw (None: unknown), and where it leads."""

    name: str
    seen: Mapping[str, Scalar]
    to: str


@dataclass(frozen=True, slots=True)
class AllowedMove:
    """What would be legal from a stage, if its guards hold."""

    on: str
    to: str
    guards: tuple[str, ...]
    named: bool


@dataclass(frozen=True, slots=True)
class MoveTable:
    """The legal moves of one track; stage None is a subject that no event has placed yet.

    A class because the look-ups share what was laid out for them when the lifecycle was compiled.
    """

    path: tuple[str, ...]
    path_index: Mapping[str, int]
    """Where each stage of the path stands on it, from 0; stages beside the path are not in it."""
    moves: Mapping[tuple[str | None, str], tuple[CompiledMove, ...]]
    """(stage, trigger) → candidates in the order in which they are tried."""
    _targets: Mapping[str, frozenset[str]]
    _allowed: Mapping[str | None, tuple[AllowedMove, ...]]

    def find(self, stage: str | None, trigger: str, readings: Readings) -> CompiledMove | None:
        """Find the move to take: the first whose guards all hold. Unknown does not hold.

        `facts` is only asked when a candidate has guards, so it may be built when first asked.
        """
        for move in self.moves.get((stage, trigger), ()):
            for test in move.tests:
                if test(readings) is not True:
                    break
            else:
                return move
        return None

    def explain(
        self, stage: str | None, trigger: str, readings: Readings
    ) -> tuple[FailedGuard, ...]:
        """List the guards that keep this event from moving; empty where no move is declared."""
        return tuple(
            FailedGuard(name=guard.name, seen=_seen(guard, readings), to=move.to)
            for move in self.moves.get((stage, trigger), ())
            for guard in move.guards
            if guard.condition.test(readings) is not True
        )

    def allowed(self, stage: str | None) -> tuple[AllowedMove, ...]:
        """List what is declared from this stage, guards not yet asked."""
        return self._allowed.get(stage, ())

    def targets(self, trigger: str) -> frozenset[str]:
        """Name the stages that this event type leads to or stays at; empty where no move has it.

        A decision that no move has is legal everywhere.
        """
        return self._targets.get(trigger, frozenset())


@dataclass(frozen=True, slots=True)
class CompiledLifecycle:
    lifecycle: Lifecycle
    version: int
    """Which publication of its ledger it is: 1, 2, 3 …"""
    lead: MoveTable
    account: MoveTable
    clock: Clock
    """What the clock shows in the lifecycle's zone."""
    calendars: Mapping[str, BusinessTime]
    paced: frozenset[str]
    """Event types that do something to hand-overs, deadlines, calls or channels beside a move."""
    quiet: frozenset[Place]
    """Where a fact does nothing but be recorded, if the lead's state asks for nothing: by stage."""
    in_charge: Mapping[str, str]
    """Stage → the department whose person has the lead there."""
    stage_map: Mapping[str, str] = field(default_factory=dict)
    """Where its publication moves leads whose stage the version before had and it has not."""
    published_at: int = 0
    """Position of its publication; 0 outside of a ledger."""
    publication: Mapping[str, Any] = field(default_factory=dict)
    """What the event of its publication holds; nothing outside of a ledger."""


def compile_lifecycle(
    lifecycle: Lifecycle,
    *,
    version: int = 1,
    expansion: Expansion | None = None,
    stage_map: Mapping[str, str] | None = None,
    published_at: int = 0,
) -> CompiledLifecycle:
    """Compile a checked lifecycle, once per version, with what was expanded at its publication."""
    expansion = expansion or Expansion()
    clock = clock_of(expansion.offsets)
    lead = compile_track(lifecycle.lead, lifecycle.guards)
    return CompiledLifecycle(
        lifecycle=lifecycle,
        version=version,
        stage_map=stage_map or {},
        published_at=published_at,
        lead=lead,
        account=compile_track(lifecycle.account, lifecycle.guards),
        clock=clock,
        calendars=business_times(lifecycle.pace.calendars, expansion, clock),
        paced=lifecycle.pace.concerned(),
        quiet=quiet_places(lifecycle, lead.moves),
        in_charge=_in_charge(lifecycle),
    )


def published_as(
    compiled: CompiledLifecycle,
    *,
    version: int,
    expansion: Expansion,
    stage_map: Mapping[str, str],
    published_at: int,
    publication: Mapping[str, Any],
) -> CompiledLifecycle:
    """Return a compiled text as one publication put it in force: its tables stay as they are."""
    clock = clock_of(expansion.offsets)
    return replace(
        compiled,
        version=version,
        stage_map=stage_map,
        published_at=published_at,
        publication=publication,
        clock=clock,
        calendars=business_times(compiled.lifecycle.pace.calendars, expansion, clock),
    )


def compile_track(track: Track, guards: Mapping[str, Guard]) -> MoveTable:
    """Build the machine of one track and lay its legal moves out for look-ups."""
    moves: dict[tuple[str | None, str], list[CompiledMove]] = defaultdict(list)
    allowed: dict[str | None, list[AllowedMove]] = defaultdict(list)
    targets: dict[str, set[str]] = defaultdict(set)
    for legal in legal_moves(machine_for(track, guards)):
        stage = None if legal.source == UNPLACED else legal.source
        move = _compiled(legal, track)
        moves[stage, legal.trigger].append(move)
        names = tuple(guard.name for guard in move.guards)
        allowed[stage].append(AllowedMove(legal.trigger, move.to, names, move.named))
        targets[legal.trigger].add(move.to)
    return MoveTable(
        path=track.path,
        path_index={stage: index for index, stage in enumerate(track.path)},
        moves={key: tuple(candidates) for key, candidates in moves.items()},
        _targets={trigger: frozenset(stages) for trigger, stages in targets.items()},
        _allowed={stage: tuple(candidates) for stage, candidates in allowed.items()},
    )


def _in_charge(lifecycle: Lifecycle) -> dict[str, str]:
    """Name whom each stage is handed over to as soon as it is entered, else whose it is."""
    owned = {
        code: stage.department
        for code, stage in lifecycle.lead.stages.items()
        if stage.department is not None
    }
    return owned | {rule.entering: rule.to_department for rule in lifecycle.pace.hand_overs}


def _compiled(legal: Legal, track: Track) -> CompiledMove:
    move = legal.move
    return CompiledMove(
        to=move.to,
        kind=kind_of(track, move, source=legal.source),
        guards=legal.guards,
        begins_pass=move.begins_pass,
        passed_over=() if move.begins_pass else passed_over(track, source=legal.source, to=move.to),
        named=move.named,
        tests=tuple(guard.condition.test for guard in legal.guards),
    )


def _seen(guard: Guard, readings: Readings) -> dict[str, Scalar]:
    return {path: readings.get(path) for path in guard.condition.reads}
