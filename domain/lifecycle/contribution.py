"""A lifecycle's rules for marketing's contribution (domain rule 13)."""

from dataclasses import dataclass

from domain.lifecycle.conditions import Condition

FURTHER_BUSINESS = "cross_sell"
"""The kind of a customer's further business if neither the lifecycle nor the event states it."""


@dataclass(frozen=True, slots=True)
class ContributionRules:
    marketing_origins: tuple[str, ...]
    """Origins that are marketing's work; enquiries to sales and resellers are not among them."""
    currency: str
    """An ISO 4217 code. Business in other currencies is counted separately, never converted."""
    business: tuple[str, ...]
    """Kinds of business that count. Others are shown separately."""
    further_business: str
    """The kind of a customer's further business if none is stated."""
    lookback_days: int
    """How many days before the business a marketing touch still counts."""
    touch: Condition
    """Which events are touches; a mail that was only sent is not one."""
