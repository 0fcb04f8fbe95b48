"""How much came in, in JSON: a row for each source and day, the sources, and the total."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import RowMapping

from domain.lifecycle.definition import Lifecycle
from domain.times import format_optional_utc, format_utc
from events.batch.intake import Became
from service.intake.store import SourceHeard
from service.shapes import refusals as shapes


def describe_intake(
    rows: Sequence[RowMapping],
    heard: Sequence[SourceHeard],
    lifecycle: Lifecycle,
    *,
    first: date,
    last: date,
) -> shapes.Intake:
    """Describe the counts of the days from the first to the last, and all known sources."""
    by_day = defaultdict[tuple[date, str], list[RowMapping]](list)
    by_source = defaultdict[str, list[RowMapping]](list)
    for row in rows:
        by_day[row["day"], row["source"]].append(row)
        by_source[row["source"]].append(row)
    known = {source.source: source for source in heard}
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "zone": lifecycle.time_zone,
        "days": [
            {"day": day.isoformat(), "source": source or None, **describe_counts(counted)}
            for (day, source), counted in by_day.items()
        ],
        "sources": [
            _source(source, known.get(source), by_source.get(source, ()))
            for source in sorted({*known, *by_source})
        ],
        "total": describe_counts(rows),
    }


def _source(
    source: str, heard: SourceHeard | None, counted: Iterable[RowMapping]
) -> shapes.IntakeSource:
    return {
        "source": source or None,
        **describe_counts(counted),
        "last_event_time": format_optional_utc(heard.recorded_at) if heard else None,
        "last_received_time": format_utc(heard.last_at) if heard else None,
        "usual_gap_days": heard.usual_gap_days if heard else None,
        "silent_days": heard.silent_days if heard else None,
        "is_silent": heard is not None and heard.is_silent,
    }


def describe_counts(rows: Iterable[RowMapping]) -> shapes.IntakeCounts:
    """Add up what became of items, and the reasons of those that were refused."""
    items, reasons = Counter[str](), Counter[tuple[str, str]]()
    for row in rows:
        items[row["outcome"]] += row["items"]
        if row["reason"]:
            reasons[row["outcome"], row["reason"]] += row["items"]
    return {
        "received": items.total(),
        "recorded": items[Became.RECORDED],
        "duplicates": items[Became.DUPLICATE],
        "refused": items[Became.REFUSED],
        "ignored": items[Became.IGNORED],
        "reasons": [
            {"reason": reason, "items": counted, "is_kept": outcome == Became.REFUSED}
            for (outcome, reason), counted in sorted(
                reasons.items(), key=lambda entry: (-entry[1], entry[0])
            )
        ],
    }
