"""What a lead was at an earlier moment, and where its score comes from."""

from datetime import datetime
from typing import NamedTuple

from fastapi import Request

from domain.lifecycle.definition import UNPLACED
from events.lifecycles.known import Lifecycles
from service.feed.log import Log
from service.http.parts import part_of
from service.pages.figures.numbers import stage_in
from service.pages.frame.rendering import View
from service.reading.figures.asking import as_of_in
from service.reading.figures.periods import calendar_of
from service.reading.leads import KnownLead
from service.reading.replays import AsOf, state_at
from service.reading.scores import explain


class ScorePart(NamedTuple):
    """Points, and what gave them."""

    label: str
    points: str
    percent: int | None
    """How much of them is left; None for attributes, which do not age."""
    at: datetime | None
    position: int | None


class ScoreOnPage(NamedTuple):
    total: str
    grade: str | None
    parts: list[ScorePart]


class LeadThen(NamedTuple):
    """A lead at an earlier moment."""

    at: datetime
    stage: str | None
    """None: the lead had no events by then."""
    pass_number: int
    owner: str | None
    score: ScoreOnPage | None
    position: int | None


async def score_on_page(
    request: Request, view: View, lead: KnownLead, at: datetime
) -> ScoreOnPage | None:
    """Explain a lead's score at a moment; None if its lifecycle scores nothing."""
    compiled = part_of(request, Lifecycles).version(lead.state.lifecycle)
    if compiled.lifecycle.scoring is None:
        return None
    types = await part_of(request, Log).types([one.position for one in lead.state.points])
    score = explain(compiled, lead, at, types=types, language=view.codes.language)
    of_attributes = [
        ScorePart(one.get("label") or one["rule"], str(one["points"]), None, None, None)
        for one in score["attributes"]
    ]
    of_events = [
        ScorePart(
            one.get("label") or one["rule"],
            one["counts"],
            one["percent"],
            datetime.fromisoformat(one["time"]),
            int(one["position"]),
        )
        for one in reversed(score["events"])
    ]
    return ScoreOnPage(score["score"], score.get("grade_label"), [*of_attributes, *of_events])


async def lead_then(
    request: Request, view: View, lead: KnownLead, now: datetime
) -> LeadThen | None:
    """Return what the lead was at the moment that the URL names, if it names one.

    Raises Problem: parameter-invalid.
    """
    at = as_of_in(view.asked.get("as_of"), calendar_of(view.lifecycle), now)
    if at is None:
        return None
    lifecycles = part_of(request, Lifecycles)
    step = await state_at(part_of(request, Log), lead, AsOf(as_of=at), lifecycles.published)
    if step is None:
        return LeadThen(at, None, 1, None, None, None)
    state = step.state
    then = lead._replace(state=state)
    return LeadThen(
        at,
        stage_in(view, view.lifecycle.lead, state.stage or UNPLACED),
        state.pass_number,
        state.owner,
        await score_on_page(request, view, then, at),
        step.record.event.position,
    )
