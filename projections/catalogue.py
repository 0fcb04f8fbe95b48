"""All projections, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.business.projection import business
from projections.deadlines.projection import deadlines
from projections.engine.projection import Projection
from projections.funnel.projection import stage_intervals
from projections.leads.projection import directory

PROJECTIONS: Mapping[str, Callable[[str], Projection[Any]]] = {
    "stage_intervals": stage_intervals,
    "directory": directory,
    "business": business,
    "deadlines": deadlines,
}
"""Name → factory that takes the schema."""
