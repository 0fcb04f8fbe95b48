"""Marketing's contribution to won business, by four policies side by side. Pure.

The share of won business, by number and by value, whose origin is marketing (domain rule 13).
Business without a lead counts in the denominator: leaving it out would overstate marketing's
share. Business on which the policies disagree is listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from domain.lifecycle.conditions import Condition
from domain.lifecycle.contribution import ContributionRules
from domain.lifecycle.definition import Lifecycle, SubjectKind
from projections.business.won_business import Unit, sums_of

OPENING_LOOKBACK: Final = timedelta(days=90)
"""What was longer ago did not open the deal."""


class Policy(StrEnum):
    """The criterion by which a unit of business counts as marketing's."""

    ORIGIN = "origin"
    """The origin of the pass in which the business was won. Targets use this policy."""
    OPENING = "opening"
    """The origin of what the person did last before the deal was opened; if that is not known, of
    the report that opened it: its channel, its department."""
    FIRST_TOUCH = "first_touch"
    """The origin of the person's first touch ever."""
    ANY_TOUCH = "any_touch"
    """Any touch by marketing in the lookback period. A mail that was only sent is not a touch."""


class Touch(NamedTuple):
    """Something that a person did or received."""

    at: datetime
    origin: str | None
    """Whose work it came by, if a rule of the origin table says so."""
    is_touch: bool
    """Whether it is a touch by marketing."""


class Person(NamedTuple):
    """The properties of a lead that contribution needs."""

    origin_by_pass: Mapping[int, str | None]
    first_touch: str | None
    """The origin of the person's first touch, even if the person was still anonymous."""
    touches: Sequence[datetime]
    """When marketing touched the person, in time order."""
    inbound: Sequence[Touch] = ()
    """What the person did by anyone's work, in time order."""


NOBODY = Person({}, None, ())


class Rules(NamedTuple):
    """The lifecycle's rules for contribution."""

    marketing_origins: frozenset[str]
    currency: str
    """The currency requested."""
    default_currency: str
    """The currency of business that names none."""
    lookback: timedelta
    business: frozenset[str]
    """The kinds of business that count; others are listed separately."""
    policies: frozenset[Policy] = frozenset(Policy)
    """Those by which business can be marketing's at all."""


class Credited(NamedTuple):
    """A unit, and for each policy that can be satisfied whether the unit is marketing's."""

    unit: Unit
    value: Decimal | None
    """The value in the currency requested; None if it was not reported."""
    origin: str | None
    by_policy: Mapping[Policy, bool]

    @property
    def is_disputed(self) -> bool:
        return len(set(self.by_policy.values())) > 1


class Share(NamedTuple):
    """Marketing's part of the business, by one policy."""

    policy: Policy
    is_set: bool
    """Whether any business can be marketing's by it."""
    number: int
    value: Decimal
    number_of: int
    value_of: Decimal

    @property
    def by_number(self) -> Decimal | None:
        """The share, from 0 to 1; None if there is no business or the policy is not set."""
        if not self.is_set:
            return None
        return _ratio(Decimal(self.number), Decimal(self.number_of))

    @property
    def by_value(self) -> Decimal | None:
        if not self.is_set:
            return None
        return _ratio(self.value, self.value_of)


class Contribution(NamedTuple):
    """The complete result for one period."""

    shares: tuple[Share, ...]
    by_origin: Mapping[str | None, tuple[int, Decimal]]
    """Origin of the pass → number and value; None: business without a lead."""
    nurtured_average: Decimal | None
    """Average value of business whose person marketing had touched."""
    other_average: Decimal | None
    """Average value of all other business."""
    apart: Mapping[str, tuple[int, Decimal]]
    """Kinds of business that do not count here, such as renewals → number and value."""
    other_currencies: Mapping[str, tuple[int, Decimal]]
    """Other currencies → number and value: never added, never converted. A unit with amounts in
    several currencies is counted under each."""
    without_value: int
    """Units whose value was not reported: counted by number, and as 0 by value."""
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
    nurtured = [entry for entry in credited if entry.by_policy.get(Policy.ANY_TOUCH)]
    others = [entry for entry in credited if not entry.by_policy.get(Policy.ANY_TOUCH)]
    return Contribution(
        shares=tuple(_share(policy, credited, rules) for policy in Policy),
        by_origin=_by_origin(credited),
        nurtured_average=_average(nurtured),
        other_average=_average(others),
        apart=apart,
        other_currencies=other_currencies,
        without_value=sum(entry.value is None for entry in credited),
        credited=tuple(credited),
    )


def _amounts(unit: Unit, rules: Rules) -> dict[str, Decimal | None]:
    """Return a unit's value in each currency; if none was named, in the lifecycle's currency."""
    named = sums_of(
        (currency or rules.default_currency, value) for currency, value in unit.amounts.items()
    )
    return {currency: value for currency, value in named.items() if currency is not None}


def _count(found: dict[str, tuple[int, Decimal]], name: str, value: Decimal | None) -> None:
    number, sum_before = found.get(name, (0, Decimal()))
    found[name] = (number + 1, sum_before + (value or 0))


def credit(unit: Unit, value: Decimal | None, person: Person, rules: Rules) -> Credited:
    """Decide by every policy whether a unit is marketing's. A unit without a lead never is."""
    origin = None if unit.lead is None else person.origin_by_pass.get(unit.pass_number or 1)
    begin = unit.won_at - rules.lookback
    has_touch = any(begin <= touch <= unit.won_at for touch in person.touches)
    is_known = unit.lead is not None
    marketing = rules.marketing_origins
    by_policy = {
        Policy.ORIGIN: is_known and origin in marketing,
        Policy.OPENING: is_known and _opening(unit, person) in marketing,
        Policy.FIRST_TOUCH: is_known and person.first_touch in marketing,
        Policy.ANY_TOUCH: is_known and has_touch,
    }
    set_ones = {policy: by_policy[policy] for policy in Policy if policy in rules.policies}
    return Credited(unit, value, origin, set_ones)


def _opening(unit: Unit, person: Person) -> str | None:
    """Return the origin of the latest inbound report before the business was opened."""
    begin = unit.opened_at - OPENING_LOOKBACK
    last = [touch.origin for touch in person.inbound if begin <= touch.at <= unit.opened_at]
    return last[-1] if last else unit.opening_origin


def policies_of(lifecycle: Lifecycle, rules: ContributionRules) -> frozenset[Policy]:
    """Return the policies by which business can be marketing's, whatever is reported.

    If the table of origins gives marketing no deal, that is a gap in the table and says nothing
    about who brought the business.
    """
    of_leads = [name for name, type in lifecycle.events.items() if type.subject is SubjectKind.LEAD]
    can_be = {
        Policy.ORIGIN: _can_be_marketings(lifecycle, rules, of_leads),
        Policy.OPENING: _can_be_marketings(lifecycle, rules, of_leads),
        Policy.FIRST_TOUCH: _can_be_marketings(lifecycle, rules, of_leads),
        Policy.ANY_TOUCH: any(_can_hold(rules.touch, name) for name in of_leads),
    }
    return frozenset(policy for policy, is_possible in can_be.items() if is_possible)


def _can_be_marketings(
    lifecycle: Lifecycle, rules: ContributionRules, types: Iterable[str]
) -> bool:
    marketing = rules.marketing_origins
    if lifecycle.origin_otherwise in marketing:
        return True
    conditions = [rule.condition for rule in lifecycle.origin_rules if rule.origin in marketing]
    return any(_can_hold(condition, name) for name in types for condition in conditions)


def _can_hold(condition: Condition, type: str) -> bool:
    """Return whether a condition can be true of an event of which only the type is known."""
    return condition.test({"event.type": type}) is not False


def _share(policy: Policy, credited: Sequence[Credited], rules: Rules) -> Share:
    own = [entry for entry in credited if entry.by_policy.get(policy)]
    return Share(
        policy=policy,
        is_set=policy in rules.policies,
        number=len(own),
        value=_sum(own),
        number_of=len(credited),
        value_of=_sum(credited),
    )


def _by_origin(credited: Sequence[Credited]) -> dict[str | None, tuple[int, Decimal]]:
    found: dict[str | None, tuple[int, Decimal]] = {}
    for entry in credited:
        number, value = found.get(entry.origin, (0, Decimal()))
        found[entry.origin] = (number + 1, value + (entry.value or 0))
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or "")))


def _sum(credited: Iterable[Credited]) -> Decimal:
    return sum((entry.value for entry in credited if entry.value is not None), Decimal())


def _average(credited: Sequence[Credited]) -> Decimal | None:
    valued = [entry.value for entry in credited if entry.value is not None]
    return sum(valued, Decimal()) / len(valued) if valued else None


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None
