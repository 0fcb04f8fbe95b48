"""What a lifecycle says is compared with targets, and texts of it that are refused."""

import pytest

from domain.lifecycle.definition import Actual, Counts
from domain.lifecycle.text.load import inspect
from events.lifecycles.shipped import SHIPPED, shipped_text
from tests.support.stories import shipped_lifecycle

ACTUALS = {
    "demand_funnel": ("MQL", "SQL"),
    "lead_management": ("SELECTED", "CALLED"),
    "merged": ("MQL", "SQL"),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_lifecycle_counts_by_its_own_stages(name: str) -> None:
    lifecycle = shipped_lifecycle(name).lifecycle
    found = [lifecycle.actuals[figure] for figure in ("MQL", "SQL")]
    assert found == [Actual(Counts.ENTRIES, stage) for stage in ACTUALS[name]]
    assert lifecycle.actuals.keys() <= lifecycle.target_figures.keys()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("  churned: {counts", "  churnd: {counts", "'churnd' is not a target figure"),
        ("counts: ended", "counts: end", "'end' is not something that is counted"),
        ("counts: ended", "counts: value", "churned is a number, and value is not"),
        ("{counts: value}", "{counts: orders}", "order_value is an amount of money, and orders"),
        ("counts: entries, stage: SQL", "counts: entries", "`stage` goes with entries and present"),
        ("counts: ended", "counts: ended, stage: KA", "`stage` goes with entries and present"),
        ("counts: present, stage: KA", "counts: present, stage: K", "'K' is not a stage"),
        ("  churned: {counts: ended}", "  churned: {}", "counts"),
    ],
)
def test_impossible_actuals_are_refused_with_the_reason(old: str, new: str, complaint: str) -> None:
    text = shipped_text("demand_funnel")
    assert text.count(old) == 1
    complaints = [str(one) for one in inspect(text.replace(old, new)).complaints]
    assert any(complaint in one for one in complaints), complaints
