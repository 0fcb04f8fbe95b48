"""Marketing's contribution: whose leads became business, by four policies beside each other. Pure.

The share of won business, by number and by value, whose origin is marketing (domain rule 13).
Business without any lead counts in the denominator: leaving it out would make marketing look
better than it is. Where policies disagree, the business on which they do is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from projections.business.won_business import Unit, sums_of


class Policy(StrEnum):
    """By what a piece of business counts as marketing's."""

    ORIGIN = "origin"
    """Where the pass came from that the business was won in. The one that targets go by."""
    OPENING = "opening"
    """What the event that opened the deal tells: its channel, its department."""
    FIRST_TOUCH = "first_touch"
    """The first that was ever heard of the person."""
    ANY_TOUCH = "any_touch"
    """Any touch by marketing in the time before; a mail that was only sent is none."""


class Person(NamedTuple):
    """What contribution must know of a lead."""

    origin_by_pass: Mapping[int, str | None]
    first_touch: str | None
    """Whose work the first was that was ever heard of the person, known or not."""
    touches: Sequence[datetime]
    """When marketing touched the person, in order of time."""


NOBODY = Person({}, None, ())


class Rules(NamedTuple):
    """What the lifecycle says of contribution."""

    marketing_origins: frozenset[str]
    currency: str
    """The one that is asked about."""
    default_currency: str
    """Of business that names none."""
    lookback: timedelta
    business: frozenset[str]
    """The kinds of business that count; others stand apart."""


class Credited(NamedTuple):
    """A unit with what each policy says of it: whether it is marketing's."""

    unit: Unit
    value: Decimal | None
    """In the currency that is asked about; None where nobody told it."""
    origin: str | None
    by_policy: Mapping[Policy, bool]

    @property
    def is_disputed(self) -> bool:
        return len(set(self.by_policy.values())) > 1


class Share(NamedTuple):
    """Marketing's part of the business, by one policy."""

    policy: Policy
    number: int
    value: Decimal
    number_of: int
    value_of: Decimal

    @property
    def by_number(self) -> Decimal | None:
        """A share from 0 to 1; None where there is no business."""
        return _ratio(Decimal(self.number), Decimal(self.number_of))

    @property
    def by_value(self) -> Decimal | None:
        return _ratio(self.value, self.value_of)


class Contribution(NamedTuple):
    """Everything that is told of one period."""

    shares: tuple[Share, ...]
    by_origin: Mapping[str | None, tuple[int, Decimal]]
    """Origin of the pass → number and value; None: business without a lead."""
    nurtured_average: Decimal | None
    """Average value of business whose person marketing had touched, and, beside it, of the rest."""
    other_average: Decimal | None
    apart: Mapping[str, tuple[int, Decimal]]
    """Kinds of business that do not count here, such as renewals → number and value."""
    other_currencies: Mapping[str, tuple[int, Decimal]]
    """Currencies that were not asked about → number and value: never added, never converted. A
    unit with amounts in several is counted under each."""
    without_value: int
    """Units that nobody told the value of: counted by number, as 0 by value."""
    credited: tuple[Credited, ...]


def contribution(units: Iterable[Unit], people: Mapping[str, Person], rules: Rules) -> Contribution:
    """Credit each unit by every policy, and add up."""
    credited: list[Credited] = []
    apart: dict[str, tuple[int, Decimal]] = {}
    other_currencies: dict[str, tuple[int, Decimal]] = {}
    for unit in units:
        counts = unit.business in rules.business
        for currency, value in _amounts(unit, rules).items():
            if currency == rules.currency and counts:
                credited.append(credit(unit, value, people.get(unit.lead or "", NOBODY), rules))
            elif currency == rules.currency:
                _count(apart, unit.business, value)
            elif counts:
                _count(other_currencies, currency, value)
    nurtured = [one for one in credited if one.by_policy[Policy.ANY_TOUCH]]
    others = [one for one in credited if not one.by_policy[Policy.ANY_TOUCH]]
    return Contribution(
        shares=tuple(_share(policy, credited) for policy in Policy),
        by_origin=_by_origin(credited),
        nurtured_average=_average(nurtured),
        other_average=_average(others),
        apart=apart,
        other_currencies=other_currencies,
        without_value=sum(one.value is None for one in credited),
        credited=tuple(credited),
    )


def _amounts(unit: Unit, rules: Rules) -> dict[str, Decimal | None]:
    """Return what a unit is worth in each currency; where nobody named one, the lifecycle's."""
    named = sums_of((one or rules.default_currency, value) for one, value in unit.amounts.items())
    return {currency: value for currency, value in named.items() if currency is not None}


def _count(found: dict[str, tuple[int, Decimal]], name: str, value: Decimal | None) -> None:
    number, sum_before = found.get(name, (0, Decimal()))
    found[name] = (number + 1, sum_before + (value or 0))


def credit(unit: Unit, value: Decimal | None, person: Person, rules: Rules) -> Credited:
    """Say by every policy whether a unit is marketing's; without a lead it is nobody's."""
    origin = None if unit.lead is None else person.origin_by_pass.get(unit.pass_number or 1)
    begin = unit.won_at - rules.lookback
    has_touch = any(begin <= touch <= unit.won_at for touch in person.touches)
    is_known = unit.lead is not None
    marketing = rules.marketing_origins
    return Credited(
        unit,
        value,
        origin,
        {
            Policy.ORIGIN: is_known and origin in marketing,
            Policy.OPENING: is_known and unit.opening_origin in marketing,
            Policy.FIRST_TOUCH: is_known and person.first_touch in marketing,
            Policy.ANY_TOUCH: is_known and has_touch,
        },
    )


def _share(policy: Policy, credited: Sequence[Credited]) -> Share:
    own = [one for one in credited if one.by_policy[policy]]
    return Share(
        policy=policy,
        number=len(own),
        value=_sum(own),
        number_of=len(credited),
        value_of=_sum(credited),
    )


def _by_origin(credited: Sequence[Credited]) -> dict[str | None, tuple[int, Decimal]]:
    found: dict[str | None, tuple[int, Decimal]] = {}
    for one in credited:
        number, value = found.get(one.origin, (0, Decimal()))
        found[one.origin] = (number + 1, value + (one.value or 0))
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or "")))


def _sum(credited: Iterable[Credited]) -> Decimal:
    return sum((one.value for one in credited if one.value is not None), Decimal())


def _average(credited: Sequence[Credited]) -> Decimal | None:
    valued = [one.value for one in credited if one.value is not None]
    return sum(valued, Decimal()) / len(valued) if valued else None


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None
