"""The names of the projections, for code that names one without importing it."""

from enum import StrEnum


class ProjectionName(StrEnum):
    """What a projection is called on the command line, in paths and in its checkpoint."""

    STAGE_INTERVALS = "stage_intervals"
    DIRECTORY = "directory"
    BUSINESS = "business"
    DEADLINES = "deadlines"
    PLANS = "plans"
