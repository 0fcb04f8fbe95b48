"""What a timer becomes when it fires."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from domain.lead.state import LeadState, Timer
from domain.lifecycle.compiled.table import CompiledLifecycle


class Firing(NamedTuple):
    """An event of this type, with these fields."""

    type: str
    data: Mapping[str, Any]


Fires = Callable[[CompiledLifecycle, LeadState, str, Timer], Firing]
"""From the lifecycle, the lead, the name of the timer and the timer itself."""


def joined(*effects: Mapping[str, Any]) -> dict[str, Any]:
    """Join effects of one event. If several set the same timer, the last one counts."""
    whole: dict[str, Any] = {}
    timers: dict[str, str | None] = {}
    for some in effects:
        if some:
            whole |= some
            timers |= some.get("timers", {})
    return whole | {"timers": timers} if timers else whole
