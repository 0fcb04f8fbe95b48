"""The clock that all processes of a ledger share."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """The time by the database's clock, as the writer last compared it with ours."""

    now: Callable[[], datetime]
