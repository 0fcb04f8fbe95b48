"""Costs and targets: what is told again replaces what was told before, and periods never overlap.

A cost is spread over the days of its period, and a target is held against what came of them. Of one
campaign's costs, or one figure's targets, two periods are the same, and the later report counts, or
they have no day in common: otherwise a day would be counted twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY
from domain.signal import Signal
from events.refusals import Refusal

_SAYS_HOW_MUCH = ("cost", "plan")
_FIGURE, _CURRENCY = "figure", "currency"


def objection(
    signal: Signal, lifecycle: Lifecycle, earlier: Iterable[Mapping[str, Any]]
) -> Refusal | None:
    """Say why a cost or a target cannot stand; `earlier` is what was told by events of its type."""
    return _of_currency(signal.data, lifecycle) or _of_period(signal.data, earlier)


def _of_currency(data: Mapping[str, Any], lifecycle: Lifecycle) -> Refusal | None:
    """Ask for a currency where a figure is money, and for none where it is a number."""
    figure = lifecycle.target_figures.get(data.get(_FIGURE, ""))
    if figure is None or figure.is_amount == (_CURRENCY in data):
        return None
    expected = "a currency by its code in ISO 4217, such as JPY" if figure.is_amount else "none"
    kind = "an amount of money" if figure.is_amount else "a number"
    return Refusal(
        "event-invalid",
        f"The figure {data[_FIGURE]} is {kind}; expected as currency: {expected}.",
        f"/data/{_CURRENCY}",
        {"expected": expected},
    )


def _of_period(data: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> Refusal | None:
    first, last = data[FIRST_DAY], data[LAST_DAY]
    about = _about(data)
    for one in earlier:
        began, ended = one[FIRST_DAY], one[LAST_DAY]
        overlaps = began <= last and first <= ended and (began, ended) != (first, last)
        if overlaps and _about(one) == about:
            return Refusal(
                "event-invalid",
                f"The period overlaps {began} to {ended}, for which there is one already. Name "
                "exactly those days to replace that one, or others to add to it.",
                f"/data/{FIRST_DAY}",
                {"expected": {FIRST_DAY: began, LAST_DAY: ended}},
            )
    return None


def _about(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a cost or a target is of, beside its period: campaign, currency, figure, market."""
    return {
        name: value
        for name, value in data.items()
        if name not in (FIRST_DAY, LAST_DAY, *_SAYS_HOW_MUCH)
    }
