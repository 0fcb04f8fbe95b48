"""The shapes of responses about refusals."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.shapes.reports import Duplicate, Recorded, Refused
from service.shapes.shape import Moment, Position, ProblemDetails, Shape


class RetriedRecorded(Recorded):
    refusal: str


class RetriedDuplicate(Duplicate):
    refusal: str


RetriedRefusal = RetriedRecorded | RetriedDuplicate | Refused


class RetriedRefusals(Shape):
    """The outcome of each, in order."""

    items: Sequence[RetriedRefusal]
    next: Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]


class Refusal(Shape):
    """The reason why input was not recorded, and its status."""

    refusal: str
    status: Literal["open", "retried", "dismissed"]
    received_time: Annotated[Moment, Field(description="The first receipt.")]
    last_received_time: Moment
    times: Annotated[int, Field(description="How often it came, counted once per transaction.")]
    retries: int
    key: str
    source: Annotated[str | None, Field(description="Only with personal:read.")]
    id: Annotated[str | None, Field(description="Only with personal:read.")]
    type: Annotated[
        str | None, Field(description="A type of the lifecycle; any other with personal:read.")
    ]
    dialect: Annotated[str, Field(description="The dialect in which it was sent.")]
    reason: Annotated[str, Field(description="The reason of its latest refusal.")]
    problem: ProblemDetails
    position: NotRequired[Annotated[Position, Field(description="The event that it became.")]]
    settled_time: NotRequired[Moment]
    settled_by: NotRequired[Annotated[str, Field(description="The key that settled it.")]]
    dismissal: NotRequired[Annotated[str, Field(description="The reason, with personal:read.")]]
    content: NotRequired[Annotated[str, Field(description="The bytes, with personal:read.")]]


class Refusals(Shape):
    refusals: Sequence[Refusal]
    next: Annotated[str | None, Field(description="Pass it as `before`; null: no more.")]
