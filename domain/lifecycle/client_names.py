"""What the clients of analytics tools call things, and which event types those are here.

Such a client makes one of a few calls: it identifies somebody, shows a page, tracks something by a
name of the sender's choice. Which fact each of them reports is the company's own definition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class ClientCall(StrEnum):
    """The calls that analytics clients have in common."""

    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    """A person belongs to a company."""
    COMPANY = "company"
    """A company is described, and nobody beside it."""
    ALIAS = "alias"
    """Two ids are the same person."""
    TRACK = "track"
    """Something happened, under a name that `events` does not list."""


USUAL_CALLS: Mapping[ClientCall, str] = MappingProxyType(
    {
        ClientCall.IDENTIFY: "profile.updated",
        ClientCall.PAGE: "visit.recorded",
        ClientCall.SCREEN: "visit.recorded",
        ClientCall.GROUP: "profile.updated",
        ClientCall.COMPANY: "account.updated",
        ClientCall.ALIAS: "profile.updated",
        ClientCall.TRACK: "activity.recorded",
    }
)
"""What a call reports where the lifecycle says nothing else of it."""


class PersonField(StrEnum):
    """What of a person a tracked event may tell among its properties."""

    EMAIL = "email"
    PHONE = "phone"
    USER_ID = "user_id"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Identifying:
    """Where properties of a tracked event tell who acted, as the fields of a form do."""

    types: frozenset[str] = frozenset()
    """Event types in which a person makes himself known. Elsewhere an address among the properties
    may be anybody's: that of a colleague who is invited."""
    properties: Mapping[str, PersonField] = field(default_factory=dict)
    """By the name as `words.normal` folds it."""


@dataclass(frozen=True, slots=True)
class ClientNames:
    """Calls, and the names of tracked events, to event types."""

    calls: Mapping[ClientCall, str] = field(default_factory=lambda: USUAL_CALLS)
    events: Mapping[str, str] = field(default_factory=dict)
    """By the name as `words.normal` folds it: letter case and width tell no two names apart."""
    identifying: Identifying = field(default_factory=Identifying)
