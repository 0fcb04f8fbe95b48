"""A lifecycle compiled for decisions: the machine, and its legal moves as a table.

A decision is asked of the machine itself. A fact moves by the table, and so does what follows from
either: a query to the machine costs tens of microseconds, a look-up here a fraction of one. The
table is derived from the machine, and a law verifies that both always agree.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from domain.lifecycle.calendars import Expansion
from domain.lifecycle.compiled.business_time import BusinessTime, Clock, business_times, clock_of
from domain.lifecycle.compiled.machine import Legal, ask, legal_moves, machine_for
from domain.lifecycle.compiled.route import kind_of, passed_over
from domain.lifecycle.conditions import Readings, Scalar, Test
from domain.lifecycle.definition import (
    UNPLACED,
    Guard,
    Lifecycle,
    Move,
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
    """The guards' tests, prepared for the look-up."""
    declared: Move | None = None
    """What the lifecycle declares; None for a move that only its publication makes."""


@dataclass(frozen=True, slots=True)
class FailedGuard:
    """A guard that did not hold, the values it read (None: unknown), and the move's target."""

    name: str
    seen: Mapping[str, Scalar]
    to: str


@dataclass(frozen=True, slots=True)
class AllowedMove:
    """A move that is legal from a stage if its guards hold."""

    on: str
    to: str
    guards: tuple[str, ...]
    named: bool


@dataclass(frozen=True, slots=True)
class MoveTable:
    """The legal moves of one track; stage None is a subject that no event has placed yet.

    A class, because the look-ups share data prepared when the lifecycle was compiled.
    """

    path: tuple[str, ...]
    path_index: Mapping[str, int]
    """Index of each stage on the path, from 0; stages off the path are not included."""
    moves: Mapping[tuple[str | None, str], tuple[CompiledMove, ...]]
    """(stage, trigger) → candidates in the order in which they are tried."""
    _targets: Mapping[str, frozenset[str]]
    _allowed: Mapping[str | None, tuple[AllowedMove, ...]]
    _ask: Callable[..., Move | None] = field(compare=False, repr=False)
    """Triggers the machine itself, on a throwaway probe."""

    def ask(self, stage: str | None, trigger: str, readings: Readings) -> CompiledMove | None:
        """Return the move that the machine makes: what `find` returns, decided by the machine."""
        taken = self._ask(stage=stage, trigger=trigger, readings=readings)
        if taken is None:
            return None
        return next(move for move in self.moves[stage, trigger] if move.declared is taken)

    def find(self, stage: str | None, trigger: str, readings: Readings) -> CompiledMove | None:
        """Return the first move whose guards all hold. A guard with an unknown answer does not.

        `readings` is only used if a candidate has guards, so its values may be computed on demand.
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
        """List the guards that prevent this event's moves; empty if no move is declared."""
        return tuple(
            FailedGuard(name=guard.name, seen=_seen(guard, readings), to=move.to)
            for move in self.moves.get((stage, trigger), ())
            for guard in move.guards
            if guard.condition.test(readings) is not True
        )

    def allowed(self, stage: str | None) -> tuple[AllowedMove, ...]:
        """List the moves declared from this stage, without testing guards."""
        return self._allowed.get(stage, ())

    def targets(self, trigger: str) -> frozenset[str]:
        """Return the stages that this event type leads to or stays in; empty if no move uses it.

        A decision that no move uses is legal everywhere.
        """
        return self._targets.get(trigger, frozenset())


@dataclass(frozen=True, slots=True)
class CompiledLifecycle:
    lifecycle: Lifecycle
    version: int
    """Number of the publication in its ledger: 1, 2, 3 …"""
    lead: MoveTable
    account: MoveTable
    clock: Clock
    """Local time in the lifecycle's zone."""
    calendars: Mapping[str, BusinessTime]
    paced: frozenset[str]
    """Event types with an effect on hand-overs, deadlines, calls or channels besides a move."""
    in_charge: Mapping[str, str]
    """Stage → the department whose person has the lead there."""
    profile_reads: tuple[str, ...]
    """The paths that the rules about targets and attributes read."""
    profiles: dict[tuple[Scalar, ...], Mapping[str, Any]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """The values of these paths → how they have been judged: a memo, not part of the lifecycle."""
    stage_map: Mapping[str, str] = field(default_factory=dict)
    """Stage of the previous version that was removed → the stage its leads are moved to."""
    published_at: int = 0
    """Position of its publication; 0 outside a ledger."""
    in_force_since: datetime | None = None
    """When it was published; None outside a ledger."""
    publication: Mapping[str, Any] = field(default_factory=dict)
    """Data of its publication event; empty outside a ledger."""


def compile_lifecycle(
    lifecycle: Lifecycle,
    *,
    version: int = 1,
    expansion: Expansion | None = None,
    stage_map: Mapping[str, str] | None = None,
    published_at: int = 0,
) -> CompiledLifecycle:
    """Compile a checked lifecycle, once per version, with the expansion from its publication."""
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
        in_charge=departments_in_charge(lifecycle),
        profile_reads=_profile_reads(lifecycle),
    )


def published_as(
    compiled: CompiledLifecycle,
    *,
    version: int,
    expansion: Expansion,
    stage_map: Mapping[str, str],
    published_at: int,
    in_force_since: datetime,
    publication: Mapping[str, Any],
) -> CompiledLifecycle:
    """Return a compiled text with the data of one publication; its tables are unchanged."""
    clock = clock_of(expansion.offsets)
    return replace(
        compiled,
        version=version,
        stage_map=stage_map,
        published_at=published_at,
        in_force_since=in_force_since,
        publication=publication,
        clock=clock,
        calendars=business_times(compiled.lifecycle.pace.calendars, expansion, clock),
    )


def compile_track(track: Track, guards: Mapping[str, Guard]) -> MoveTable:
    """Build the machine of one track and prepare its legal moves for look-ups."""
    moves: dict[tuple[str | None, str], list[CompiledMove]] = defaultdict(list)
    allowed: dict[str | None, list[AllowedMove]] = defaultdict(list)
    targets: dict[str, set[str]] = defaultdict(set)
    machine = machine_for(track, guards)
    for legal in legal_moves(machine):
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
        _ask=partial(ask, machine),
    )


def _profile_reads(lifecycle: Lifecycle) -> tuple[str, ...]:
    attributes = lifecycle.scoring.attributes.values() if lifecycle.scoring is not None else ()
    conditions = [rule.condition for rule in (*lifecycle.targets, *attributes)]
    return tuple(dict.fromkeys(path for condition in conditions for path in condition.reads))


def departments_in_charge(lifecycle: Lifecycle) -> dict[str, str]:
    """Return the department that each stage is handed over to on entry, else the one owning it."""
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
        declared=move,
    )


def _seen(guard: Guard, readings: Readings) -> dict[str, Scalar]:
    return {path: readings.get(path) for path in guard.condition.reads}
