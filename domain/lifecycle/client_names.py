"""Mapping from the names that analytics clients use to event types.

These clients make one of a few calls: they identify a person, show a page, or track something under
a name of the sender's choice. Each company defines which fact each call reports.
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
    """A company is described, without a person."""
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
"""What a call reports by default, if the lifecycle does not define it."""


class PersonField(StrEnum):
    """Personal data that a tracked event may have among its properties."""

    EMAIL = "email"
    PHONE = "phone"
    USER_ID = "user_id"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Identifying:
    """Tracked events whose properties identify the person who acted, as the fields of a form do."""

    types: frozenset[str] = frozenset()
    """Event types in which people identify themselves. In other events an address among the
    properties may be another person's, such as that of an invited colleague."""
    properties: Mapping[str, PersonField] = field(default_factory=dict)
    """By the name as `names.normal` folds it."""


@dataclass(frozen=True, slots=True)
class ClientNames:
    """Calls, and the names of tracked events, to event types."""

    calls: Mapping[ClientCall, str] = field(default_factory=lambda: USUAL_CALLS)
    events: Mapping[str, str] = field(default_factory=dict)
    """By the name as `names.normal` folds it: letter case and width do not distinguish names."""
    identifying: Identifying = field(default_factory=Identifying)
