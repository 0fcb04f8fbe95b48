"""All projections, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.business.projection import business
from projections.deadlines.projection import deadlines
from projections.engine.projection import Projection
from projections.funnel.projection import stage_intervals
from projections.leads.projection import directory
from projections.names import ProjectionName
from projections.plans.projection import plans

PROJECTIONS: Mapping[str, Callable[[str], Projection[Any]]] = {
    ProjectionName.STAGE_INTERVALS: stage_intervals,
    ProjectionName.DIRECTORY: directory,
    ProjectionName.BUSINESS: business,
    ProjectionName.DEADLINES: deadlines,
    ProjectionName.PLANS: plans,
}
"""Name → factory that takes the schema."""
