"""Costs and targets: a later report replaces an earlier one, and periods never overlap.

A cost is spread over the days of its period; a target is compared with the results of those days.
Two periods of the same campaign's costs, or of the same figure's targets, are either identical, in
which case the later report counts, or have no day in common. Otherwise a day would count twice.
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
    """Return why a cost or a target cannot be accepted.

    `earlier` is the data of the earlier events of its type.
    """
    return _of_currency(signal.data, lifecycle) or _of_period(signal.data, earlier)


def _of_currency(data: Mapping[str, Any], lifecycle: Lifecycle) -> Refusal | None:
    """Require a currency if the figure is money, and none if it is a number."""
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
    for declared in earlier:
        began, ended = declared[FIRST_DAY], declared[LAST_DAY]
        overlaps = began <= last and first <= ended and (began, ended) != (first, last)
        if overlaps and _about(declared) == about:
            return Refusal(
                "event-invalid",
                f"The period overlaps {began} to {ended}, which is already recorded. Send exactly "
                "those days to replace it, or days outside it to add another period.",
                f"/data/{FIRST_DAY}",
                {"expected": {FIRST_DAY: began, LAST_DAY: ended}},
            )
    return None


def _about(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a cost or a target is about, without its period: campaign, currency, figure, market."""
    return {
        name: value
        for name, value in data.items()
        if name not in (FIRST_DAY, LAST_DAY, *_SAYS_HOW_MUCH)
    }
