"""A compiled condition gives the answer of its rule, in Kleene's three-valued logic."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.conditions import (
    Absent,
    Among,
    AtLeast,
    AtMost,
    Equals,
    Every,
    InDomainList,
    OnPage,
    Opposite,
    Rule,
    Scalar,
    Some,
    condition_of,
)
from tests.support.generated_conditions import PATHS, known_facts, rules


def asked(rule: Rule, facts: dict[str, Scalar]) -> bool | None:
    """Interpret plainly: False < unknown < True, `all` is the minimum, `any` the maximum."""
    rank = {False: 0, None: 1, True: 2}
    match rule:
        case Every(parts):
            return min((asked(part, facts) for part in parts), key=rank.__getitem__)
        case Some(parts):
            return max((asked(part, facts) for part in parts), key=rank.__getitem__)
        case Opposite(part):
            inner = asked(part, facts)
            return None if inner is None else not inner
        case Absent(path, expected):
            return (facts.get(path) is None) == expected
        case _:
            value = facts.get(rule.path)
            return None if value is None else compared(rule, value)


def compared(rule: Rule, value: Any) -> bool:
    match rule:
        case Equals(_, expected):
            return bool(value == expected)
        case Among(_, values):
            return value in values
        case InDomainList(_, name):
            return f" {name} " in f" {value} "
        case OnPage(_, pages):
            plain = value.removeprefix("https://").removeprefix("acme.example")
            return plain.split("?")[0].split("#")[0].rstrip("/") in {
                page.rstrip("/") for page in pages
            }
        case AtLeast(_, bound):
            return Decimal(value) >= bound
        case AtMost(_, bound):
            return Decimal(value) <= bound
        case _:
            raise AssertionError(rule)


@given(rules(), known_facts)
def test_a_compiled_condition_gives_the_answer_of_its_rule(
    rule: Rule, facts: dict[str, Scalar]
) -> None:
    assert condition_of(rule).test(facts) is asked(rule, facts)


@given(rules(), known_facts)
def test_a_condition_reads_nothing_but_what_it_names(rule: Rule, facts: dict[str, Scalar]) -> None:
    condition = condition_of(rule)
    named = {path: value for path, value in facts.items() if path in condition.reads}
    assert condition.test(named) is condition.test(facts)


@given(rules(with_absent=False), known_facts, st.sampled_from(PATHS))
def test_an_answer_that_is_certain_stays_when_more_becomes_known(
    rule: Rule, facts: dict[str, Scalar], path: str
) -> None:
    less = {**facts, path: None}
    before = condition_of(rule).test(less)
    if before is not None:
        assert condition_of(rule).test(facts) is before
