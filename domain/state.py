"""What is known of a lead or an account after its events so far."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = MappingProxyType({})

OPEN, WON, LOST = "open", "won", "lost"
STANDING, CANCELLED = "standing", "cancelled"


class StandingFact(NamedTuple):
    """A fact of this pass that came before the stage it moves from.

    It is considered again after every move. `data` are the fields that its guards may read.
    """

    type: str
    position: int
    data: Mapping[str, Any]
    moved_to: tuple[str, ...] = ()
    """Stages that it has moved the lead to: it does not do so twice in a pass."""


class LeadState(NamedTuple):
    """A lead in its current pass."""

    stage: str | None = None
    """None while unplaced, and after absorption by another lead."""
    pass_number: int = 1
    entered_at: datetime | None = None
    """Effective time of the last move: no later move counts from before it."""
    entered: tuple[str, ...] = ()
    """Stages entered in this pass, in order of first entry."""
    known: bool = False
    """Whether we hold personal data of this person."""
    origin: str | None = None
    channel: str | None = None
    owner: str | None = None
    account: str | None = None
    attributes: Mapping[str, Any] = NOTHING
    opportunities: Mapping[str, str] = NOTHING
    """Opportunity id → open, won or lost."""
    orders: Mapping[str, str] = NOTHING
    """Order id → standing or cancelled."""
    standing: tuple[StandingFact, ...] = ()
    absorbed_by: str | None = None
    absorbs: tuple[str, ...] = ()


class AccountState(NamedTuple):
    """A company on its own track."""

    stage: str | None = None
    pass_number: int = 1
    entered_at: datetime | None = None
    entered: tuple[str, ...] = ()
    opportunities: Mapping[str, str] = NOTHING
    orders: Mapping[str, str] = NOTHING


INITIAL_LEAD = LeadState()
INITIAL_ACCOUNT = AccountState()


class State(NamedTuple):
    """A lead with its account's state beside it. Either may be absent from a decision."""

    lead: LeadState = INITIAL_LEAD
    account: AccountState | None = None
