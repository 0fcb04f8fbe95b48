"""How leads are qualified, as data: by runs that select the best, or by threshold alone."""

from dataclasses import dataclass
from enum import StrEnum

from domain.lifecycle.conditions import Condition


class Mode(StrEnum):
    SELECTION = "selection"
    """Runs narrow the candidates to the number that inside sales can screen."""
    THRESHOLD = "threshold"
    """A lead that meets the condition is qualified at once."""


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
    """Stages in which qualified leads wait for screening: the backlog that takes capacity."""
    contact_by: tuple[str, ...]
    """Channels of which at least one must not be blocked."""
