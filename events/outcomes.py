"""What became of each item that was sent in: the one clear answer."""

from typing import NamedTuple

from domain.signal import Ignored
from events.refusals import Refused


class Moved(NamedTuple):
    """A change of stage. None is unplaced."""

    stage_from: str | None
    stage_to: str | None


class Derived(NamedTuple):
    """An event that the service wrote as the consequence of the one reported."""

    type: str
    position: int
    subject: str
    moved: Moved | None


class Recorded(NamedTuple):
    position: int
    leaf: bytes
    subject: str
    lead: str | None
    """The lead that received the event: another than the subject where that one was absorbed."""
    stage: str | None
    moved: Moved | None
    derived: tuple[Derived, ...]
    is_already: bool
    """A decision for what already was."""
    ignored: tuple[Ignored, ...] = ()
    """What was given as identifiers and identifies nobody."""


class Duplicate(NamedTuple):
    """The same key with the same content, recorded before."""

    position: int
    leaf: bytes


Outcome = Recorded | Duplicate | Refused
