"""The events of a table, in batches."""

from collections.abc import Iterable, Iterator

import orjson

from service.command.importing.cells import BadCell
from service.command.importing.table import Row, Unreadable
from service.command.importing.translation import Translate
from service.command.sending import Batch, OnRefused, Refused, Tally, count


def batches_of(
    rows: Iterable[Row | Unreadable],
    translate: Translate,
    *,
    events_max: int,
    tally: Tally,
    on_refused: OnRefused,
) -> Iterator[Batch]:
    """Translate rows into batches; those that cannot be are counted and handed to `on_refused`."""
    pending: list[tuple[int, str, bytes]] = []
    for row in rows:
        tally.rows += 1
        try:
            events = [] if isinstance(row, Unreadable) else translate(row.cells)
        except BadCell as error:
            row = Unreadable(row.line, error.column, error.detail)  # noqa: PLW2901  it now is one
        if isinstance(row, Unreadable):
            tally.rows_refused += 1
            count(tally.refused_by_reason, "row-invalid")
            on_refused(_of_row(row))
            continue
        tally.rows_without_event += not events
        for event in events:
            count(tally.events_by_type, str(event["type"]))
            pending.append((row.line, event["id"], orjson.dumps(event)))
        while len(pending) >= events_max:
            yield _batch(pending[:events_max])
            del pending[:events_max]
    if pending:
        yield _batch(pending)


def _batch(pending: list[tuple[int, str, bytes]]) -> Batch:
    lines, event_ids, events = zip(*pending, strict=True)
    return Batch(b"\n".join(events) + b"\n", lines, event_ids)


def _of_row(row: Unreadable) -> Refused:
    detail = f"{row.column}: {row.detail}" if row.column else row.detail
    return Refused(row.line, "", "row-invalid", detail)
