"""Which deal or order a number means: numbers belong to the source that gives them.

Two systems count their orders from 0001, so a number alone names nothing. A deal or an order is
known by its key, `source/number`, and never by its number. Sources that the lifecycle declares to
share numbers are one for this purpose: what is known under the key of any of them is meant, the
sender's own first, and what is new goes by the key of the one that is declared first.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from domain.lead.state import State
from domain.lifecycle.definition import Role, SharedNumbers
from domain.signal import Signal

OPPORTUNITY_FIELD, ORDER_FIELD = "opportunity", "order"
"""The fields of an event that hold the number of a deal, and of an order."""
_TELLS = frozenset(
    {
        *(Role.OPENS_OPPORTUNITY, Role.UPDATES_OPPORTUNITY, Role.REOPENS_OPPORTUNITY),
        *(Role.WINS_OPPORTUNITY, Role.LOSES_OPPORTUNITY),
        *(Role.PLACES_ORDER, Role.AMENDS_ORDER, Role.CANCELS_ORDER),
    }
)


class Numbers(NamedTuple):
    """The keys of the deal and of the order that an event tells of, as far as it tells of one."""

    opportunity: str | None = None
    order: str | None = None

    def effects(self) -> dict[str, str]:
        """Write down what was meant, so that nobody who reads the event has to ask again."""
        named = {"of_opportunity": self.opportunity, "of_order": self.order}
        return {name: key for name, key in named.items() if key is not None}


def numbers_of(signal: Signal, state: State, shared: SharedNumbers) -> Numbers:
    """Return the keys that an event's numbers mean, by what its lead and its company are known by.

    Only for events whose role is to tell of a deal or an order: no other event changes one.
    """
    if signal.type.role not in _TELLS:
        return Numbers()
    buyers = [one for one in state if one is not None]
    return Numbers(
        _meant(signal, OPPORTUNITY_FIELD, shared, [one.opportunities for one in buyers]),
        _meant(signal, ORDER_FIELD, shared, [one.orders for one in buyers]),
    )


def key_of(source: str, number: str) -> str:
    """Return the key of a number. Its first slash ends the source, whose own are escaped."""
    return f"{source.replace('%', '%25').replace('/', '%2F')}/{number}"


def sharing_with(source: str, field: str, shared: SharedNumbers) -> tuple[str, ...]:
    """Return all sources that share the numbers in a field with this one, it included."""
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
    return next((key for key in keys if any(key in one for one in known)), keys[1])
