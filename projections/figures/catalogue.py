"""All figures, by name."""

from collections.abc import Mapping

from projections.figures.choosing.capacity import CAPACITY
from projections.figures.choosing.lists import LISTS
from projections.figures.definition import Figure
from projections.figures.money.campaigns import CAMPAIGNS
from projections.figures.money.contribution import CONTRIBUTION
from projections.figures.money.funnel_by_side import FUNNEL_BY_SIDE
from projections.figures.over_time.cohorts import CONVERSION, YIELD
from projections.figures.over_time.customers import CUSTOMERS
from projections.figures.over_time.deals import DEALS, WIN_RATE
from projections.figures.over_time.durations import AGEING, LEAD_TIME, TIME_IN_STAGE
from projections.figures.over_time.fates import FATES
from projections.figures.over_time.hand_overs import ACCEPTANCE, DEADLINES
from projections.figures.over_time.losses import LOSSES
from projections.figures.over_time.merges import MERGING
from projections.figures.over_time.pipeline import PIPELINE
from projections.figures.over_time.ratios import PERIOD_RATIO
from projections.figures.over_time.revival import REVIVAL
from projections.figures.over_time.screening import SCREENING
from projections.figures.stages import FLOW, STOCK

FIGURES: Mapping[str, Figure] = {
    figure.name: figure
    for figure in (
        STOCK,
        FLOW,
        CONVERSION,
        YIELD,
        FATES,
        REVIVAL,
        PERIOD_RATIO,
        TIME_IN_STAGE,
        LEAD_TIME,
        AGEING,
        DEADLINES,
        ACCEPTANCE,
        DEALS,
        WIN_RATE,
        LOSSES,
        PIPELINE,
        CUSTOMERS,
        FUNNEL_BY_SIDE,
        LISTS,
        CAPACITY,
        SCREENING,
        CONTRIBUTION,
        CAMPAIGNS,
        MERGING,
    )
}
