"""The values that conditions may read, by path, looked up only on demand."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from domain.event import NOTHING
from domain.lead.score import Score, amount, fit_of
from domain.lead.state import (
    INITIAL_ACCOUNT,
    LOST,
    OPEN,
    VALID,
    WON,
    AccountState,
    LeadState,
    State,
)
from domain.lifecycle.conditions import Scalar
from domain.lifecycle.text.vocabulary import BLOCKED
from domain.limits import GETTERS_MAX

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
    "valid_orders": lambda lead: count(lead.orders, VALID, lead.earlier_orders),
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


class CaseReadings:
    """The values for one decision. A class, because most are never read, and some are read often.

    Each is looked up once: fifty rules may read one field of an event.
    """

    __slots__ = ("_found", "channels", "data", "department", "score", "state", "type")

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
        self.state = state
        self.type = type
        self.data = data
        self.department = department
        self.channels = channels
        self.score = score
        self._found: dict[str, Scalar] = {}

    def get(self, path: str, /) -> Scalar:
        """Return the value of a path, None if it is unknown."""
        found = self._found
        if path in found:
            return found[path]
        value = found[path] = _getter(path)(self)
        return value


_Getter = Callable[[CaseReadings], Scalar]


@lru_cache(GETTERS_MAX)
def _getter(path: str) -> _Getter:
    """Return what reads a path: it is taken apart once, not with every decision."""
    about, _, name = path.partition(".")
    if about == "event":
        return _of_event(name)
    if about == "account":
        of_account = _OF_ACCOUNT[name]
        return lambda readings: of_account(readings.state.account or INITIAL_ACCOUNT)
    if name in _OF_LEAD:
        of_lead = _OF_LEAD[name]
        return lambda readings: of_lead(readings.state.lead)
    if name in _OF_SCORE:
        return partial(_scored, _OF_SCORE[name])
    return _of_channel(path, name) if path.startswith(BLOCKED) else _kept(name)


def _of_event(name: str) -> _Getter:
    if name == "type":
        return attrgetter("type")
    if name == "department":
        return attrgetter("department")
    return lambda readings: readings.data.get(name)


def _of_channel(path: str, name: str) -> _Getter:
    """Whether a channel is closed; an attribute may have a name like that of a channel."""
    channel = path.removeprefix(BLOCKED)
    return lambda readings: (
        channel in readings.state.lead.blocks
        if channel in readings.channels
        else readings.state.lead.attributes.get(name)
    )


def _kept(name: str) -> _Getter:
    """Read what the lifecycle declares: what a lead keeps by name, or an attribute."""
    if name == _CONTACTABLE:
        return _is_contactable
    kept, _, key = name.partition(".")
    if key and kept in _KEPT_BY_NAME:
        return lambda readings: getattr(readings.state.lead, kept).get(key)
    return lambda readings: readings.state.lead.attributes.get(name)


def _scored(part: Callable[[Score], Scalar], readings: CaseReadings) -> Scalar:
    score = readings.score()
    return part(score) if score is not None else None


def _is_contactable(readings: CaseReadings) -> bool:
    lead, channels = readings.state.lead, readings.channels
    return not channels or any(channel not in lead.blocks for channel in channels)


def count(statuses: Mapping[str, str], status: str, earlier: Collection[str]) -> int:
    """Count the deals or orders with this status, without those of earlier passes."""
    if not earlier:
        return tuple(statuses.values()).count(status)
    return sum(has == status and id not in earlier for id, has in statuses.items())
