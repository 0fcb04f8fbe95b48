"""`/audit?show=intake`: what came in from each source, what became of it, and who is silent."""

from collections import defaultdict
from datetime import date
from typing import Final

from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from service.clock import Clock
from service.http.parts import part_of
from service.intake.describing import describe_counts, describe_intake
from service.intake.store import IntakeStore
from service.pages.frame.rendering import View, page
from service.reading.rosters import today_of
from service.routes.intake import period_of

INTAKE: Final = "intake"
PARAMETERS: Final = ("from", "to", "source")


async def intake_page(request: Request, view: View, *, may_see_reads: bool) -> Response:
    """Show the counts by source, and by day for one source or all. Raises Problem."""
    store, lifecycle = part_of(request, IntakeStore), view.lifecycle
    today = today_of(lifecycle, part_of(request, Clock).now())
    first, last = period_of(view.asked.get("from"), view.asked.get("to"), today=today)
    counts, heard = await store.counts(first, last), await store.sources(today)
    source = view.asked.get("source")
    by_day = defaultdict[date, list[RowMapping]](list)
    for row in counts:
        if source in (None, row["source"]):
            by_day[row["day"]].append(row)
    return page(
        "intake.html",
        view,
        show=INTAKE,
        may_see_reads=may_see_reads,
        intake=describe_intake(counts, heard, lifecycle, first=first, last=last),
        days=[(day, describe_counts(rows)) for day, rows in sorted(by_day.items(), reverse=True)],
        source=source,
    )
