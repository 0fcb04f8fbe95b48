"""Conditions as typed data, compiled to plain closures; text is never evaluated.

A condition reads values by path (`event.channel`, `lead.known`, `account.stage`) and answers True,
False or None: None when a value that it needs is unknown. This third answer exists because a lead
must not be accepted on the strength of an unknown value. So `all`, `any` and `not` follow Kleene
logic: unknown spreads unless the answer is certain without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from operator import eq, ge, le
from typing import Protocol, TypeAlias, assert_never

from domain.pages import path_of

Scalar: TypeAlias = str | int | bool | None


class Readings(Protocol):
    """The values that conditions read, by path. A dictionary is one."""

    def get(self, path: str, /) -> Scalar:
        """Return a value; None if it is unknown."""


Test: TypeAlias = Callable[[Readings], bool | None]


@dataclass(frozen=True, slots=True)
class Equals:
    path: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Among:
    path: str
    values: frozenset[str | int | bool]


@dataclass(frozen=True, slots=True)
class InDomainList:
    """The domain is in this word list, or a subdomain of one that is.

    A record does not hold a company's domain, so the lists that it is in are found when it is
    reported (`lists_with`). The value is their names.
    """

    path: str
    list: str


@dataclass(frozen=True, slots=True)
class OnPage:
    """The page has one of these paths, however its address is written."""

    path: str
    pages: frozenset[str]


@dataclass(frozen=True, slots=True)
class AtLeast:
    path: str
    bound: int | Decimal


@dataclass(frozen=True, slots=True)
class AtMost:
    path: str
    bound: int | Decimal


@dataclass(frozen=True, slots=True)
class Absent:
    """Whether the value is unknown: the only test that always has an answer."""

    path: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    part: "Rule"


Comparison: TypeAlias = Equals | Among | InDomainList | OnPage | AtLeast | AtMost
Rule: TypeAlias = Comparison | Absent | Every | Some | Opposite


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition and what it reads.

    `reads` are the paths, in the order of the text, so that a refusal can show the values seen.
    `rule` is its source, for display.
    """

    test: Test = field(compare=False)
    reads: tuple[str, ...]
    rule: Rule


def condition_of(rule: Rule) -> Condition:
    """Compile a rule to a closure that reads values by path."""
    return Condition(test=_test_of(rule), reads=tuple(dict.fromkeys(_reads_of(rule))), rule=rule)


def _reads_of(rule: Rule) -> tuple[str, ...]:
    match rule:
        case Every(parts) | Some(parts):
            return tuple(path for part in parts for path in _reads_of(part))
        case Opposite(part):
            return _reads_of(part)
        case _:
            return (rule.path,)


def _test_of(rule: Rule) -> Test:
    match rule:
        case Every(parts) | Some(parts):
            tests = tuple(_test_of(part) for part in parts)
            return _combined(tests, decisive=isinstance(rule, Some))
        case Opposite(part):
            return _opposite(_test_of(part))
        case Absent(path, expected):
            return lambda readings: (readings.get(path) is None) is expected
        case AtLeast(path, bound):
            return _numeric(path, partial(le, bound))
        case AtMost(path, bound):
            return _numeric(path, partial(ge, bound))
        case _:
            return _answered(rule.path, _comparison(rule))


def _answered(path: str, compare: Callable[[str | int | bool], bool]) -> Test:
    def test(readings: Readings) -> bool | None:
        value = readings.get(path)
        return None if value is None else compare(value)

    return test


def _numeric(path: str, compare: Callable[[int | Decimal], bool]) -> Test:
    """Compare exactly. An integer is compared as it is, which is faster."""

    def test(readings: Readings) -> bool | None:
        value = readings.get(path)
        if value is None:
            return None
        return compare(value if isinstance(value, int) else Decimal(value))

    return test


def _comparison(
    rule: Equals | Among | InDomainList | OnPage,
) -> Callable[[str | int | bool], bool]:
    match rule:
        case Equals(_, expected):
            return partial(eq, expected)
        case Among(_, values):
            return values.__contains__
        case InDomainList(_, name):
            return lambda value: name in str(value).split()
        case OnPage(_, pages):
            return lambda value: path_of(str(value)) in pages
        case _:
            assert_never(rule)


def lies_within(domain: str, domains: frozenset[str]) -> bool:
    """Whether a domain is one of these or a subdomain of one."""
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


def lists_with(domain: str, lists: Mapping[str, frozenset[str]]) -> str:
    """Return the names of the word lists that hold a domain, or one that it is a subdomain of."""
    suffixes = []
    while domain:
        suffixes.append(domain)
        domain = domain.partition(".")[2]
    return " ".join(sorted([name for name in lists if not lists[name].isdisjoint(suffixes)]))


def _combined(tests: tuple[Test, ...], *, decisive: bool) -> Test:
    """Combine tests. One decisive answer settles it: false if all must hold, true if any may."""
    if len(tests) == 1:
        return tests[0]

    def test(readings: Readings) -> bool | None:
        answer: bool | None = not decisive
        for part in tests:
            found = part(readings)
            if found is decisive:
                return decisive
            if found is None:
                answer = None
        return answer

    return test


def _opposite(inner: Test) -> Test:
    def test(readings: Readings) -> bool | None:
        found = inner(readings)
        return None if found is None else not found

    return test
