"""Every projection there is, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.business import business
from projections.deadlines import deadlines
from projections.directory import directory
from projections.names import ProjectionName
from projections.projection import Projection
from projections.stage_intervals import stage_intervals

PROJECTIONS: Mapping[str, Callable[[str], Projection[Any]]] = {
    ProjectionName.STAGE_INTERVALS: stage_intervals,
    ProjectionName.DIRECTORY: directory,
    ProjectionName.BUSINESS: business,
    ProjectionName.DEADLINES: deadlines,
}
"""Name → what makes it for a schema."""
