"""What the shapes of all responses have in common.

A shape is a dictionary whose members the type checker knows. It describes a response in the OpenAPI
document, and the code that builds the response is checked against the same description. A member
that is `NotRequired` may be absent; a member that may be null says so.
"""

from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

# Strings of digits, because JSON numbers are exact only up to 53 bits.
Position = Annotated[str, Field(pattern=r"^\d+$", examples=["17"])]
Moment = Annotated[str, Field(examples=["2026-11-22T01:15:00.000000Z"])]
Next = Annotated[Position | None, Field(description="Pass it as `after`; null: no more.")]


@with_config(ConfigDict(extra="forbid"))
class Shape(TypedDict):
    """What all responses have in common: no undescribed members."""


class InStage(Shape):
    """A current stage."""

    stage: str | None
    stage_label: NotRequired[Annotated[str | None, Field(description="Only with lang.")]]


# `from`, `pass` and `with` are keywords, which a class cannot have as members.
InPass = TypedDict("InPass", {"pass": int})
_From = TypedDict("_From", {"from": str | None})


class Moved(_From, Shape):
    """A change of stage; null means unplaced."""

    to: str | None


@with_config(ConfigDict(extra="allow"))
class ProblemDetails(TypedDict):
    """Why a request or an event was not accepted (RFC 9457). Further members depend on the code."""

    type: Annotated[str, Field(description="urn:leadledger:problem:<code>, stable.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="Expected, found, what to do next.")]
    code: str
    message: Annotated[str, Field(description="The same as detail.")]
    pointer: NotRequired[Annotated[str, Field(description="The place in the event (RFC 6901).")]]
    refusal: NotRequired[Annotated[str, Field(description="The id of the stored refusal, if any.")]]
