"""What conditions may ask: paths to values, gathered only when a condition asks at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.lifecycle.conditions import Scalar
from domain.state import LOST, OPEN, STANDING, WON, State


class Facts(Mapping[str, Scalar]):
    """The facts of one question. A class, because most moves have no guard and never look."""

    __slots__ = ("_data", "_department", "_gathered", "_state", "_type")

    def __init__(
        self, state: State, *, type: str, data: Mapping[str, Any], department: str | None
    ) -> None:
        self._state = state
        self._type = type
        self._data = data
        self._department = department
        self._gathered: dict[str, Scalar] | None = None

    def __getitem__(self, path: str) -> Scalar:
        return self._all()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Scalar]:
        if self._gathered is None:
            self._gathered = self._gather()
        return self._gathered

    def _gather(self) -> dict[str, Scalar]:
        lead, account = self._state
        opportunities = tuple(lead.opportunities.values())
        facts: dict[str, Scalar] = {f"event.{name}": value for name, value in self._data.items()}
        facts |= {f"lead.{name}": value for name, value in lead.attributes.items()}
        facts |= {
            "event.type": self._type,
            "event.department": self._department,
            "lead.known": lead.known,
            "lead.anonymous": not lead.known,
            "lead.stage": lead.stage,
            "lead.owner": lead.owner,
            "lead.origin": lead.origin,
            "lead.channel": lead.channel,
            "lead.recycled": lead.pass_number > 1,
            "lead.open_opportunities": opportunities.count(OPEN),
            "lead.won_opportunities": opportunities.count(WON),
            "lead.lost_opportunities": opportunities.count(LOST),
            "lead.standing_orders": tuple(lead.orders.values()).count(STANDING),
            "account.stage": account.stage if account is not None else None,
        }
        return facts
