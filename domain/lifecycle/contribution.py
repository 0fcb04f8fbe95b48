"""What a lifecycle says of marketing's contribution (domain rule 13)."""

from dataclasses import dataclass

from domain.lifecycle.conditions import Condition


@dataclass(frozen=True, slots=True)
class ContributionRules:
    marketing_origins: tuple[str, ...]
    """Origins that are marketing's work; enquiries to sales and resellers are not among them."""
    currency: str
    """Three letters of ISO 4217. Business in another currency is counted apart, never converted."""
    business: tuple[str, ...]
    """Kinds of business that count; `new` where a deal names none. Others are shown apart."""
    lookback_days: int
    """How long before the business a touch by marketing still counts, in days."""
    touch: Condition
    """Which events touch a person; a mail that was only sent does not."""
