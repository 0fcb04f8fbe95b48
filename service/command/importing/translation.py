"""Turn one row into the native events that the mapping makes of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.command.importing.cells import BadCell, Cells, Reader, reader_of, test_of
from service.command.importing.mapping import EventRule, Party, Value
from service.command.importing.mapping import Mapping as RowMapping

Event = dict[str, Any]
Translate = Callable[[Cells], list[Event]]
_Group = Callable[[Cells], dict[str, Any]]


def translation_of(mapping: RowMapping, header: Sequence[str]) -> Translate:
    """Return the function that turns the cells of a row into events, in the mapping's order.

    It raises BadCell, and then nothing of the row is to be sent: half of what a row says may be
    worse than nothing.
    """
    blanks = mapping.table.blanks

    def read(value: Value) -> Reader:
        return reader_of(value, header, blanks)

    makers = [_event_maker(rule, read) for rule in mapping.events]
    tests = [
        [test_of(condition, header, blanks) for condition in rule.when] for rule in mapping.events
    ]

    def translate(cells: Cells) -> list[Event]:
        return [
            make(cells)
            for make, conditions in zip(makers, tests, strict=True)
            if all(holds(cells) for holds in conditions)
        ]

    return translate


def _event_maker(rule: EventRule, read: Callable[[Value], Reader]) -> Callable[[Cells], Event]:
    required = {
        "id": (read(rule.id), ", ".join(rule.id.columns)),
        "type": (read(rule.type), _column_of(rule.type)),
        "time": (read(rule.time), rule.time.column),
    }
    optional = {
        name: read(value)
        for name, value in (("source", rule.source), ("actor", rule.actor))
        if value is not None
    }
    groups = {
        name: _party_maker(party, read)
        for name, party in (("lead", rule.lead), ("account", rule.account))
        if party is not None
    }
    if rule.data:
        groups["data"] = _group_maker(rule.data, read)

    def make(cells: Cells) -> Event:
        event: Event = {}
        for name, (reader, column) in required.items():
            value = reader(cells)
            if value is None:
                raise BadCell(column, f"is blank, and the event's {name} is made of it")
            event[name] = value
        event |= _present({name: reader(cells) for name, reader in optional.items()})
        # What holds nothing is left out: a blank cell says nothing, which is not an empty word.
        event |= {name: group for name, maker in groups.items() if (group := maker(cells))}
        return event

    return make


def _party_maker(party: Party, read: Callable[[Value], Reader]) -> _Group:
    fields = _group_maker(party.fields, read)
    groups = {name: _group_maker(group, read) for name, group in party.groups.items()}

    def make(cells: Cells) -> dict[str, Any]:
        held = fields(cells)
        held |= {name: group for name, maker in groups.items() if (group := maker(cells))}
        return held

    return make


def _group_maker(values: Mapping[str, Value], read: Callable[[Value], Reader]) -> _Group:
    readers = {name: read(value) for name, value in values.items()}
    return lambda cells: _present({name: reader(cells) for name, reader in readers.items()})


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _column_of(value: Value) -> str:
    return getattr(value, "column", "") or ", ".join(getattr(value, "columns", ()))
