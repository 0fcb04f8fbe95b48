"""How much each bench does: enough to stand out from noise, or just enough to run."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """Counts of events unless the name says otherwise."""

    rounds: int
    posted: int
    """Single events per round."""
    streamed: int
    """Events in one NDJSON body."""
    read: int
    """Events in the log that is replayed, rebuilt and verified."""
    small_log: int
    large_log: int
    appended: int
    """Events per round on each of the two logs."""
    asked: int
    """Funnel requests per round."""
    decided: int
    parsed_s: float
    """How long one round of parsing takes."""
    candidates: int
    """Leads that a selection ranks."""
    watched_s: float
    """How long the funnel is watched under load."""
    reassessed: int
    """Leads that move to another lifecycle."""
    others: int
    """Connections of other clients, each of which posts again after the answer."""
    others_s: float
    """How long the posts of other clients last that are ordered at once."""
    usual_s: float
    """How long other clients post before long work begins. Every minute or two, a disk delays
    commits by some tenths of a second, whoever writes: too short a sample would make the baseline
    too good, or too bad."""


FULL = Sizes(
    rounds=7,
    posted=5_000,
    streamed=20_000,
    read=60_000,
    small_log=10_000,
    large_log=300_000,
    appended=2_000,
    asked=300,
    decided=20_000,
    parsed_s=0.1,
    candidates=100_000,
    watched_s=10.0,
    reassessed=500_000,
    others=64,
    others_s=3.0,
    usual_s=120.0,
)

QUICK = Sizes(
    rounds=1,
    posted=100,
    streamed=300,
    read=300,
    small_log=150,
    large_log=450,
    appended=150,
    asked=20,
    decided=200,
    parsed_s=0.01,
    candidates=200,
    watched_s=0.3,
    reassessed=200,
    others=8,
    others_s=0.4,
    usual_s=0.2,
)
