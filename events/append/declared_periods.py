"""Costs, targets and closings: a later one replaces an earlier one, and periods never overlap.

A cost is spread over the days of its period; a target is compared with the results of those days.
Two periods of the same campaign's costs, or of the same figure's targets, are either identical, in
which case the later report counts, or have no day in common. Otherwise a day would count twice. The
same applies to closings.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.service_events import FIRST_DAY, LAST_DAY, PERIOD_CLOSED, READ_AT
from domain.signal import Signal
from events.refusals import Refusal

_SAYS_WHAT_COUNTS = ("cost", "plan", READ_AT)
_FIGURE, _CURRENCY = "figure", "currency"


def objection(
    signal: Signal,
    compiled: CompiledLifecycle,
    earlier: Iterable[Mapping[str, Any]],
    *,
    position: int,
) -> Refusal | None:
    """Return why a cost, a target or a closing cannot be accepted.

    `earlier` is the data of the earlier events of its type; `position`, where the log ends.
    """
    if signal.type.name == PERIOD_CLOSED:
        today = compiled.clock.day(signal.occurred_at)
        refusal = _of_closing(signal.data, today=today.isoformat(), position=position)
    else:
        refusal = _of_currency(signal.data, compiled.lifecycle)
    return refusal or _of_period(signal.data, earlier)


def _of_closing(data: Mapping[str, Any], *, today: str, position: int) -> Refusal | None:
    """Require days that are over, and a position that has been recorded."""
    last, read_at = data[LAST_DAY], data.get(READ_AT)
    if last >= today:
        return _not_closed(
            LAST_DAY, f"The period is not over on {today}: close it from the day after its last on."
        )
    if read_at is not None and not 1 <= int(read_at) <= position:
        return _not_closed(
            READ_AT,
            f"The log ends at {position}, before the position at which the numbers are said to be "
            "read: send the as_of_position of the answer that you confirm.",
        )
    return None


def _not_closed(name: str, detail: str) -> Refusal:
    return Refusal("event-invalid", detail, f"/data/{name}")


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
        if name not in (FIRST_DAY, LAST_DAY, *_SAYS_WHAT_COUNTS)
    }
