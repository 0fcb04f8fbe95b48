"""The decision that every peer takes: which stage a report moves a lead to. Much less than ours."""

from typing import Any, NamedTuple

STAGES = {
    "visit.recorded": "AL",
    "form.submitted": "ML",
    "lead.qualified": "MQL",
    "opportunity.created": "OPP",
}
ACCEPTED = "lead.sales_accepted"


class Lead(NamedTuple):
    """What is known about a lead from its events."""

    stage: str | None = None
    events: int = 0
    is_accepted: bool = False

    def after(self, type: str, data: dict[str, Any]) -> "Lead":
        stage = data["stage"] or self.stage
        return Lead(stage, self.events + 1, self.is_accepted or type == ACCEPTED)


def decide(lead: Lead, type: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of the event that records a report, with the stage it moves to."""
    stage = STAGES.get(type)
    return {**data, "stage": stage if stage != lead.stage else None}
