"""The values that conditions may read, by path, looked up only on demand."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from domain.event import NOTHING
from domain.lead.score import Score, amount, fit_of
from domain.lead.state import (
    INITIAL_ACCOUNT,
    LOST,
    OPEN,
    STANDING,
    WON,
    AccountState,
    LeadState,
    State,
)
from domain.lifecycle.conditions import Scalar
from domain.lifecycle.text.vocabulary import ACCOUNT_PATHS, BLOCKED

NEW_BUSINESS = "new"

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
    "business": lambda lead: lead.business or NEW_BUSINESS,
    "open_opportunities": lambda lead: count(lead.opportunities, OPEN, lead.earlier_opportunities),
    "won_opportunities": lambda lead: count(lead.opportunities, WON, lead.earlier_opportunities),
    "lost_opportunities": lambda lead: count(lead.opportunities, LOST, lead.earlier_opportunities),
    "standing_orders": lambda lead: count(lead.orders, STANDING, lead.earlier_orders),
    "team": lambda lead: lead.team,
    "unreached_attempts": lambda lead: len(lead.attempts),
    "awaits_revisit": lambda lead: "revisit" in lead.timers,
    "fit": fit_of,
    "targeted": lambda lead: lead.market is not None,
}
"""What the service itself knows about a lead; every other name is a declared attribute. Deals and
orders are those of this pass: an open deal of an earlier pass neither loses nor wins this one."""

_CONTACTABLE = "contactable"
"""Whether any of the channels that the lifecycle declares is open."""

_OF_SCORE: Mapping[str, Callable[[Score], Scalar]] = {
    "score": lambda score: amount(score.total),
    "interest": lambda score: amount(score.interest),
}
_OF_ACCOUNT: Mapping[str, Callable[[AccountState], Scalar]] = {
    "stage": lambda account: account.stage,
    "segment": lambda account: account.segment,
    "key_role": lambda account: account.key_role,
    "owner": lambda account: account.owner,
    "competitor": lambda account: account.competitor,
    "open_opportunities": lambda account: count(account.opportunities, OPEN, ()),
}


def _unknown() -> None:
    """The score if nothing gives points."""


_KEPT_BY_NAME = ("marks", "owners")
"""What a lead keeps under names that the lifecycle declares: `lead.marks.scenario`."""


class CaseReadings(Mapping[str, Scalar]):
    """The values for one decision. A class, because most are never read, and some are read often.

    Each is looked up once: fifty rules may read one field of an event.
    """

    __slots__ = ("_channels", "_data", "_department", "_found", "_score", "_state", "_type")

    def __init__(
        self,
        state: State,
        *,
        type: str = "",
        data: Mapping[str, Any] = NOTHING,
        department: str | None = None,
        channels: Collection[str] = (),
        score: Callable[[], Score | None] = _unknown,
    ) -> None:
        """Take the sources of the values; `score` is called only when a condition reads it."""
        self._state = state
        self._type = type
        self._data = data
        self._department = department
        self._channels = channels
        self._score = score
        self._found: dict[str, Scalar] = {}

    def __getitem__(self, path: str) -> Scalar:
        found = self._found
        if path not in found:
            found[path] = self._look_up(path)
        return found[path]

    def _look_up(self, path: str) -> Scalar:
        about, _, name = path.partition(".")
        if about == "event":
            return self._of_event(name)
        if about == "account":
            return _OF_ACCOUNT[name](self._state.account or INITIAL_ACCOUNT)
        return self._of_lead(path, name)

    def __iter__(self) -> Iterator[str]:
        yield from ("event.type", "event.department", "account.stage", *ACCOUNT_PATHS)
        yield from (f"event.{name}" for name in self._data)
        for kept in _KEPT_BY_NAME:
            yield from (f"lead.{kept}.{name}" for name in getattr(self._state.lead, kept))
        yield from (f"{BLOCKED}{name}" for name in self._channels)
        own = (*_OF_LEAD, *_OF_SCORE, _CONTACTABLE)
        yield from (f"lead.{name}" for name in (*own, *self._state.lead.attributes))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of_lead(self, path: str, name: str) -> Scalar:
        if name in _OF_SCORE:
            score = self._score()
            return _OF_SCORE[name](score) if score is not None else None
        lead = self._state.lead
        if path.startswith(BLOCKED) and path.removeprefix(BLOCKED) in self._channels:
            return path.removeprefix(BLOCKED) in lead.blocks
        if name == _CONTACTABLE:
            return not self._channels or any(
                channel not in lead.blocks for channel in self._channels
            )
        known = _OF_LEAD.get(name)
        if known is not None:
            return known(lead)
        kept, _, key = name.partition(".")
        values = getattr(lead, kept) if key and kept in _KEPT_BY_NAME else lead.attributes
        value: Scalar = values.get(key or name)
        return value

    def _of_event(self, name: str) -> Scalar:
        if name == "type":
            return self._type
        if name == "department":
            return self._department
        value: Scalar = self._data.get(name)
        return value


def count(statuses: Mapping[str, str], status: str, earlier: Collection[str]) -> int:
    """Count the deals or orders with this status, without those of earlier passes."""
    if not earlier:
        return tuple(statuses.values()).count(status)
    return sum(has == status and id not in earlier for id, has in statuses.items())
