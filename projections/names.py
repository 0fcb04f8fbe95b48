"""The names of the projections, for whoever has to name one and imports none of them."""

from enum import StrEnum


class ProjectionName(StrEnum):
    """What a projection is called on the command line, in paths and in its checkpoint."""

    STAGE_INTERVALS = "stage_intervals"
    DIRECTORY = "directory"
    BUSINESS = "business"
    DEADLINES = "deadlines"
