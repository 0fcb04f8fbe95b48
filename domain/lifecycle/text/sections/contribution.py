"""The text of the section `contribution`."""

from collections.abc import Collection

from domain.currencies import CODES
from domain.lifecycle.conditions import Condition
from domain.lifecycle.contribution import FURTHER_BUSINESS, ContributionRules
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.vocabulary import EVENT_DEPARTMENT, Vocabulary, is_of_event
from domain.lifecycle.text.words import CODE, CODE_EXPECTED
from domain.limits import LOOKBACK_DAYS_MAX

KEYS = ("marketing_origins", "currency", "business", "lookback_days", "touch")
FURTHER_KEY = "further_business"


def read_contribution(
    place: Place | None, *, origins: Collection[str], vocabulary: Vocabulary
) -> ContributionRules | None:
    """Read the rules by which business is credited to marketing; None if there are none."""
    if place is None:
        return None
    keys = place.entries(known=(*KEYS, FURTHER_KEY), required=KEYS)
    if set(KEYS) - keys.keys():
        return None
    return ContributionRules(
        marketing_origins=read_names(keys["marketing_origins"], origins, kind="an origin"),
        currency=_read_currency(keys["currency"]),
        business=read_names(keys["business"], None, kind="a kind of business"),
        further_business=keys[FURTHER_KEY].matching(CODE, expected=CODE_EXPECTED)
        if FURTHER_KEY in keys
        else FURTHER_BUSINESS,
        lookback_days=_read_days(keys["lookback_days"]),
        touch=_read_touch(keys["touch"], vocabulary),
    )


def _read_currency(place: Place) -> str:
    code = place.text()
    if code not in CODES:
        place.complain(f"'{code}' is not an ISO 4217 currency; write its code, such as JPY")
    return code


def _read_days(place: Place) -> int:
    value = place.scalar()
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LOOKBACK_DAYS_MAX:
        return value
    place.complain(f"expected a number of days from 1 to {LOOKBACK_DAYS_MAX}")
    return 1


def _read_touch(place: Place, vocabulary: Vocabulary) -> Condition:
    condition = read_condition(place, vocabulary)
    if condition is None:
        return UNREADABLE
    for path in condition.reads:
        if not is_of_event(path) or path == EVENT_DEPARTMENT:
            place.complain(f"a touch is decided from the event alone, not from {path}")
    return condition
