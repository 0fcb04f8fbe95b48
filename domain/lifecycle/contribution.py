"""What a lifecycle says of marketing's contribution (domain rule 13)."""

from dataclasses import dataclass

from domain.lifecycle.conditions import Condition

FURTHER_BUSINESS = "cross_sell"
"""What a customer's further business is called where neither the lifecycle nor the event says."""


@dataclass(frozen=True, slots=True)
class ContributionRules:
    marketing_origins: tuple[str, ...]
    """Origins that are marketing's work; enquiries to sales and resellers are not among them."""
    currency: str
    """Three letters of ISO 4217. Business in another currency is counted apart, never converted."""
    business: tuple[str, ...]
    """Kinds of business that count. Others are shown apart."""
    further_business: str
    """The kind of what a customer buys next, where nobody says what it is."""
    lookback_days: int
    """How long before the business a touch by marketing still counts, in days."""
    touch: Condition
    """Which events touch a person; a mail that was only sent does not."""
