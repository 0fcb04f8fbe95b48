"""Turn rows into native events as the mapping describes, in batches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from service.command.importing.mapping import EventRule, Party, Value, columns_of
from service.command.importing.mapping import Mapping as RowMapping
from service.command.importing.opening import Row, Unreadable
from service.command.importing.values.readers import BadCell, Cells, Readers, Surroundings
from service.command.limits import FOUND_CHARACTERS_MAX
from service.command.sending import ImportTally, OnRefused, RefusedRow, RowBatch, count

Event = dict[str, Any]
Listed = tuple[int, Event]
"""An event, after the line of its row."""
Arrange = Callable[[Iterable[Listed]], Iterable[Listed]]
Translate = Callable[[Cells], list[Event]]
_Group = Callable[[Cells], dict[str, Any]]

BETWEEN_EVENTS = timedelta(microseconds=1)
"""The gap between events of one row with the same time, so that they keep the mapping's order."""


def translation_of(
    mapping: RowMapping, header: Sequence[str], surroundings: Surroundings
) -> Translate:
    """Return a function that turns the cells of a row into events, in the mapping's order.

    If it raises BadCell, send nothing of the row: half a row may be worse than none.
    """
    readers = Readers(header, mapping.table.blanks, surroundings)
    makers = [_event_maker(rule, readers) for rule in mapping.events]
    tests = [[readers.test(condition) for condition in rule.when] for rule in mapping.events]

    def translate(cells: Cells) -> list[Event]:
        events = [
            make(cells)
            for make, conditions in zip(makers, tests, strict=True)
            if all(holds(cells) for holds in conditions)
        ]
        _put_in_order(events)
        return events

    return translate


def batches_of(
    rows: Iterable[Row | Unreadable],
    translate: Translate,
    *,
    events_max: int,
    personal: frozenset[str],
    tally: ImportTally,
    on_refused: OnRefused,
    arrange: Arrange = iter,
) -> Iterator[RowBatch]:
    """Translate rows into batches; count bad rows and pass them to `on_refused`.

    The contents of cells in `personal` columns are not passed on. `arrange` puts the events into
    the order in which they are sent.
    """
    listed = _listed(rows, translate, personal=personal, tally=tally, on_refused=on_refused)
    remaining = iter(arrange(listed))
    while pending := list(islice(remaining, events_max)):
        yield _batch(pending)


def _listed(
    rows: Iterable[Row | Unreadable],
    translate: Translate,
    *,
    personal: frozenset[str],
    tally: ImportTally,
    on_refused: OnRefused,
) -> Iterator[Listed]:
    for row in rows:
        tally.rows += 1
        try:
            events = [] if isinstance(row, Unreadable) else translate(row.cells)
        except BadCell as bad:
            shown = "" if bad.column in personal else bad.found.strip()[:FOUND_CHARACTERS_MAX]
            row = Unreadable(row.line, bad.column, bad.detail, shown)  # noqa: PLW2901  it now is one
        if isinstance(row, Unreadable):
            tally.rows_refused += 1
            count(tally.refused_by_reason, "row-invalid")
            on_refused(_refused(row))
            continue
        tally.rows_without_event += not events
        for event in events:
            count(tally.events_by_type, str(event["type"]))
            tally.note_time(event["time"])
            yield row.line, event


def _batch(pending: list[Listed]) -> RowBatch:
    lines, events = zip(*pending, strict=True)
    return RowBatch(lines, events)


def _refused(row: Unreadable) -> RefusedRow:
    detail = f"{row.column}: {row.detail}" if row.column else row.detail
    return RefusedRow(row.line, "", "row-invalid", detail, found=row.found)


def _put_in_order(events: Sequence[Event]) -> None:
    """Space out events with the same time, and format their times."""
    last: dict[datetime, datetime] = {}
    for event in events:
        at = event["time"]
        last[at] = last[at] + BETWEEN_EVENTS if at in last else at
        event["time"] = last[at].isoformat()


def _event_maker(rule: EventRule, readers: Readers) -> Callable[[Cells], Event]:
    required: dict[str, tuple[Callable[[Cells], Any], str]] = {
        "id": (readers.value(rule.id), ", ".join(rule.id.columns)),
        "type": (readers.value(rule.type), ", ".join(columns_of(rule.type))),
        "time": (readers.time(rule.time), ", ".join(columns_of(rule.time))),
    }
    optional = {
        name: readers.value(value)
        for name in ("source", "actor", "department")
        if (value := getattr(rule, name)) is not None
    }
    groups = {
        name: _party_maker(party, readers)
        for name, party in (("lead", rule.lead), ("account", rule.account))
        if party is not None
    }
    if rule.data:
        groups["data"] = _group_maker(rule.data, readers)

    def make(cells: Cells) -> Event:
        event: Event = {}
        for name, (read, column) in required.items():
            value = read(cells)
            if value is None:
                raise BadCell(column, f"is blank, but the event's {name} is made from it")
            event[name] = value
        event |= _present({name: read(cells) for name, read in optional.items()})
        # Blank cells are left out: a blank cell means no value, not an empty string.
        event |= {name: group for name, maker in groups.items() if (group := maker(cells))}
        return event

    return make


def _party_maker(party: Party, readers: Readers) -> _Group:
    fields = _group_maker(party.fields, readers)
    groups = {name: _group_maker(group, readers) for name, group in party.groups.items()}

    def make(cells: Cells) -> dict[str, Any]:
        held = fields(cells)
        held |= {name: group for name, maker in groups.items() if (group := maker(cells))}
        return held

    return make


def _group_maker(values: Mapping[str, Value], readers: Readers) -> _Group:
    made = {name: readers.value(value) for name, value in values.items()}
    return lambda cells: _present({name: read(cells) for name, read in made.items()})


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
