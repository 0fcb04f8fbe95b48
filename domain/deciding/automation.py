"""The rules that keep leads moving, applied to the case of a signal at three points.

Before its move is found: the effects of its own event. With the move: what the move changes. After
all other consequences: deadlines.
"""

from domain.case import Case
from domain.effects import Effects, joined
from domain.lead.state import DORMANT, REVISIT, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle, CompiledMove
from domain.rules.contact import effects_of_screening, effects_on_channels
from domain.rules.deadlines import (
    BREACHED,
    GIVES_BACK,
    RUNS,
    effects_of_answer,
    effects_of_breach,
)
from domain.rules.revisits import effects_of_recycling, effects_of_request


def effects_before_move(case: Case) -> Effects:
    """Return the effects of the reported event on its lead, whether or not it moves the lead."""
    signal, lead, compiled = case.signal, case.state.lead, case.compiled
    if signal.timer is not None:
        return _effects_of_firing(case)
    if signal.type.name not in compiled.paced:
        return {}
    return joined(
        effects_of_answer(compiled, lead, signal),
        effects_of_request(compiled, lead, signal.type.name),
        effects_of_screening(case),
        effects_on_channels(case),
    )


def _effects_of_firing(case: Case) -> Effects:
    signal, lead = case.signal, case.state.lead
    assert signal.timer is not None
    spent: Effects = {"timers": {signal.timer: None}}
    if signal.type.name == BREACHED:
        return joined(spent, effects_of_breach(case.compiled, lead, signal))
    return spent


def effects_with_move(case: Case, move: CompiledMove) -> Effects:
    """Return the effects of the reported event in addition to its move."""
    signal, compiled = case.signal, case.compiled
    if signal.timer is not None and signal.timer.partition(".")[0] == GIVES_BACK:
        return {}
    return effects_of_recycling(compiled, signal.type.name, signal.data, signal.occurred_at, move)


def effects_of_succession(compiled: CompiledLifecycle, lead: LeadState) -> Effects:
    """Return what ends for a lead that changes over to this lifecycle from another one.

    A timer whose section was removed has nothing to fire. A remaining deadline keeps its due time.
    """
    pace = compiled.lifecycle.pace
    known = {f"{RUNS}.{name}" for name in pace.deadlines}
    known |= {f"{GIVES_BACK}.{name}" for name, rule in pace.deadlines.items() if rule.returns}
    known |= {REVISIT} if pace.recycling is not None else set()
    known |= {DORMANT} if pace.dormancy is not None else set()
    kinds = (RUNS, GIVES_BACK, REVISIT, DORMANT)
    gone = [name for name in lead.timers if name.partition(".")[0] in kinds and name not in known]
    over = [name for name in lead.deadlines if name not in pace.deadlines]
    effects: Effects = {"timers": dict.fromkeys(gone)} if gone else {}
    if over:
        effects["deadlines"] = dict.fromkeys(over)
    return effects
