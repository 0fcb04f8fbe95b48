"""What conditions may ask: paths to values, looked up only when a condition asks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.lifecycle.conditions import Scalar
from domain.scoring import Score, amount, fit_of
from domain.state import LOST, NOTHING, OPEN, STANDING, WON, AccountState, LeadState, State

_OF_LEAD: Mapping[str, Callable[[LeadState], Scalar]] = {
    "known": lambda lead: lead.known,
    "anonymous": lambda lead: not lead.known,
    "stage": lambda lead: lead.stage,
    "owner": lambda lead: lead.owner,
    "origin": lambda lead: lead.origin,
    "channel": lambda lead: lead.channel,
    "grade": lambda lead: lead.grade,
    "market": lambda lead: lead.market,
    "priority": lambda lead: lead.priority,
    "screened_as": lambda lead: lead.screened_as,
    "recycled": lambda lead: lead.pass_number > 1,
    "open_opportunities": lambda lead: _count(lead.opportunities, OPEN),
    "won_opportunities": lambda lead: _count(lead.opportunities, WON),
    "lost_opportunities": lambda lead: _count(lead.opportunities, LOST),
    "standing_orders": lambda lead: _count(lead.orders, STANDING),
    "fit": fit_of,
    "targeted": lambda lead: lead.market is not None,
}
"""What the service itself knows of a lead; every other name is a declared attribute."""

_OF_SCORE: Mapping[str, Callable[[Score], Scalar]] = {
    "score": lambda score: amount(score.total),
    "interest": lambda score: amount(score.interest),
}
_OF_ACCOUNT: Mapping[str, Callable[[AccountState], Scalar]] = {
    "stage": lambda account: account.stage,
    "open_opportunities": lambda account: _count(account.opportunities, OPEN),
}


def _unknown() -> None:
    """Answer where nothing gives points."""


_MARKS = "marks."


class Facts(Mapping[str, Scalar]):
    """The facts of one question. A class, because most moves have no guard and never look."""

    __slots__ = ("_data", "_department", "_score", "_state", "_type")

    def __init__(
        self,
        state: State,
        *,
        type: str = "",
        data: Mapping[str, Any] = NOTHING,
        department: str | None = None,
        score: Callable[[], Score | None] = _unknown,
    ) -> None:
        """Take what is asked about; `score` is reckoned only when a condition asks for it."""
        self._state = state
        self._type = type
        self._data = data
        self._department = department
        self._score = score

    def __getitem__(self, path: str) -> Scalar:
        about, _, name = path.partition(".")
        if about == "event":
            return self._of_event(name)
        if about == "account":
            account = self._state.account
            return _OF_ACCOUNT[name](account) if account is not None else None
        if name in _OF_SCORE:
            score = self._score()
            return _OF_SCORE[name](score) if score is not None else None
        lead = self._state.lead
        known = _OF_LEAD.get(name)
        if known is not None:
            return known(lead)
        value: Scalar = (
            lead.marks.get(name.removeprefix(_MARKS))
            if name.startswith(_MARKS)
            else lead.attributes.get(name)
        )
        return value

    def __iter__(self) -> Iterator[str]:
        yield from ("event.type", "event.department")
        yield from (f"event.{name}" for name in self._data)
        yield from (f"lead.{_MARKS}{name}" for name in self._state.lead.marks)
        yield from (f"account.{name}" for name in _OF_ACCOUNT)
        of_lead = (*_OF_LEAD, *_OF_SCORE, *self._state.lead.attributes)
        yield from (f"lead.{name}" for name in of_lead)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of_event(self, name: str) -> Scalar:
        if name == "type":
            return self._type
        if name == "department":
            return self._department
        value: Scalar = self._data.get(name)
        return value


def _count(statuses: Mapping[str, str], status: str) -> int:
    return tuple(statuses.values()).count(status)
