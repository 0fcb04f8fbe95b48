"""Which deal or order a number means: numbers belong to the source that assigns them.

Two systems may both number their orders from 0001, so a number alone identifies nothing. A deal or
an order is identified by its key, `source/number`, never by its number. Sources that the lifecycle
declares to share numbers count as one: a number means what is known under the key of any of them,
the sender's own first. A new deal or order gets the key of the source that is declared first.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from domain.effects import Effects
from domain.lead.state import State
from domain.lifecycle.definition import NUMBERED_BY, SharedNumbers
from domain.signal import Signal

OPPORTUNITY_FIELD, ORDER_FIELD = "opportunity", "order"
"""The event fields that hold the number of a deal, and of an order."""


class Numbers(NamedTuple):
    """The keys of the deal and of the order that an event is about, if any."""

    opportunity: str | None = None
    order: str | None = None

    def effects(self) -> Effects:
        """Record what was meant, so that readers of the event need not resolve it again."""
        effects: Effects = {}
        if self.opportunity is not None:
            effects["of_opportunity"] = self.opportunity
        if self.order is not None:
            effects["of_order"] = self.order
        return effects


def numbers_of(signal: Signal, state: State, shared: SharedNumbers) -> Numbers:
    """Return the keys that an event's numbers mean, given the deals of its lead and its company.

    Only for events whose role concerns a deal or an order: no other event changes one.
    """
    if signal.type.role not in NUMBERED_BY:
        return Numbers()
    buyers = [buyer for buyer in state if buyer is not None]
    return Numbers(
        _meant(signal, OPPORTUNITY_FIELD, shared, [buyer.opportunities for buyer in buyers]),
        _meant(signal, ORDER_FIELD, shared, [buyer.orders for buyer in buyers]),
    )


def key_of(source: str, number: str) -> str:
    """Return the key of a number. Its first slash ends the source, in which slashes are escaped."""
    return f"{source.replace('%', '%25').replace('/', '%2F')}/{number}"


def sharing_with(source: str, field: str, shared: SharedNumbers) -> tuple[str, ...]:
    """Return all sources that share the numbers in a field with this one, including itself."""
    groups = shared.opportunity if field == OPPORTUNITY_FIELD else shared.order
    return next((group for group in groups if source in group), (source,))


def _meant(
    signal: Signal, field: str, shared: SharedNumbers, known: Collection[Mapping[str, str]]
) -> str | None:
    number = signal.data.get(field)
    if number is None:
        return None
    sources = sharing_with(signal.source, field, shared)
    keys = [key_of(source, str(number)) for source in (signal.source, *sources)]
    return next((key for key in keys if any(key in statuses for statuses in known)), keys[1])
