"""What is asked of a figure, and what comes back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from domain import traits
from domain.lifecycle.definition import SubjectKind
from projections.figures.costs import CostOf

AN_INSTANT: Final = timedelta(microseconds=1)
"""The resolution of all times."""


class Dimension(StrEnum):
    """What a figure can be broken down by: a property of a stay."""

    ORIGIN = "origin"
    SIDE = "side"
    CHANNEL = "channel"
    MONTH = "month"
    ACQUIRED = "acquired"
    JOURNEY = "pass"
    DEPARTMENT = "department"
    CAMPAIGN = traits.CAMPAIGN
    ACQUIRED_BY = traits.ACQUIRED_BY
    ENTERED_BY = traits.ENTERED_BY
    OWNER = traits.OWNER
    MARKET = traits.MARKET
    PRIORITY = traits.PRIORITY
    ACCOUNT = traits.ACCOUNT
    PRODUCT = traits.PRODUCT
    BUSINESS = traits.BUSINESS
    RESELLER = traits.RESELLER
    SCREENED_AS = traits.SCREENED_AS
    SEGMENT = traits.SEGMENT
    KEY_ROLE = traits.KEY_ROLE
    INDUSTRY = "industry"
    JOB = "job"
    POSITION = "position"
    REGION = "region"
    COMPANY_SIZE = "company_size"


TRAITS: Final = frozenset(map(str, Dimension)) & frozenset(traits.NAMES)
"""Breakdowns by what may change while a stay goes on."""
DIMENSIONS_MAX: Final = 2
"""A table has two directions. More would be cells of one or two leads each."""
BETWEEN_VALUES: Final = "\x1f"
"""Between the values of two breakdowns. Codes are printable, so none contains it."""


class FigureUnit(StrEnum):
    """What counts once."""

    JOURNEY = "pass"
    PERSON = "person"
    COMPANY = "company"


class Question(NamedTuple):
    """What is asked, with every default filled in: an equal question has an equal answer."""

    as_of: datetime
    """What was true then counts: everything that took effect by this moment."""
    known_at: int
    """What was known then counts: everything up to this position."""
    since: datetime | None = None
    until: datetime | None = None
    """The end of the period, exclusive. None: it has none."""
    by: tuple[Dimension, ...] = ()
    base: str = ""
    """The stage in which a cohort begins."""
    target: str = ""
    """The stage that it is to get to."""
    within: timedelta = timedelta()
    unit: FigureUnit = FigureUnit.JOURNEY
    """What counts once. A lead without a known company counts for none."""
    is_now: bool = False
    """Whether `as_of` is the present: everything known has happened by then."""

    @property
    def is_open(self) -> bool:
        """Whether more may happen within the period: its last instant is still to come."""
        return self.until is None or self.until - AN_INSTANT > self.as_of


class RowKey(NamedTuple):
    """A row of an answer, such as a stage."""

    track: SubjectKind
    name: str


class Cell(NamedTuple):
    """Where a number is in an answer. The members counted there are the leads behind it."""

    row: RowKey
    measure: str
    value: str | None = None
    """The value of the breakdown, empty if none was reported; two are joined by BETWEEN_VALUES.
    None for the total."""

    @property
    def values(self) -> tuple[str, ...] | None:
        """The value of each breakdown."""
        return tuple(self.value.split(BETWEEN_VALUES)) if self.value is not None else None


class Lasting(NamedTuple):
    """How long one case lasted, or has lasted so far."""

    length: timedelta
    subject_id: str
    position: int
    """The event with which it began."""


class FigureRow(NamedTuple):
    key: RowKey
    counts: Mapping[str, int]
    """By measure."""
    shares: Mapping[str, Fraction | None]
    """By name; None if the number that it is a share of is too small."""
    last_at: datetime | None
    """When the last of the cohort began; None for figures that follow none."""
    durations: Mapping[str, Lasting | None]
    """By name; None if there is no case."""
    amounts: Mapping[str, Decimal] | None = None
    """By measure, what those counted add up to; None if the row is not one of amounts."""
    costs: Mapping[str, CostOf] | None = None
    """By currency; None if results of this row have no cost. Empty if none was recorded."""


class FigurePart(NamedTuple):
    value: str
    """Empty: nothing was reported, which is not the value `unknown`. Two are joined by
    BETWEEN_VALUES."""
    rows: tuple[FigureRow, ...]


class FigureAnswer(NamedTuple):
    total: tuple[FigureRow, ...]
    parts: tuple[FigurePart, ...]
    """One for each value, the unreported one last. Empty without a breakdown."""

    @property
    def size(self) -> int:
        """Return the number of its rows, those of parts included."""
        return len(self.total) + sum(len(part.rows) for part in self.parts)


class Place(NamedTuple):
    """The place of a member in the list of its cell."""

    subject_id: str
    position: int
    number: int


class Then(NamedTuple):
    """What followed, if the number is about that: how the stay ended, or where the pass got to."""

    stage: str | None
    kind: str | None
    at: datetime
    position: int


class Member(NamedTuple):
    """A stay or a pass that counts, and the event by which it does."""

    place: Place
    kind: str
    pass_number: int
    at: datetime
    value: str
    then: Then | None
    amount: Decimal | None = None
    """What it adds to the amount, in a row of amounts."""

    def values(self, question: Question) -> tuple[str, ...]:
        """Return the value of each breakdown."""
        return tuple(self.value.split(BETWEEN_VALUES)) if question.by else ()


class MemberPage(NamedTuple):
    members: tuple[Member, ...]
    next: Place | None
    """Where to continue after; None if this is the last page."""
