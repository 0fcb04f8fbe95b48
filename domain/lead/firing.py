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
