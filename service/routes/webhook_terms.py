"""Requests for webhooks: read strictly, checked against the settings and the lifecycle."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import resolve_stage
from events.signals.native_schema import Ascii
from service.http.problem import Problem
from service.limits import PARAMETER_NAME_MAX, PARAMETER_NAMES_MAX
from service.routes.parameters import NO_NUL
from service.webhooks.addresses import AddressRefused, check_url
from service.webhooks.limits import URL_CHARACTERS_MAX

Url = Annotated[str, Field(max_length=URL_CHARACTERS_MAX, description="An https address.")]
Description = Annotated[
    str,
    Field(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL, description="For people: what it is for."),
]
Types = Annotated[
    list[Ascii],
    Field(max_length=PARAMETER_NAMES_MAX, description="Only events of these types. Empty: all."),
]
Stages = Annotated[
    list[Annotated[str, Field(max_length=PARAMETER_NAME_MAX)]],
    Field(
        max_length=PARAMETER_NAMES_MAX,
        description="Only events that move a lead or account into or out of one of these stages, "
        "each named by its code, a label or an alias.",
    ),
]


class NewWebhook(BaseModel):
    """What a webhook is made for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: Url
    description: Description = ""
    types: Types = Field(default_factory=list)
    stages: Stages = Field(default_factory=list)
    after: Annotated[
        str | None,
        Field(
            pattern=r"^\d{1,19}$",
            description="The position after which it begins; `0` sends the whole log. Default: "
            "only events recorded from now on.",
        ),
    ] = None


class WebhookChange(BaseModel):
    """What to change; absent members stay as they are."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: Url | None = None
    description: Description | None = None
    types: Types | None = None
    stages: Stages | None = None
    enabled: Annotated[
        bool | None,
        Field(description="`true` sends at once what is queued; `false` keeps it waiting."),
    ] = None


def accept_url(url: str, *, allows_private: bool) -> None:
    """Check the address for messages. Raises Problem with what was expected."""
    try:
        check_url(url, allows_private=allows_private)
    except AddressRefused as error:
        raise Problem("request-invalid", f"{error}.", pointer="/url", expected=str(error)) from None


def stage_codes(lifecycle: Lifecycle, words: list[str]) -> list[str]:
    """Return the codes of stages. Raises Problem for an unknown one."""
    codes = [resolve_stage(lifecycle, word) for word in words]
    if None in codes:
        known = ", ".join([*lifecycle.lead.stages, *lifecycle.account.stages])
        pointer = f"/stages/{codes.index(None)}"
        raise Problem(
            "request-invalid", f"Expected a stage: {known}.", pointer=pointer, expected=known
        )
    return [code for code in codes if code is not None]
