"""The native event as senders write it: the shapes accepted, and the OpenAPI schema."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from events.limits import (
    ALIASES_MAX,
    ID_CHARACTERS_MAX,
    IDENTIFIER_CHARACTERS_MAX,
    SOURCE_CHARACTERS_MAX,
)

ASCII = r"^[!-~]([ -~]{0,253}[!-~])?$"
"""Types and sources: printable, and at most as long as an id."""
OPAQUE = r"^[!-?A-~]([ -?A-~]*[!-?A-~])?$"
"""Ids, for those who generate a client from the schema: `native` says what is wrong with others."""
Ascii = Annotated[
    str, StringConstraints(min_length=1, max_length=SOURCE_CHARACTERS_MAX, pattern=ASCII)
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=ID_CHARACTERS_MAX)]
OwnId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"),
]
Value = Annotated[str, StringConstraints(min_length=1, max_length=IDENTIFIER_CHARACTERS_MAX)]

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


class LeadReference(BaseModel):
    """The person that the event is about.

    At least one of `id`, `email`, `phone`, `user_id`, `anonymous_id`, `aliases`, `external_ids`.
    """

    model_config = _STRICT

    id: Annotated[OwnId | None, Field(description="The ledger's own id of the lead.")] = None
    email: Value | None = None
    phone: Value | None = None
    user_id: Value | None = None
    anonymous_id: Annotated[
        Value | None,
        Field(description="A cookie or device id: identifies a browser, never a person."),
    ] = None
    aliases: Annotated[
        list[Value] | None,
        Field(
            max_length=ALIASES_MAX,
            description="Ids of one person that may be user ids or browser ids: each is treated "
            "as both.",
        ),
    ] = None
    external_ids: Annotated[
        dict[Key, Value] | None, Field(description='Ids in other systems, such as {"crm": "0031"}.')
    ] = None
    name: Value | None = None
    profile: Annotated[
        dict[Key, Any] | None,
        Field(
            description="Attributes of the person. Attributes that the lifecycle does not declare "
            "as non-personal are stored outside the record."
        ),
    ] = None


class AccountReference(BaseModel):
    """The company. At least one of `id`, `domain`, `external_ids`, `name`."""

    model_config = _STRICT

    id: Annotated[OwnId | None, Field(description="The ledger's own id of the account.")] = None
    domain: Value | None = None
    external_ids: dict[Key, Value] | None = None
    name: Value | None = None


class NativeEvent(BaseModel):
    """One event as a system reports it."""

    model_config = _STRICT

    id: Annotated[
        Key,
        Field(
            description="Together with `source`, the event's idempotency key: an event that is "
            "sent again is recorded once. Part of the record, which is never erased: an opaque id, "
            "without e-mail addresses and telephone numbers.",
            examples=["form-8841"],
            json_schema_extra={"pattern": OPAQUE},
        ),
    ]
    type: Annotated[Ascii, Field(examples=["form.submitted"])]
    source: Annotated[Ascii | None, Field(description="Defaults to the key's own source.")] = None
    time: Annotated[
        str | None,
        Field(
            description="When it happened, RFC 3339 with offset. Defaults to the time of receipt.",
            examples=["2026-11-22T10:15:00+09:00"],
        ),
    ] = None
    sent_at: Annotated[
        str | None,
        Field(
            description="When it was sent, by the same clock. If it is later than the receipt, the "
            "difference is subtracted from `time`; if it is earlier, delivery took that long."
        ),
    ] = None
    actor: Annotated[
        Value | None,
        Field(description="The person who acted. Personal data, stored outside the record."),
    ] = None
    department: Annotated[
        str | None,
        Field(
            min_length=1,
            description="The department that did it, by code or name. Defaults to the key's "
            "department; only an administrator's key may name another.",
            examples=["field_sales"],
        ),
    ] = None
    lead: LeadReference | None = None
    account: AccountReference | None = None
    data: Annotated[dict[str, Any] | None, Field(description="What happened, by event type.")] = (
        None
    )
