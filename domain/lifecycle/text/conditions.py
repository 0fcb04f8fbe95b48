"""The text of a condition, checked against the paths that can be read.

    all:                                  every part holds
    any: [..]                             at least one part holds
    not: {..}                             the part does not hold
    event.channel: web                    equals
    event.channel: {in: [web, mail]}      is one of these
    lead.industry: {in_list: targets}     is in a list under `value_lists`
    lead.company_domain: {domain_in_list: competitor_domains}    is in this list, or a subdomain
    lead.open_opportunities: {at_least: 1}
    lead.owner: {absent: true}            is unknown; always has an answer

A mapping of several paths holds when all of them do, and so do several tests of one path.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import yaml

from domain.lifecycle.conditions import (
    Absent,
    Among,
    AtLeast,
    AtMost,
    Condition,
    Equals,
    Every,
    InDomainList,
    OnPage,
    Opposite,
    Rule,
    Some,
    condition_of,
)
from domain.lifecycle.names import suggestion
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.vocabulary import Known, Vocabulary
from domain.pages import path_of, recordable, reduced

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?")
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")

_DOMAIN_TEST = (
    "records hold no domains, only which lists they are in; put the domain in a list under "
    "`value_lists` and test with `domain_in_list`"
)

_NEVER_EQUAL = {
    "domain": _DOMAIN_TEST,
    **{
        type: f"{type} is never compared for equality; use at_least or absent"
        for type in ("amount", "time", "date")
    },
}

UNREADABLE = condition_of(Every(()))
"""Replaces a condition that could not be read, so that the rest still can be. A complaint has been
made, so no lifecycle that contains it is ever returned."""

_TestReader = Callable[[Place, str, Known, Vocabulary], Rule | None]


def read_condition(place: Place, vocabulary: Vocabulary) -> Condition | None:
    """Read and compile one condition; None after a complaint."""
    rule = _read_rule(place, vocabulary)
    return None if rule is None else condition_of(rule)


def _read_rule(place: Place, vocabulary: Vocabulary) -> Rule | None:
    parts: list[Rule | None] = []
    for key, entry in place.entries().items():
        match key:
            case "all":
                parts.append(_joined(_read_parts(entry, vocabulary), join=Every))
            case "any":
                parts.append(_joined(_read_parts(entry, vocabulary), join=Some))
            case "not":
                inner = _read_rule(entry, vocabulary)
                parts.append(None if inner is None else Opposite(inner))
            case path:
                parts.append(_read_path(entry, path, vocabulary))
    if isinstance(place.node, yaml.MappingNode) and not place.node.value:
        place.complain("is empty; name at least one path")
    return _joined(parts, join=Every)


def _read_parts(place: Place, vocabulary: Vocabulary) -> list[Rule | None]:
    items = place.items()
    if isinstance(place.node, yaml.SequenceNode) and not items:
        place.complain("an empty list has no answer; name at least one condition")
    return [_read_rule(item, vocabulary) for item in items]


def _joined(parts: list[Rule | None], *, join: type[Every] | type[Some]) -> Rule | None:
    """Join the parts; None if any could not be read, so that half a rule never decides."""
    read = tuple(part for part in parts if part is not None)
    if not read or len(read) < len(parts):
        return None
    return read[0] if len(read) == 1 else join(read)


def _read_path(place: Place, path: str, vocabulary: Vocabulary) -> Rule | None:
    known = vocabulary.paths.get(path)
    if known is None:
        place.complain(f"unknown path; {suggestion(path, vocabulary.paths)}")
        return None
    if not isinstance(place.node, yaml.MappingNode):
        return _read_equals(place, path, known, vocabulary)
    tests = place.entries(known=_TESTS)
    if not tests and not place.node.value:
        place.complain(f"is empty; known tests are {', '.join(_TESTS)}")
    read = [_TESTS[name](test, path, known, vocabulary) for name, test in tests.items()]
    return _joined(read, join=Every)


def _read_equals(place: Place, path: str, known: Known, _: Vocabulary) -> Rule | None:
    value = _value(place, known)
    return None if value is None else _among(path, known, [value])


def _read_in(place: Place, path: str, known: Known, _: Vocabulary) -> Rule | None:
    values = [_value(item, known) for item in place.items()]
    if not values:
        place.complain("expected at least one value")
    read = [value for value in values if value is not None]
    return _among(path, known, read) if read and None not in values else None


def _among(path: str, known: Known, values: Sequence[str | int | bool]) -> Rule:
    """Compare values as the type of the path requires: pages are compared by their path."""
    if known.type == "page":
        return OnPage(path, frozenset(path_of(str(value)) for value in values))
    return Equals(path, values[0]) if len(values) == 1 else Among(path, frozenset(values))


def _read_in_list(place: Place, path: str, known: Known, vocabulary: Vocabulary) -> Rule | None:
    if known.type == "domain":
        place.complain(_DOMAIN_TEST)
        return None
    if known.type not in ("code", "page"):
        place.complain(f"{path} is {known.type}; a word list needs codes or pages")
        return None
    name = place.one_of(vocabulary.lists, kind="a list under `value_lists`")
    return None if name is None else _among(path, known, tuple(vocabulary.lists[name]))


def _read_domain_in_list(
    place: Place, path: str, known: Known, vocabulary: Vocabulary
) -> Rule | None:
    if known.type != "domain":
        place.complain(f"{path} is {known.type}; this test needs a domain")
        return None
    name = place.one_of(vocabulary.lists, kind="a list under `value_lists`")
    return None if name is None else InDomainList(path, name)


def _read_at_least(place: Place, path: str, known: Known, _: Vocabulary) -> Rule | None:
    bound = _bound(place, path, known)
    return None if bound is None else AtLeast(path, bound)


def _read_at_most(place: Place, path: str, known: Known, _: Vocabulary) -> Rule | None:
    bound = _bound(place, path, known)
    return None if bound is None else AtMost(path, bound)


def _read_absent(place: Place, path: str, _known: Known, _: Vocabulary) -> Rule | None:
    return Absent(path, place.boolean())


def _bound(place: Place, path: str, known: Known) -> int | Decimal | None:
    if known.type not in ("integer", "amount"):
        place.complain(f"{path} is {known.type}; only integers and amounts have an order")
        return None
    value = place.scalar()
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if known.type == "amount" and isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    if value is not None:
        place.complain(f"expected a number, found '{value}'")
    return None


def _value(place: Place, known: Known) -> str | int | bool | None:
    if known.type in _NEVER_EQUAL:
        place.complain(_NEVER_EQUAL[known.type])
        return None
    value = place.scalar()
    if value is None:
        return None
    expected: type = {"boolean": bool, "integer": int}.get(known.type, str)
    if type(value) is not expected:
        place.complain(f"expected {known.type}, found '{value}'")
        return None
    page = reduced(str(value)) if known.type == "page" else ""
    if recordable(page) != page:
        place.complain(
            f"this page is recorded as '{recordable(page)}'; put it in a list under "
            "`value_lists`, which keeps it as it is, and test with `in_list`"
        )
        return None
    if known.values and value not in known.values:
        place.complain(f"'{value}' never occurs here; {suggestion(str(value), known.values)}")
        return None
    return value


_TESTS: Mapping[str, _TestReader] = {
    "in": _read_in,
    "in_list": _read_in_list,
    "domain_in_list": _read_domain_in_list,
    "at_least": _read_at_least,
    "at_most": _read_at_most,
    "absent": _read_absent,
}
