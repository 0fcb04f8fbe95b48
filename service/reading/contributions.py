"""Marketing's contribution in JSON: amounts and shares as decimal strings, exact."""

from datetime import datetime
from decimal import Decimal

from domain.lifecycle.contribution import ContributionRules
from domain.lifecycle.definition import Lifecycle
from domain.times import format_optional_utc, format_utc
from projections.business.credit import Credited, Share
from projections.business.queries import Answer
from service.ingest.labels import label_of
from service.limits import BUSINESS_SHOWN_MAX
from service.shapes import contribution as shapes

_SIX_PLACES = Decimal("0.000001")


def describe_contribution(
    answer: Answer,
    rules: ContributionRules,
    lifecycle: Lifecycle,
    *,
    since: datetime | None,
    until: datetime | None,
    currency: str | None,
    language: str | None,
    only_disputed: bool,
    lifecycle_version: int,
) -> shapes.Contribution:
    """Describe the shares under each policy, and the business behind them."""
    found = answer.contribution
    shown = [credited for credited in found.credited if credited.is_disputed or not only_disputed]
    return {
        "from": format_optional_utc(since),
        "to": format_optional_utc(until),
        "currency": currency or rules.currency,
        "shares": [_share(share) for share in found.shares],
        "origins": [
            {
                "origin": origin,
                **_label(lifecycle, origin, language),
                "number": number,
                "value": _amount(value),
            }
            for origin, (number, value) in found.by_origin.items()
        ],
        "nurtured_average": _average(found.nurtured_average),
        "other_average": _average(found.other_average),
        "apart": [
            {"business": kind, "number": number, "value": _amount(value)}
            for kind, (number, value) in sorted(found.apart.items())
        ],
        "other_currencies": [
            {"currency": code, "number": number, "value": _amount(value)}
            for code, (number, value) in sorted(found.other_currencies.items())
        ],
        "without_value": found.without_value,
        "disputed": sum(credited.is_disputed for credited in found.credited),
        "business": [_credited(credited, answer) for credited in shown[:BUSINESS_SHOWN_MAX]],
        "truncated": len(shown) > BUSINESS_SHOWN_MAX,
        "as_of_position": str(answer.position),
        "lifecycle": lifecycle_version,
    }


def _share(share: Share) -> shapes.Share:
    return {
        "policy": str(share.policy),
        "is_set": share.is_set,
        "number": share.number,
        "number_of": share.number_of,
        "by_number": _ratio(share.by_number),
        "value": _amount(share.value),
        "value_of": _amount(share.value_of),
        "by_value": _ratio(share.by_value),
    }


def _credited(credited: Credited, answer: Answer) -> shapes.CreditedBusiness:
    unit = credited.unit
    return {
        "business": unit.key,
        "kind": unit.business,
        "won_at": format_utc(unit.won_at),
        "value": _amount(credited.value) if credited.value is not None else None,
        "lead": unit.lead,
        "account": unit.account,
        "origin": credited.origin,
        "marketing": {str(policy): holds for policy, holds in credited.by_policy.items()},
        "beside": answer.beside.get(unit.key, ()),
        "positions": [str(position) for position in unit.positions],
    }


def _label(lifecycle: Lifecycle, origin: str | None, language: str | None) -> shapes.OriginLabel:
    if language is None or origin is None or origin not in lifecycle.origins:
        return {}
    return {"origin_label": label_of(lifecycle.origins, origin, language)}


def _amount(value: Decimal) -> str:
    return format(value, "f")


def _average(value: Decimal | None) -> str | None:
    return _amount(value.quantize(_SIX_PLACES).normalize()) if value is not None else None


def _ratio(value: Decimal | None) -> str | None:
    return format(value.quantize(_SIX_PLACES), "f") if value is not None else None
