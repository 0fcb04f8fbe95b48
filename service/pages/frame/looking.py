"""Which moment and period a page is about, read from its URL as the API reads them."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Request

from domain.lifecycle.definition import Lifecycle
from domain.times import format_utc
from events.database.sessions import Driver
from projections.figures.definition import Figure
from projections.figures.queries import FigureQueries, Reading
from projections.figures.question import AN_INSTANT, Question
from projections.funnel.projection import NAME
from projections.funnel.queries import FunnelQueries
from service.clock import Clock
from service.feed.log import Log
from service.http.parts import part_of
from service.projected import ProjectedTables
from service.reading.figures.asking import question_from
from service.routes.parameters import known_position, lifecycle_of

PARAMETERS: Final = ("as_of", "known_at", "period", "from", "to")
"""What every page of figures takes: the moment, and the period."""
COHORT: Final = ("base", "target", "within")
"""What figures that follow a cohort take in addition."""
BREAKDOWN: Final = "by"
PERIOD_DEFAULT: Final = "this_month"
_IN_A_PERIOD: Final = frozenset({"period", "from", "to"})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Looking(NamedTuple):
    """What a page is about, and the connection on which it is read."""

    driver: Driver
    queries: FigureQueries
    asked: Mapping[str, str]
    """The parameters of the URL that say so."""
    lifecycle: Lifecycle
    reading: Reading
    now: datetime
    behind: int
    """How many records are not counted yet, unless a past reading was asked for."""

    @property
    def is_now(self) -> bool:
        return not self.asked.keys() & {"as_of", "known_at"}

    def given(self, figure: Figure, **instead: str | None) -> dict[str, str]:
        """Return the parameters of the URL that a figure takes, and others instead of some."""
        takes = {parameter.name for parameter in figure.parameters} | {"as_of", "known_at"}
        if figure.dimensions:
            takes.add(BREAKDOWN)
        wanted = {**self.asked, **instead}
        return {name: text for name, text in wanted.items() if name in takes and text is not None}

    def question(self, figure: Figure, given: Mapping[str, str] | None = None) -> Question:
        """Return what is asked of a figure. Raises Problem: parameter-invalid."""
        given = self.with_period(figure, self.given(figure) if given is None else given)
        return question_from(figure, given, self.lifecycle, self.reading, now=self.now)

    def with_period(self, figure: Figure, given: Mapping[str, str]) -> dict[str, str]:
        """Return what is asked with the default period, if the figure has one and none is named."""
        takes_period = any(parameter.name == "period" for parameter in figure.parameters)
        if takes_period and not given.keys() & _IN_A_PERIOD:
            return {**given, "period": PERIOD_DEFAULT}
        return dict(given)

    def pinned(self, question: Question) -> dict[str, str | None]:
        """Return parameters that will always show what is shown now."""
        since, until = question.since, question.until
        return {
            "as_of": format_utc(question.as_of),
            "known_at": str(self.reading.position),
            "period": None,
            "from": format_utc(since) if since is not None else None,
            "to": format_utc(until) if until is not None else None,
        }


@asynccontextmanager
async def looking_at(
    request: Request, asked: Mapping[str, str], reads: Sequence[str] = (NAME,)
) -> AsyncIterator[Looking]:
    """Read what a page is about. Raises Problem: parameter-invalid, log-shorter.

    `reads`: the projections from which it is answered.
    """
    log, funnel = part_of(request, Log), part_of(request, FunnelQueries)
    known_names = (*PARAMETERS, *COHORT, BREAKDOWN)
    about = {name: asked[name] for name in known_names if name in asked}
    known = to_its_end(request, about).get("known_at")
    tables = part_of(request, ProjectedTables)
    for projection in reads:
        tables.check_runs(projection)
    head = await log.head()
    async with tables.reached(None, NAME) as driver:
        position = await known_position(log, funnel, driver, known)
        queries = part_of(request, FigureQueries)
        reading = await queries.reading(driver, position, reads)
        in_force = reading.in_force
        lifecycle = in_force.lifecycle if in_force is not None else lifecycle_of(request)
        now = part_of(request, Clock).now()
        behind = max(0, head - reading.position) if known is None else 0
        yield Looking(driver, queries, about, lifecycle, reading, now, behind)


async def uncounted(request: Request, *projections: str) -> int:
    """Return how many records some projections have still to count, for pages about the present."""
    checkpoints = part_of(request, ProjectedTables).checkpoints
    known = filter(None, map(checkpoints.known, projections))
    head = await part_of(request, Log).head()
    return max(0, head - min((checkpoint.position for checkpoint in known), default=head))


def to_its_end(request: Request, given: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is asked, with a day of reporting read to its end, as `as_of` and `to` are."""
    known = given.get("known_at")
    if known is None or not _DAY.fullmatch(known):
        return given
    zone = ZoneInfo(lifecycle_of(request).time_zone)
    return {**given, "known_at": f"{known}T23:59:59.999999{_offset(known, zone)}"}


def _offset(day: str, zone: ZoneInfo) -> str:
    """Return the offset of a zone at the end of a day; a day that does not exist is read later."""
    try:
        end = datetime.fromisoformat(f"{day}T23:59:59.999999").replace(tzinfo=zone)
    except ValueError:
        return "Z"
    return end.isoformat()[-6:]


def last_day(question: Question, zone: ZoneInfo) -> datetime | None:
    """Return a moment of the last day of a question's period."""
    return (question.until - AN_INSTANT).astimezone(zone) if question.until is not None else None
