"""The shapes of responses about keys, webhooks and the service's health."""

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired

from pydantic import Field

from service.shapes.shape import Moment, Next, Position, Shape


class ApiKey(Shape):
    """A key, without its secret."""

    id: str
    name: Annotated[str | None, Field(description="Only with personal:read.")]
    sources: Sequence[str]
    department: str | None
    holder: Literal["person", "system"]
    person: Annotated[
        str | None, Field(description="The person's employee id. Only with personal:read.")
    ]
    scopes: Sequence[str]
    origins: Sequence[str]
    events_per_second: int | None
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    founder: Annotated[
        bool,
        Field(description="The key of the first start: it may also grant what it does not hold."),
    ]


class MadeKey(ApiKey):
    key: Annotated[str, Field(description="The key itself, shown only now.")]


class RotatedKey(MadeKey):
    replaces: Annotated[ApiKey, Field(description="The old key, with its expiry.")]


class ApiKeys(Shape):
    keys: Sequence[ApiKey]
    next: str | None


class Webhook(Shape):
    """A webhook, without its secret."""

    id: str
    url: str
    description: Annotated[str | None, Field(description="Only with personal:read.")]
    types: Sequence[str]
    stages: Annotated[Sequence[str], Field(description="Codes.")]
    enabled: bool
    disabled_reason: str | None
    failing_since: Annotated[
        Moment | None, Field(description="Nothing has been delivered since; null: no failure.")
    ]
    position: Annotated[Position, Field(description="The last position queued for it.")]
    pending: Annotated[int, Field(description="Events queued but not yet delivered.")]
    dead: Annotated[int, Field(description="Events that were given up.")]
    created_at: Moment


class MadeWebhook(Webhook):
    secret: Annotated[str, Field(description="The secret itself, shown only now.")]


class Webhooks(Shape):
    webhooks: Sequence[Webhook]


class WebhookSecret(Shape):
    id: str
    secret: Annotated[str, Field(description="The secret itself, shown only now.")]


class DeletedWebhook(Shape):
    id: str
    deleted: Literal[True]


class WebhookTrial(Shape):
    """The outcome of a message sent to try a webhook."""

    delivered: bool
    status: Annotated[int | None, Field(description="The receiver's HTTP status, if it answered.")]
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
    dead_letters: Sequence[DeadLetter]
    next: Next


class Replayed(Shape):
    replayed: Annotated[int, Field(description="The number of events queued again.")]


class Alive(Shape):
    status: Literal["alive"]


class ProjectionHealth(Shape):
    position: Position
    events_behind: int
    failure: Annotated[str | None, Field(description="Why it stopped; null: it is running.")]
    rebuilt_position: Annotated[
        Position | None, Field(description="How far its rebuild has got; null: there is none.")
    ]


class Check(Shape):
    status: Literal["ok", "warning", "failed"]
    detail: NotRequired[Annotated[str, Field(description="What is wrong, and what to do.")]]


class Readiness(Shape):
    """What was examined, and how far each projection is."""

    checks: dict[str, Check]
    revision: NotRequired[Annotated[str | None, Field(description="Only with projections:read.")]]
    projections: NotRequired[
        Annotated[dict[str, ProjectionHealth], Field(description="Only with projections:read.")]
    ]


class Ready(Readiness):
    """The process can do its work."""

    status: Literal["ready"]
