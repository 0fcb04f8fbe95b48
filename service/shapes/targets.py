"""The shapes of responses about targets."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.figures import Number
from service.shapes.lifecycle import Day
from service.shapes.shape import Moment, Position, Shape

Ratio = Annotated[str | None, Field(description="Exact to 6 places.", examples=["0.500000"])]
Amount = Annotated[str, Field(description="Exact.", examples=["120"])]


class TargetOf(Shape):
    """What a target is about; null: it is for all."""

    department: str
    department_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    figure: str
    figure_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    currency: Annotated[str | None, Field(description="null: the target is a number.")]
    market: str | None
    campaign: str | None
    owner: str | None
    reseller: str | None
    starts_on: Day
    ends_on: Annotated[Day, Field(description="The last day, inclusive.")]


class BusinessDays(Shape):
    """The business days of a period, by the first calendar of the lifecycle."""

    passed: Annotated[int, Field(description="Up to the moment; the day of it counts.")]
    all: int
    share: Ratio


class NumberOfFigure(Number):
    """A number of another figure, which is the same there and has the same list."""

    of: Annotated[str, Field(description="The figure that counts it.", examples=["flow"])]


class Target(TargetOf):
    """A target and what has come of it."""

    plan: Annotated[Amount, Field(description="As last revised.")]
    original_plan: Annotated[Amount, Field(description="As it was set first.")]
    revision: Annotated[int, Field(description="1: the original plan.")]
    position: Annotated[Position, Field(description="The event that set it as it is.")]
    actual: Annotated[
        NumberOfFigure | None,
        Field(description="null: the lifecycle does not say what counts, or for three at once."),
    ]
    achieved: Annotated[Ratio, Field(description="actual ÷ plan, to 6 places.")]
    business_days: BusinessDays | None
    landing: Annotated[
        str | None,
        Field(
            description="actual ÷ share of business days passed, to 6 places; null for a state at "
            "the end of the period, such as the number of key accounts.",
            examples=["118.181818"],
        ),
    ]


class ClosedNumber(Shape):
    """A number of a closed period."""

    figure: Annotated[str, Field(description="The target figure that it counts towards.")]
    figure_label: NotRequired[Annotated[str, Field(description="Only with lang.")]]
    confirmed: Annotated[NumberOfFigure, Field(description="As it was known when it was closed.")]
    current: Annotated[NumberOfFigure, Field(description="As it is known now, or at known_at.")]
    changed: Annotated[
        int | None,
        Field(
            description="How many count in one of the two only, or differently; null: too many "
            "to compare at once."
        ),
    ]
    compare: Annotated[
        str | None, Field(description="The path that lists them; null if nothing has changed.")
    ]


class ClosedPeriod(Shape):
    """A period whose numbers were confirmed."""

    starts_on: Day
    ends_on: Annotated[Day, Field(description="The last day, inclusive.")]
    figure: Annotated[str | None, Field(description="The figure that was closed; null: all.")]
    closed_at: Moment
    position: Annotated[Position, Field(description="The event that closed it.")]
    read_at: Annotated[Position, Field(description="Where the confirmed numbers were read.")]
    numbers: Sequence[ClosedNumber]


_Since = TypedDict("_Since", {"from": Moment | None})


class Targets(_Since, Shape):
    """All targets for the days of a period."""

    as_of: Annotated[Moment, Field(description="What was true then.")]
    as_of_position: Annotated[Position, Field(description="What had been recorded by then.")]
    lifecycle: Annotated[int | None, Field(description="The version in force at that position.")]
    to: Annotated[Moment | None, Field(description="The end of the period, exclusive.")]
    targets: Sequence[Target]
    closed: Annotated[Sequence[ClosedPeriod], Field(description="The latest first.")]
