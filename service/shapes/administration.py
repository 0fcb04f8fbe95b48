"""The shapes of answers about keys and webhooks, for the OpenAPI document."""

from typing import Annotated, Literal

from pydantic import Field

from service.shapes.reports import Moment, Next, Position, Shape


class ApiKey(Shape):
    """A key, without its secret."""

    id: str
    name: Annotated[str | None, Field(description="With personal:read.")]
    sources: list[str]
    department: str | None
    scopes: list[str]
    origins: list[str]
    events_per_second: int | None
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    founder: Annotated[
        bool,
        Field(description="The first start's: it may also grant what it does not hold."),
    ]


class MadeKey(ApiKey):
    key: Annotated[str, Field(description="The key itself, shown this once.")]


class RotatedKey(MadeKey):
    replaces: Annotated[ApiKey, Field(description="The old key, with the end of its life.")]


class ApiKeys(Shape):
    keys: list[ApiKey]
    next: str | None


class Webhook(Shape):
    """A webhook, without its secret."""

    id: str
    url: str
    description: Annotated[str | None, Field(description="With personal:read.")]
    types: list[str]
    stages: Annotated[list[str], Field(description="Codes.")]
    enabled: bool
    disabled_reason: str | None
    failing_since: Annotated[
        Moment | None, Field(description="Nothing has been delivered since; null: all is well.")
    ]
    position: Annotated[Position, Field(description="How far the log has been queued for it.")]
    pending: Annotated[int, Field(description="Events queued and not delivered yet.")]
    dead: Annotated[int, Field(description="Events given up.")]
    created_at: Moment


class MadeWebhook(Webhook):
    secret: Annotated[str, Field(description="The secret itself, shown this once.")]


class Webhooks(Shape):
    webhooks: list[Webhook]


class WebhookSecret(Shape):
    id: str
    secret: Annotated[str, Field(description="The secret itself, shown this once.")]


class DeletedWebhook(Shape):
    id: str
    deleted: Literal[True]


class WebhookTrial(Shape):
    """What came of a message that was sent to try a webhook."""

    delivered: bool
    status: Annotated[int | None, Field(description="Of the receiver's answer, if there was one.")]
    failure: str | None
    ms: int


class DeadLetter(Shape):
    """An event that was given up."""

    position: Position
    type: str
    attempts: int
    failure: str
    failed_at: Moment


class DeadLetters(Shape):
    dead_letters: list[DeadLetter]
    next: Next


class Replayed(Shape):
    replayed: Annotated[int, Field(description="How many events are queued again.")]
