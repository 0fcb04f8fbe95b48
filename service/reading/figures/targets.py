"""Targets in JSON and as a table: plan, actual, and the path of the list behind it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from domain.lifecycle.definition import Lifecycle
from domain.times import format_optional_utc, format_utc
from projections.plans.projection import NARROWER, Target
from service.ingest.labels import label_of
from service.reading.figures.achieving import Achieved, Actual, Actuals, Progress
from service.reading.figures.closing import ConfirmedNumber, ConfirmedPeriod
from service.reading.figures.describing import (
    FigureWording,
    compare_path,
    leads_path,
    rounded,
    share_text,
)
from service.reading.figures.tables import Headings
from service.shapes import targets as shapes
from service.tables.spreadsheet import Column, ColumnKind, Sheet

NAME: Final = "targets"


def describe_targets(
    found: Sequence[Achieved],
    closed: Sequence[ConfirmedPeriod],
    actuals: Actuals,
    *,
    version: int | None,
    language: str | None,
) -> shapes.Targets:
    """Describe targets."""
    about = actuals.about
    return {
        "as_of": format_utc(about.as_of),
        "as_of_position": str(about.known_at),
        "lifecycle": version,
        "from": format_optional_utc(about.since),
        "to": format_optional_utc(about.until),
        "targets": [_target(one, actuals, version, language) for one in found],
        "closed": [_closed(period, actuals, version, language) for period in closed],
    }


def _closed(
    period: ConfirmedPeriod, actuals: Actuals, version: int | None, language: str | None
) -> shapes.ClosedPeriod:
    closing = period.closing
    return {
        "starts_on": closing.starts_on.isoformat(),
        "ends_on": closing.ends_on.isoformat(),
        "figure": closing.figure or None,
        "closed_at": format_utc(closing.occurred_at),
        "position": str(closing.position),
        "read_at": str(closing.read_at),
        "numbers": [_closed_number(one, actuals, version, language) for one in period.numbers],
    }


def _closed_number(
    number: ConfirmedNumber, actuals: Actuals, version: int | None, language: str | None
) -> shapes.ClosedNumber:
    lifecycle, before, now = actuals.lifecycle, number.confirmed, number.current
    wording = FigureWording(number.compared.figure, before.question, lifecycle, version, language)
    confirmed = describe_actual(before, lifecycle, version, language)
    current = describe_actual(now, lifecycle, version, language)
    assert confirmed is not None
    assert current is not None
    is_same = number.changed == 0
    content: shapes.ClosedNumber = {
        "figure": number.figure,
        "confirmed": confirmed,
        "current": current,
        "changed": number.changed,
        "compare": None if is_same else compare_path(number.compared.cell, wording, now.question),
    }
    if language is not None:
        content["figure_label"] = label_of(lifecycle.target_figures, number.figure, language)
    return content


def _target(
    achieved: Achieved, actuals: Actuals, version: int | None, language: str | None
) -> shapes.Target:
    target, landing = achieved.target, achieved.landing
    return {
        **describe_target_of(target, actuals.lifecycle, language),
        "plan": format(target.plan, "f"),
        "original_plan": format(target.original, "f"),
        "revision": target.revision,
        "position": str(target.position),
        "actual": describe_actual(achieved.actual, actuals.lifecycle, version, language),
        "achieved": share_text(achieved.rate),
        "business_days": _business_days(achieved.progress),
        "landing": rounded(landing) if landing is not None else None,
    }


def describe_target_of(
    target: Target, lifecycle: Lifecycle, language: str | None
) -> shapes.TargetOf:
    """Describe what a target is about."""
    content: shapes.TargetOf = {
        "department": target.department,
        "figure": target.figure,
        "currency": target.currency or None,
        "market": target.market or None,
        "campaign": target.campaign or None,
        "owner": target.owner or None,
        "reseller": target.reseller or None,
        "starts_on": target.starts_on.isoformat(),
        "ends_on": target.ends_on.isoformat(),
    }
    if language is not None:
        figures = lifecycle.target_figures
        content["department_label"] = label_of(lifecycle.departments, target.department, language)
        content["figure_label"] = label_of(figures, target.figure, language)
    return content


def describe_actual(
    actual: Actual | None, lifecycle: Lifecycle, version: int | None, language: str | None
) -> shapes.NumberOfFigure | None:
    """Describe a number of a figure, with the path of the list that the figure itself has."""
    if actual is None:
        return None
    figure, cell = actual.compared.figure, actual.compared.cell
    wording = FigureWording(figure, actual.question, lifecycle, version, language)
    reached = actual.reached
    content: shapes.NumberOfFigure = {
        "of": figure.name,
        "count": reached.members,
        "leads": leads_path(cell, wording) if reached.members else None,
    }
    if reached.amount is not None:
        content["amount"] = format(reached.amount, "f")
    return content


def _business_days(progress: Progress | None) -> shapes.BusinessDays | None:
    if progress is None:
        return None
    return {
        "passed": progress.passed,
        "all": progress.all,
        "share": share_text(progress.share),
    }


def targets_sheet(answer: shapes.Targets, language: str | None) -> Sheet:
    """Return every target as a row."""
    headings = Headings(language)
    columns = [
        *headings.coded("department"),
        *headings.coded("figure"),
        *(Column(headings.word(name)) for name in ("currency", *NARROWER, "starts_on", "ends_on")),
        *(Column(headings.word(name), ColumnKind.NUMBER) for name in ("plan", "original_plan")),
        Column(headings.word("actual"), ColumnKind.NUMBER),
        *(Column(headings.word(name), ColumnKind.SHARE) for name in ("achieved", "business_days")),
        Column(headings.word("landing"), ColumnKind.NUMBER),
    ]
    rows = [
        [
            *headings.labelled(target["department"], target.get("department_label")),
            *headings.labelled(target["figure"], target.get("figure_label")),
            target["currency"],
            *(target["market"], target["campaign"], target["owner"], target["reseller"]),
            *(target["starts_on"], target["ends_on"]),
            *(Decimal(target["plan"]), Decimal(target["original_plan"])),
            _number(target["actual"]),
            _decimal(target["achieved"]),
            _decimal(target["business_days"]["share"] if target["business_days"] else None),
            _decimal(target["landing"]),
        ]
        for target in answer["targets"]
    ]
    return Sheet(NAME, columns, rows)


def _number(actual: shapes.NumberOfFigure | None) -> Decimal | None:
    if actual is None:
        return None
    return Decimal(actual["amount"] if "amount" in actual else actual["count"])


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
