"""From the parameters of a request to a question, with every default filled in."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import resolve_stage, suggestion
from events.signals import times
from projections.figures import parameters
from projections.figures.catalogue import FIGURES
from projections.figures.definition import Figure
from projections.figures.queries import Reading
from projections.figures.question import (
    AN_INSTANT,
    DIMENSIONS_MAX,
    Cell,
    Dimension,
    FigureUnit,
    Question,
)
from projections.figures.rows import acquired_at, tracks_of
from service.http.problem import Problem
from service.limits import WITHIN_DAYS_DEFAULT, WITHIN_DAYS_MAX
from service.reading.figures.periods import (
    CLOSING_DAY_MAX,
    PERIODS,
    Calendar,
    calendar_of,
    period_named,
)

COMMON: Final = ("as_of", "known_at", "by", "lang", "wait_for")
"""What every figure takes."""
PREVIOUS: Final = "previous"
LAST_YEAR: Final = "last_year"
PLAN: Final = "plan"
AGAINST: Final = (PREVIOUS, LAST_YEAR, PLAN)
"""What a period can be compared with: two other periods, and the targets for it."""
_IN_THE_LEDGERS_ZONE: Final = frozenset({str(Dimension.MONTH), str(Dimension.ACQUIRED)})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Given = Mapping[str, str]
"""Parameter → text, for those that a request has."""


def figure_named(name: str) -> Figure:
    """Find a figure. Raises Problem: not-found."""
    figure = FIGURES.get(name)
    if figure is None:
        raise Problem("not-found", f"No figure has this name; {suggestion(name, FIGURES)}.")
    return figure


def question_from(
    figure: Figure, given: Given, lifecycle: Lifecycle, reading: Reading, *, now: datetime
) -> Question:
    """Read a question. Raises Problem: parameter-invalid."""
    _check_known(figure, given)
    calendar = _calendar(given, lifecycle)
    is_about_the_past = "known_at" in given
    as_of = as_of_in(given.get("as_of"), calendar, now)
    if as_of is None:
        as_of = reading.recorded_at if is_about_the_past else now
    elif figure.is_as_known and as_of < reading.recorded_at:
        raise _invalid(
            "as_of",
            f"{figure.name} is answered as it was known then, not for a moment before what is "
            f"known at position {reading.position} was recorded: give a position as known_at.",
        )
    since, until = _period(given, calendar, as_of)
    base, target = _stages(figure, given, lifecycle)
    return Question(
        as_of=as_of,
        known_at=reading.position,
        since=since,
        until=until,
        by=_breakdowns(figure, given.get("by")),
        base=base,
        target=target,
        within=_within(figure, given.get("within")),
        unit=_unit(given.get("unit")),
        is_now=not given.keys() & {"as_of", "known_at"},
    )


def against_question(
    figure: Figure, given: Given, lifecycle: Lifecycle, question: Question
) -> Question | None:
    """Return the same question about the period to compare with; None if there is none.

    Raises Problem: parameter-invalid.

    Everything else is the same, so both periods are read at one moment.
    """
    against = given.get("against")
    if against is None:
        return None
    if against not in AGAINST:
        raise _invalid("against", f"against is {against}; {suggestion(against, AGAINST)}.")
    since, until = question.since, question.until
    if since is None or until is None:
        raise _invalid(
            "against",
            f"{figure.name} can be compared with another period, or with its targets, if its own "
            "has a start and an end: name from and to, or a period.",
        )
    if against == PLAN:
        return None
    calendar = _calendar(given, lifecycle)
    if against == LAST_YEAR:
        bounds = calendar.year_before(since), calendar.year_before(until)
    elif "period" in given:
        day = (since - AN_INSTANT).astimezone(calendar.zone).date()
        period = period_named(given["period"], day, calendar)
        bounds = calendar.begins(period.first), calendar.begins(period.beyond)
    else:
        bounds = since - (until - since), since
    return question._replace(since=bounds[0], until=bounds[1], is_now=False)


def check_one_period(given: Given) -> None:
    """Check that a list is asked for one period. Raises Problem: parameter-invalid."""
    if "against" in given:
        raise _invalid("against", "A list is that of one period; the figure has the paths of both.")


def check_passes(given: Given) -> None:
    """Check that passes are to be compared. Raises Problem: parameter-invalid."""
    if given.get("unit", FigureUnit.JOURNEY) != FigureUnit.JOURNEY:
        raise _invalid(
            "unit",
            "Passes are compared, lead by lead: which of its leads a company counts by may differ.",
        )


def check_measure(figure: Figure, cell: Cell, question: Question) -> None:
    """Check which number is meant. Raises Problem: parameter-invalid."""
    name = cell.measure
    measure = figure.measure(name)
    if measure is None:
        known = [other.name for other in figure.measures]
        raise _invalid(
            "measure", f"{figure.name} has no measure {name}; {suggestion(name, known)}."
        )
    if measure.is_given:
        raise _invalid("measure", f"{name} was recorded as a number: no leads are behind it.")
    values = cell.values
    if values is not None and len(values) != len(question.by):
        raise _invalid(
            "value",
            f"A part has one value for each breakdown in by: expected {len(question.by)}, found "
            f"{len(values)}; an empty one means not reported.",
        )


def check_row(figure: Figure, cell: Cell, lifecycle: Lifecycle, question: Question) -> None:
    """Check that a row without members exists. Raises Problem: parameter-invalid."""
    rows = figure.rows(lifecycle, question, ())
    if cell.row not in rows:
        known = [row.name for row in rows if row.track is cell.row.track]
        name = cell.row.name
        raise _invalid("row", f"{figure.name} has no row {name}; {suggestion(name, known)}.")


def _check_known(figure: Figure, given: Given) -> None:
    known = [*COMMON, *(parameter.name for parameter in figure.parameters)]
    for name in given:
        if name not in known:
            raise Problem(
                "parameter-invalid",
                f"The figure {figure.name} has no parameter {name}; {suggestion(name, known)}.",
                parameter=name,
                expected=sorted(known),
            )


def as_of_in(text: str | None, calendar: Calendar, now: datetime) -> datetime | None:
    """Read a moment: a date is the end of that day, and today has lasted until now."""
    if text is None:
        return None
    day = _day("as_of", text)
    if day is not None:
        if calendar.begins(day) > now:
            raise _in_future(text)
        return min(now, calendar.ends(day) - AN_INSTANT)
    moment = _moment("as_of", text)
    if moment > now:
        raise _in_future(text)
    return moment


def _in_future(text: str) -> Problem:
    return _invalid(
        "as_of", f"as_of must not be in the future, found {text}; without it, it is now."
    )


def _period(
    given: Given, calendar: Calendar, as_of: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the period, whose end is exclusive. Without any parameter there are no bounds."""
    name = given.get("period")
    if name is None:
        if "closing_day" in given:
            raise _invalid("closing_day", "closing_day is for months: name a period as well.")
        return _bounds(given, calendar)
    if "from" in given or "to" in given:
        raise _invalid("period", "A period is given by its name, or by from and to: use one.")
    if name not in PERIODS:
        raise _invalid("period", f"No period is called {name}; {suggestion(name, PERIODS)}.")
    today = as_of.astimezone(calendar.zone).date()
    period = period_named(name, today, calendar)
    return calendar.begins(period.first), calendar.begins(period.beyond)


def _bounds(given: Given, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    since, until = None, None
    if (text := given.get("from")) is not None:
        day = _day("from", text)
        since = calendar.begins(day) if day is not None else _moment("from", text)
    if (text := given.get("to")) is not None:
        day = _day("to", text)
        until = calendar.ends(day) if day is not None else _moment("to", text)
    if since is not None and until is not None and since > until:
        raise _invalid("to", "The period must not end before it begins.")
    return since, until


def _day(name: str, text: str) -> date | None:
    """Read a date; None if it is written as something else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _unreadable(name) from None
    if not times.YEAR_MIN < day.year < times.YEAR_MAX:
        raise _unreadable(name)
    return day


def _moment(name: str, text: str) -> datetime:
    # An unescaped plus arrives as a space.
    moment = times.parse(text) or times.parse(text.replace(" ", "+"))
    if moment is None:
        raise _unreadable(name)
    return moment


def _unreadable(name: str) -> Problem:
    return _invalid(
        name,
        f"{name} must be a date, such as 2026-11-22, or a time, RFC 3339 with an offset, such as "
        "2026-11-22T10:15:00Z.",
    )


def _calendar(given: Given, lifecycle: Lifecycle) -> Calendar:
    """Return the calendar in which days and periods are cut."""
    zone = _zone(given.get("zone"))
    if zone is not None and zone.key != lifecycle.time_zone:
        recorded = _IN_THE_LEDGERS_ZONE & {*given.get("by", "").split(",")}
        if recorded:
            raise _invalid(
                "zone",
                f"The values of by={','.join(sorted(recorded))} are months of "
                f"{lifecycle.time_zone}, as they were recorded, and not of {zone.key}: leave out "
                "one of the two, or ask for one month after another, as from and to.",
            )
    return calendar_of(lifecycle, _closing_day(given.get("closing_day")), zone)


def _zone(text: str | None) -> ZoneInfo | None:
    if text is None:
        return None
    known = _time_zones()
    if text not in known:
        raise _invalid("zone", f"No time zone is called {text}; {suggestion(text, sorted(known))}.")
    return ZoneInfo(text)


@cache
def _time_zones() -> frozenset[str]:
    """Return the names of all time zones, which takes long to find out."""
    return frozenset(available_timezones())


def _closing_day(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= CLOSING_DAY_MAX:
        raise _invalid("closing_day", f"closing_day must be from 1 to {CLOSING_DAY_MAX}.")
    return int(text)


def _within(figure: Figure, text: str | None) -> timedelta:
    if not figure.takes(parameters.WITHIN.name):
        return timedelta()
    if text is None:
        return timedelta(days=figure.within_days or WITHIN_DAYS_DEFAULT)
    if not text.isdecimal() or not 1 <= int(text) <= WITHIN_DAYS_MAX:
        raise _invalid("within", f"within must be days, from 1 to {WITHIN_DAYS_MAX:,}.")
    return timedelta(days=int(text))


def _unit(text: str | None) -> FigureUnit:
    if text is None:
        return FigureUnit.JOURNEY
    if text not in map(str, FigureUnit):
        raise _invalid("unit", f"unit is {text}; {suggestion(text, [*map(str, FigureUnit)])}.")
    return FigureUnit(text)


def _breakdowns(figure: Figure, text: str | None) -> tuple[Dimension, ...]:
    if text is None:
        return figure.by_default
    names = text.split(",")
    known = [str(one) for one in figure.dimensions]
    for name in names:
        if name not in known:
            raise _invalid(
                "by", f"{figure.name} has no breakdown by {name}; {suggestion(name, known)}."
            )
    if len(names) > DIMENSIONS_MAX or len(set(names)) < len(names):
        raise _invalid("by", f"by names up to {DIMENSIONS_MAX} different breakdowns, found {text}.")
    return tuple(map(Dimension, names))


def _stages(figure: Figure, given: Given, lifecycle: Lifecycle) -> tuple[str, str]:
    """Return the stages between which a cohort is followed; empty if the figure follows none."""
    if not figure.takes(parameters.BASE.name):
        return "", ""
    of_leads = figure.base_of
    begins = of_leads(lifecycle) if of_leads is not None else acquired_at(lifecycle.lead)
    base = _stage("base", given.get("base"), lifecycle) or begins
    if of_leads is not None and base not in lifecycle.lead.stages:
        raise _invalid("base", f"{figure.name} follows leads: {base} is a stage of companies.")
    track = next(one for one in tracks_of(lifecycle) if base in one.stages)
    if parameters.TARGET not in figure.parameters:
        return base, ""
    target = _stage("target", given.get("target"), lifecycle) or track.path[-1]
    if target not in track.stages:
        raise _invalid(
            "target",
            f"{base} is a stage of {track.subject}s and {target} is not: name two stages of one "
            "track.",
        )
    path = track.path
    is_back = base in path and target in path and path.index(target) < path.index(base)
    if target == base or is_back:
        raise _invalid("target", f"The target must come after {base}, found {target}.")
    return base, target


def _stage(name: str, word: str | None, lifecycle: Lifecycle) -> str | None:
    if word is None:
        return None
    code = resolve_stage(lifecycle, word)
    if code is None:
        known = [*lifecycle.lead.stages, *lifecycle.account.stages]
        raise _invalid(name, f"No stage has the name {word}; {suggestion(word, known)}.")
    return code


def _invalid(name: str, detail: str) -> Problem:
    return Problem("parameter-invalid", detail, parameter=name)
