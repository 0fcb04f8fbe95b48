"""The shapes of figures: definitions, answers, and the leads behind a number."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.funnel import PartValue
from service.shapes.shape import InPass, Moment, Position, Shape

Text = Annotated[dict[str, str], Field(description="By language: ja and en.")]
Share = Annotated[
    str | None,
    Field(
        description="Exact to 6 places, and at most 1 except in a period ratio; null if the "
        "number that it is a share of is less than 5."
    ),
]


class Described(Shape):
    """Something with a name that people agree on."""

    name: str
    label: Text
    definition: Text


class DescribedParameter(Shape):
    name: str
    definition: Text


class DescribedMeasure(Described):
    sums: Annotated[Sequence[str], Field(description="The measures that it is the sum of.")]
    is_detail: Annotated[bool, Field(description="Another measure sums it up.")]
    is_given: Annotated[
        bool, Field(description="Recorded as a number: there is no list of leads behind it.")
    ]


class DescribedShare(Described):
    of: Annotated[Sequence[str], Field(description="The measures that are added.")]
    out_of: Annotated[str, Field(description="The measure that they are a share of.")]


class DescribedDuration(Described):
    measure: Annotated[str, Field(description="The measure whose members it is taken of.")]
    percent: int


class FigureDefinition(Described):
    """The definition of a figure."""

    version: Annotated[
        int, Field(description="Raised when the same log would give another number.")
    ]
    formula: Text
    unit: Text
    traps: Annotated[Sequence[Text], Field(description="What it must not be taken for.")]
    parameters: Sequence[DescribedParameter]
    breakdowns: Sequence[Described]
    measures: Sequence[DescribedMeasure]
    shares: Sequence[DescribedShare]
    durations: Sequence[DescribedDuration]
    main: Annotated[str, Field(description="The measure, share or duration to draw.")]


class FigureDefinitions(Shape):
    figures: Sequence[FigureDefinition]
    periods: Annotated[Sequence[str], Field(description="The names that `period` takes.")]


class Labelled(Shape):
    name: str
    label: NotRequired[Annotated[str, Field(description="Only with lang.")]]


class LabelledMeasure(Labelled):
    is_detail: Annotated[bool, Field(description="Another measure sums it up.")]


class Number(Shape):
    """A number, and where the leads behind it are listed."""

    count: int
    leads: Annotated[
        str | None,
        Field(
            description="The path of the list, which has exactly this many entries: it names the "
            "moment and the position that were read. null if there are none, and for measures "
            "that are given."
        ),
    ]
    amount: NotRequired[
        Annotated[
            str,
            Field(
                description="What they add up to, exact; only in a row of amounts, whose name has "
                "the currency.",
                examples=["1200000"],
            ),
        ]
    ]


class Duration(Shape):
    """How long one case lasted, or has lasted so far."""

    days: Annotated[str, Field(description="Exact to 6 places.", examples=["12.500000"])]
    subject: Annotated[str, Field(examples=["lead/0193c1a2-0000-7000-8000-000000000000"])]
    position: Annotated[Position, Field(description="The event with which it began.")]


class Cost(Shape):
    """What results cost, to two places."""

    amount: Annotated[
        str,
        Field(
            description="Of the period; in rows of results, only of the days whose leads are "
            "mature.",
            examples=["100000.00"],
        ),
    ]
    each: Annotated[
        str | None, Field(description="Divided by the results; null if there are none.")
    ]


class FigureRow(Shape):
    """The numbers of one stage, or of another row of the figure."""

    track: Annotated[str, Field(description="lead or account")]
    row: str
    row_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    counts: Annotated[dict[str, Number], Field(description="By measure.")]
    shares: Annotated[dict[str, Share], Field(description="By name.")]
    durations: Annotated[
        dict[str, Duration | None], Field(description="By name; null if there is no case.")
    ]
    costs: NotRequired[
        Annotated[
            dict[str, Cost],
            Field(description="By currency; only in a figure about costs. Empty: none recorded."),
        ]
    ]
    matures_at: NotRequired[
        Annotated[
            Moment | None,
            Field(description="When the last of the cohort is mature; null if it is empty."),
        ]
    ]


class PartValues(PartValue):
    """The values that the members of a part have in common."""

    second_value: NotRequired[
        Annotated[str | None, Field(description="Only with two breakdowns; null: not reported.")]
    ]
    second_value_label: NotRequired[str]


class FigurePart(PartValues):
    """The numbers of what shares one value of each breakdown."""

    rows: Sequence[FigureRow]


_Since = TypedDict("_Since", {"from": Moment | None})


class FigureAsked(_Since, Shape):
    """What was asked, with every default filled in."""

    figure: str
    version: int
    label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    as_of: Annotated[Moment, Field(description="What was true then.")]
    as_of_position: Annotated[Position, Field(description="What had been recorded by then.")]
    lifecycle: Annotated[int | None, Field(description="The version in force at that position.")]
    zone: Annotated[str, Field(description="The time zone in which days and periods were cut.")]
    to: Annotated[Moment | None, Field(description="The end of the period, exclusive.")]
    is_open: NotRequired[
        Annotated[bool, Field(description="The period has not ended: its numbers will change.")]
    ]
    base: NotRequired[str]
    target: NotRequired[str]
    within: NotRequired[Annotated[int, Field(description="In days.")]]
    unit: NotRequired[
        Annotated[str, Field(description="What counts once: pass, person or company.")]
    ]
    by: Annotated[str | None, Field(description="The breakdown; two are separated by a comma.")]


class Against(_Since, Shape):
    """The same figure for the period that it is compared with."""

    period: Annotated[str, Field(description="previous or last_year")]
    to: Moment | None
    rows: Sequence[FigureRow]
    parts: Sequence[FigurePart]


class PlannedNumber(Shape):
    """What a department planned for one of the numbers."""

    department: str
    figure: Annotated[str, Field(description="The lifecycle's code of what is planned.")]
    currency: Annotated[str | None, Field(description="null: a number is planned.")]
    track: str
    row: str
    measure: str
    values: Annotated[
        Sequence[str] | None,
        Field(description="The part whose number it is; null: the total."),
    ]
    plan: Annotated[
        str, Field(description="As last revised, for the whole period.", examples=["120"])
    ]
    achieved: Annotated[
        str | None, Field(description="actual ÷ plan, to 6 places.", examples=["0.500000"])
    ]


class AnsweredFigure(FigureAsked):
    """Every number of a figure."""

    plans: Annotated[
        Sequence[PlannedNumber] | None,
        Field(
            description="Only with `against=plan`: the targets for exactly the days of the "
            "period, or for several periods that make it up."
        ),
    ]

    against: Annotated[
        Against | None, Field(description="Only if the period is compared with another one.")
    ]

    main: str
    measures: Sequence[LabelledMeasure]
    shares: Sequence[Labelled]
    durations: Sequence[Labelled]
    rows: Sequence[FigureRow]
    parts: Annotated[
        Sequence[FigurePart],
        Field(description="One for each value of the breakdown, or pair of values."),
    ]


class Then(Shape):
    """What followed, if the number is about that."""

    stage: str | None
    stage_label: NotRequired[str]
    kind: Annotated[str | None, Field(description="How the stay in the stage ended.")]
    at: Moment
    position: Position


class CountedLead(InPass, Shape):
    """A lead or an account, and the event by which it counts."""

    subject: Annotated[str, Field(examples=["lead/0193c1a2-0000-7000-8000-000000000000"])]
    at: Moment
    position: Annotated[
        Position,
        Field(description="The event; after a restatement, the report from which that follows."),
    ]
    values: Annotated[
        Sequence[str | None],
        Field(description="The value of each breakdown; null: not reported."),
    ]
    then: Then | None
    amount: NotRequired[
        Annotated[str, Field(description="What it adds to the amount; only in a row of amounts.")]
    ]


class CountedCell(Shape):
    """Which number is meant."""

    track: str
    row: str
    row_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    measure: str
    measure_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    values: NotRequired[
        Annotated[
            Sequence[str | None],
            Field(description="Only for a part: its value of each breakdown."),
        ]
    ]


class CountedLeads(FigureAsked, CountedCell):
    """The leads and accounts behind one number, in the order of their ids."""

    leads: Sequence[CountedLead]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]


class FigureReading(_Since, Shape):
    """What was asked and read, and the path of the whole list."""

    as_of: Moment
    as_of_position: Position
    lifecycle: int | None
    to: Moment | None
    leads: str


class ComparedCounts(Shape):
    first: Annotated[int, Field(description="The number in the first reading.")]
    second: Annotated[int, Field(description="The number in the second reading.")]
    same: int
    only_first: int
    only_second: int
    different: Annotated[int, Field(description="In both, with other content.")]


class ExplainingEvent(Shape):
    position: Position
    type: str
    type_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]


class FigureDifference(Shape):
    """A lead or company that counts in one reading only, or in both and differently."""

    subject: Annotated[str, Field(examples=["lead/0193c1a2-0000-7000-8000-000000000000"])]
    first: CountedLead | None
    second: CountedLead | None
    because: Annotated[
        str,
        Field(
            description="happened, reported, taken_back, left, arrived, changed, or asked if no "
            "event explains it: another period, value or number of days."
        ),
    ]
    because_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    event: Annotated[ExplainingEvent | None, Field(description="The event that explains it.")]


class ComparedFigure(Shape):
    """One number in two readings, lead by lead."""

    figure: str
    version: int
    track: str
    row: str
    measure: str
    first: FigureReading
    second: FigureReading
    counts: Annotated[
        ComparedCounts | None,
        Field(description="null on later pages, and if the lists are too long for one answer."),
    ]
    differences: Annotated[
        Sequence[FigureDifference], Field(description="In the order of their ids.")
    ]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]


class Stands(Shape):
    """Where a lead is, in the reading, instead of behind the number."""

    stage: str
    stage_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    since: Moment
    position: Annotated[Position, Field(description="The event by which it is there.")]
    type: Annotated[str, Field(description="The type of that event.")]


class FieldDifference(Shape):
    field: Annotated[str, Field(description="stage or date")]
    file: str | None
    figure: str


class FileDifference(Shape):
    """A row of the file, or a lead behind the number, that has no equal on the other side."""

    line: Annotated[int | None, Field(description="Of the file; null if no row names the lead.")]
    first_line: NotRequired[
        Annotated[int, Field(description="The earlier row that names the same lead.")]
    ]
    subject: str | None
    because: Annotated[
        str,
        Field(
            description="differs: a field does. not_in_file. elsewhere: the lead counts in another "
            "row. not_known: nothing was known of it. not_identified: the row names no single "
            "lead. repeated: an earlier row names it."
        ),
    ]
    counted: Annotated[CountedLead | None, Field(description="By which event it counts.")]
    stands: Stands | None
    fields: Sequence[FieldDifference]


class ComparedFile(Shape):
    """A number compared with a file, lead by lead."""

    figure: str
    version: int
    track: str
    row: str
    measure: str
    as_of: Moment
    as_of_position: Position
    rows: Annotated[int, Field(description="Rows of the file.")]
    count: Annotated[int, Field(description="The number.")]
    counts: Annotated[dict[str, int], Field(description="How many there are, by `because`.")]
    ignored_columns: Annotated[Sequence[str], Field(description="Columns that say nothing here.")]
    differences: Annotated[
        Sequence[FileDifference], Field(description="By line, then by the ids of leads.")
    ]
    truncated: Annotated[bool, Field(description="There are more differences than `limit`.")]
