"""The shapes of marketing's contribution."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.shapes.shape import Moment, Position, Shape


class Share(Shape):
    """Marketing's share under one policy."""

    policy: Annotated[str, Field(description="origin, opening, first_touch or any_touch.")]
    is_set: Annotated[
        bool,
        Field(
            description="false: by the lifecycle's table of origins no business can be "
            "marketing's. Such a policy has no share, and takes no part in disagreements."
        ),
    ]
    number: int
    number_of: int
    by_number: Annotated[str | None, Field(description="A share from 0 to 1, exact to 6 places.")]
    value: str
    value_of: str
    by_value: str | None


class OriginLabel(Shape):
    origin_label: NotRequired[str]


class OriginPart(OriginLabel):
    """The business of leads of one origin."""

    origin: Annotated[str | None, Field(description="null: business without a lead.")]
    number: int
    value: str


class KindApart(Shape):
    business: str
    number: int
    value: str


class OtherCurrency(Shape):
    """Business in currencies other than the requested one."""

    currency: str
    number: int
    value: str


class CreditedBusiness(Shape):
    """One piece of won business, credited under each policy."""

    business: str
    kind: str
    won_at: Moment
    value: str | None
    lead: str | None
    account: str | None
    origin: str | None
    marketing: Annotated[dict[str, bool], Field(description="By policy that is set.")]
    beside: Annotated[
        Sequence[str], Field(description="Other people of the company, not credited.")
    ]
    positions: Annotated[Sequence[Position], Field(description="The events that it is based on.")]


_Since = TypedDict("_Since", {"from": Moment | None})


class Contribution(_Since, Shape):
    """Whose leads became business."""

    to: Moment | None
    currency: str
    shares: Sequence[Share]
    origins: Sequence[OriginPart]
    nurtured_average: Annotated[
        str | None, Field(description="The average for leads that marketing had touched.")
    ]
    other_average: str | None
    apart: Sequence[KindApart]
    other_currencies: Annotated[
        Sequence[OtherCurrency], Field(description="Neither added nor converted.")
    ]
    without_value: int
    disputed: Annotated[int, Field(description="Pieces on which the policies disagree.")]
    business: Sequence[CreditedBusiness]
    truncated: Annotated[bool, Field(description="There are more pieces than are listed.")]
    as_of_position: Position
    lifecycle: int
