"""How leads come to be qualified: by runs that select the best, or by threshold alone, as data."""

from dataclasses import dataclass
from enum import StrEnum

from domain.lifecycle.conditions import Condition


class Mode(StrEnum):
    SELECTION = "selection"
    """Runs narrow the candidates to what inside sales can screen."""
    THRESHOLD = "threshold"
    """Whoever meets the condition is qualified at once."""


@dataclass(frozen=True, slots=True)
class Qualification:
    mode: Mode
    at: str
    """The stage whose leads can be qualified."""
    qualifies_by: str
    """The decision that moves them on."""
    condition: Condition
    """What makes a lead a candidate, in addition to the rules of `domain.rules.candidacy`."""
    unscreened: tuple[str, ...]
    """Stages in which qualified leads wait to be screened: the backlog that takes capacity."""
    contact_by: tuple[str, ...]
    """Channels of which at least one must not be blocked."""
