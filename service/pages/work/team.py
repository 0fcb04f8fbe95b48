"""`/worklist?team=yes`: what everyone has to do, and how they did in a period, for managers."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fastapi import Request
from starlette.responses import Response

from projections.deadlines.projection import NAME as DEADLINES
from projections.deadlines.projection import DeadlineQueries, DueCounts
from projections.figures.definition import Figure
from projections.figures.over_time.deals import CREATED, DEALS
from projections.figures.over_time.hand_overs import ACCEPTANCE, REASON
from projections.figures.over_time.screening import SCREENING
from projections.figures.question import FigurePart, FigureRow
from projections.leads.projection import NAME as LEADS
from projections.leads.queries import Roster
from service.http.parts import part_of
from service.keys.scopes import Scope
from service.limits import OWNERS_MAX
from service.pages.figures.numbers import FigureOnPage, LinkedCase, LinkedNumber, ask
from service.pages.frame.looking import PERIOD_DEFAULT, last_day, looking_at
from service.pages.frame.rendering import View, page
from service.projected import ProjectedTables
from service.reading.figures.periods import PERIODS, calendar_of
from service.reading.rosters import due_by_owner
from service.sessions.visiting import admit

OWNER: Final = "owner"
FIRST_CONTACT, REJECTED = "first_contact", "rejected"
"""Rows of the figures screening and acceptance."""
FIGURES: Final[tuple[Figure, ...]] = (SCREENING, DEALS, ACCEPTANCE)
DURATIONS: Final = ("contacted_p50", "contacted_p90")
NONE: Final = LinkedNumber(0, None)


class ReasonCount(NamedTuple):
    """The hand-overs that one person was in charge of and sales rejected, for one reason."""

    label: str
    number: LinkedNumber


class OwnerRow(NamedTuple):
    """What one person has to do now, and did in the period."""

    owner: str | None
    """None: nobody was in charge."""
    leads: int
    due: DueCounts
    contacted: LinkedNumber
    waiting: LinkedNumber
    cases: list[LinkedCase | None]
    """The real cases that are the percentiles of the time to the first contact."""
    deals: LinkedNumber
    rejected: LinkedNumber
    reasons: list[ReasonCount]


class TeamFigure(NamedTuple):
    """A figure by owner."""

    figure: FigureOnPage
    parts: Mapping[str, FigurePart]

    def row(self, owner: str, name: str) -> tuple[FigureRow, FigurePart] | None:
        """Return a row of a person's part, if there is any."""
        part = self.parts.get(owner)
        found = [row for row in part.rows if row.key.name == name] if part is not None else []
        return (found[0], part) if part is not None and found else None

    def number(self, owner: str, name: str, measure: str) -> LinkedNumber:
        found = self.row(owner, name)
        return self.figure.number(found[0], measure, found[1]) if found is not None else NONE


async def team_page(request: Request, view: View) -> Response:
    """Show everyone's work. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    reads = tuple(dict.fromkeys(name for figure in FIGURES for name in figure.reads))
    async with looking_at(request, {**view.asked, "by": OWNER}, reads) as looking:
        screening, deals, acceptance = [
            _by_owner(await ask(view, looking, figure)) for figure in FIGURES
        ]
        leads = await part_of(request, Roster).owners(looking.driver, limit=OWNERS_MAX)
    tables = part_of(request, ProjectedTables)
    tables.check_runs(LEADS)
    async with tables.reached(None, DEADLINES) as driver:
        found = await due_by_owner(
            part_of(request, DeadlineQueries), driver, looking.now, calendar_of(looking.lifecycle)
        )
    due = {one.owner or "": one for one in found}
    parts = (screening.parts, deals.parts, acceptance.parts)
    owners = sorted({*leads, *due, *(owner for found in parts for owner in found)})
    # Leads without an owner come last.
    owners.sort(key=lambda owner: not owner)
    question = screening.figure.question
    return page(
        "team.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        rows=[
            _row(owner, leads, due, screening=screening, deals=deals, acceptance=acceptance)
            for owner in owners[:OWNERS_MAX]
        ],
        headings=[screening.figure.heading(name) for name in DURATIONS],
        figures=[
            (one.figure.label, view.url(f"/figures/{one.figure.figure.name}", by=OWNER))
            for one in (screening, deals, acceptance)
        ],
        definitions=[one.figure for one in (screening, deals, acceptance)],
        pinned=view.again(**looking.pinned(question)),
    )


def _by_owner(figure: FigureOnPage) -> TeamFigure:
    return TeamFigure(figure, {part.value: part for part in figure.parts})


def _row(
    owner: str,
    leads: Mapping[str, int],
    due: Mapping[str, DueCounts],
    *,
    screening: TeamFigure,
    deals: TeamFigure,
    acceptance: TeamFigure,
) -> OwnerRow:
    contact = screening.row(owner, FIRST_CONTACT)
    part = acceptance.parts.get(owner)
    rejections = [
        ReasonCount(
            acceptance.figure.row_label(row.key),
            acceptance.number(owner, row.key.name, "leads"),
        )
        for row in (part.rows if part is not None else ())
        if row.key.name.startswith(REASON) and row.counts["leads"]
    ]
    return OwnerRow(
        owner or None,
        leads.get(owner, 0),
        due.get(owner, DueCounts(owner or None)),
        screening.number(owner, FIRST_CONTACT, "contacted"),
        screening.number(owner, FIRST_CONTACT, "waiting"),
        [screening.figure.case(contact[0], name) if contact else None for name in DURATIONS],
        deals.number(owner, CREATED, "created"),
        acceptance.number(owner, REJECTED, "leads"),
        sorted(rejections, key=lambda one: -one.number.value),
    )
