"""What a figure is: its name, its version, its words, what can be asked, and what it counts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from projections.business.queries import Won
from projections.figures.question import Dimension, Question, RowKey

Text: TypeAlias = Mapping[str, str]
"""A sentence by language, `ja` and `en`."""

LANGUAGES = ("ja", "en")
STAYS = "stage_intervals"
"""The projection that every figure reads."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of every row, and the column that it is in."""

    name: str
    words: Words
    sums: tuple[str, ...] = ()
    """The measures that it is the sum of. No member counts for two of them."""
    is_detail: bool = False
    """Whether another measure sums it up, so that a table can do without it."""
    is_given: bool = False
    """Whether it was recorded as a number, such as a capacity: there are no leads behind it."""


class ShareOf(StrEnum):
    """The row whose number a share is taken of; the first is that of the same track."""

    THE_SAME = "the same"
    THE_FIRST = "the first"
    THE_ONE_BEFORE = "the one before"


@dataclass(frozen=True, slots=True)
class FigureShare:
    """A share of one number in another, which is not shown if the other one is too small."""

    name: str
    words: Words
    of: tuple[str, ...]
    """The measures that are added."""
    out_of: str
    of_row: ShareOf = ShareOf.THE_SAME
    except_in: frozenset[str] = frozenset()
    """Rows that it says nothing about."""


@dataclass(frozen=True, slots=True)
class FigureDuration:
    """A percentile of how long the members of a measure last: a real case, never an average."""

    name: str
    words: Words
    measure: str
    percent: int


@dataclass(frozen=True, slots=True)
class FigureCosts:
    """What results cost, by the statement `costs_<relation>`, in rows that are not of amounts."""

    of_row: str
    """The row of those who are paid for, where the whole cost is divided by the results."""
    results: str
    mature: str
    """The measure by which the cost of mature days is divided in every other row."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What can be asked in addition to the breakdown, `as_of` and `known_at`."""

    name: str
    definition: Text


Rows: TypeAlias = Callable[[Lifecycle, Question, Collection[RowKey]], Sequence[RowKey]]
Values: TypeAlias = Callable[[Lifecycle, Question], Mapping[str, Any]]
ValuesOfBusiness: TypeAlias = Callable[[Lifecycle, Question, Won], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One definition. A change that gives another number for the same log raises the version."""

    name: str
    version: int
    words: Words
    formula: Text
    unit: Text
    traps: tuple[Text, ...]
    parameters: tuple[Parameter, ...]
    measures: tuple[Measure, ...]
    main: str
    """The measure or share that is drawn."""
    relation: str
    """The statements that count and list it are `count_<relation>` and `list_<relation>`."""
    rows: Rows
    """The rows of an answer in order, given those that have members, as the statement has them."""
    values: Values
    """What its statements take, in addition to what all of them do."""
    row_words: Mapping[str, Words]
    """The words of rows that are not stages."""
    shares: tuple[FigureShare, ...] = ()
    durations: tuple[FigureDuration, ...] = ()
    """Taken by the statement `measure_<relation>`."""
    measures_whole_rows: bool = False
    """Whether durations are of a row as a whole, so that its parts have the same."""
    kept: str | None = None
    """The statement that answers for the present from counts that a projection keeps, if any."""
    kept_then: str | None = None
    """The statement that does so for a moment, as it is known now, if any."""
    kept_by: tuple[tuple[Dimension, ...], ...] = ()
    """The breakdowns by which it keeps them."""
    kept_then_by: tuple[tuple[Dimension, ...], ...] = ()
    """Those by which it does so for a moment."""
    values_at_entry: bool = True
    """Whether a member has the values of breakdowns that it had when it entered its stage. Figures
    about a moment use those of the moment."""
    dimensions: tuple[Dimension, ...] = tuple(Dimension)
    is_as_known: bool = False
    """Whether it says only what was known at a position, not what is known now about an earlier
    moment: `as_of` cannot be before the moment at which that was recorded."""
    within_days: int | None = None
    """The value of `within` if a question names none; None: that of all figures."""
    base_of: Callable[[Lifecycle], str] | None = None
    """The stage in which a cohort of leads begins if a question names none; None: that of all
    figures, which also follow companies."""
    reads: tuple[str, ...] = (STAYS,)
    """The projections that it reads: it is answered for the position that all have reached."""
    named_by: Callable[[Lifecycle], Mapping[str, Words]] | None = None
    """The words of rows that a lifecycle declares, if they are not stages."""
    of_business: ValuesOfBusiness | None = None
    """What its statements also take, if it is about won business: which piece counts where."""
    follows_business: bool = False
    """Whether business that was won after the period may count."""
    by_default: tuple[Dimension, ...] = ()
    """What it is broken down by if a question names nothing."""
    costs: FigureCosts | None = None

    def takes(self, parameter: str) -> bool:
        return any(one.name == parameter for one in self.parameters)

    def measure(self, name: str) -> Measure | None:
        return next((one for one in self.measures if one.name == name), None)

    @property
    def every_measure(self) -> tuple[str, ...]:
        """All measures that members carry."""
        return tuple(dict.fromkeys(name for one in self.measures for name in self.counted_by(one)))

    def counted_by(self, measure: Measure) -> tuple[str, ...]:
        """Return the measures that members carry, of which this one is the sum."""
        return measure.sums or (measure.name,)
