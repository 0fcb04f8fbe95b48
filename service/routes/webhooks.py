"""`/v1/webhooks`: where events are sent. A secret is shown once, to whoever makes it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from domain.lifecycle.words import resolve_stage
from events.limits import INTEGER_MAX
from events.records import rfc3339
from events.reported import Ascii
from service import shapes
from service.answers import json_answer
from service.problems import Problem
from service.reading.log import Wanted
from service.requests import described_body, read_model
from service.routes.parameters import (
    NAME_MAX,
    NAMES_MAX,
    NO_NUL,
    PAGE_DEFAULT,
    After,
    Limit,
    WebhooksAdministrator,
    services_of,
)
from service.services import Services
from service.webhooks.addresses import AddressRefused, check_url
from service.webhooks.limits import URL_CHARACTERS_MAX
from service.webhooks.queue import DeadLetter
from service.webhooks.store import Change, Webhook, WebhooksFull, WebhookTerms
from service.webhooks.trial import try_webhook

router = APIRouter(tags=["webhooks"])

Url = Annotated[str, Field(max_length=URL_CHARACTERS_MAX, description="An https address.")]
Description = Annotated[
    str, Field(max_length=NAME_MAX, pattern=NO_NUL, description="For people: what it is for.")
]
Types = Annotated[
    list[Ascii], Field(max_length=NAMES_MAX, description="Only events of these types; empty: all.")
]
Stages = Annotated[
    list[Annotated[str, Field(max_length=NAME_MAX)]],
    Field(
        max_length=NAMES_MAX,
        description="Only events that move somebody into or out of one of these stages, each named "
        "by its code, a label or an alias.",
    ),
]
WebhookId = Annotated[UUID, Path(description="The webhook's id.")]


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
            description="The position after which it begins, `0` for the whole log. Absent: with "
            "what happens from now on.",
        ),
    ] = None


class WebhookChange(BaseModel):
    """What is to be different; what is absent stays."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: Url | None = None
    description: Description | None = None
    types: Types | None = None
    stages: Stages | None = None
    enabled: Annotated[
        bool | None,
        Field(description="`true` sends at once what has waited; `false` lets it wait."),
    ] = None


_NEW_WEBHOOK: TypeAdapter[NewWebhook] = TypeAdapter(NewWebhook)
_CHANGE: TypeAdapter[WebhookChange] = TypeAdapter(WebhookChange)


@router.post(
    "/v1/webhooks",
    response_model=shapes.MadeWebhook,
    status_code=201,
    openapi_extra=described_body(_NEW_WEBHOOK),
)
async def post_webhooks(request: Request, _: WebhooksAdministrator) -> Response:
    """Make a webhook. `secret` in the answer is its only appearance: store it now."""
    asked = await read_model(request, _NEW_WEBHOOK)
    services = services_of(request)
    _check_url(services, asked.url)
    wanted = Wanted(tuple(asked.types), tuple(_stages(services, asked.stages)))
    after = None if asked.after is None else min(int(asked.after), INTEGER_MAX)
    try:
        webhook, secret = await services.webhooks.create(
            WebhookTerms(asked.url, asked.description, wanted, after)
        )
    except WebhooksFull as error:
        raise Problem("webhooks-full", f"{error}; remove one first.") from None
    return json_answer({**_describe(webhook), "secret": secret}, status=201)


@router.get("/v1/webhooks", response_model=shapes.Webhooks)
async def get_webhooks(request: Request, _: WebhooksAdministrator) -> Response:
    """List all webhooks, how far each is, and what it could not deliver. Never their secrets."""
    webhooks = await services_of(request).webhooks.every()
    return json_answer({"webhooks": [_describe(webhook) for webhook in webhooks]})


@router.get("/v1/webhooks/{webhook_id}", response_model=shapes.Webhook)
async def get_webhook(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Read one webhook."""
    return json_answer(_describe(_found(await services_of(request).webhooks.one(webhook_id))))


@router.patch(
    "/v1/webhooks/{webhook_id}",
    response_model=shapes.Webhook,
    openapi_extra=described_body(_CHANGE),
)
async def patch_webhook(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Change a webhook. What is queued already goes to the new URL; filters hold from here on."""
    asked = await read_model(request, _CHANGE)
    services = services_of(request)
    if asked.url is not None:
        _check_url(services, asked.url)
    stages = None if asked.stages is None else _stages(services, asked.stages)
    change = Change(asked.url, asked.description, asked.types, stages, asked.enabled)
    return json_answer(_describe(_found(await services.webhooks.change(webhook_id, change))))


@router.delete("/v1/webhooks/{webhook_id}", response_model=shapes.DeletedWebhook)
async def delete_webhook(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Remove a webhook, for good, with all that is queued for it and its dead letters."""
    if not await services_of(request).webhooks.delete(webhook_id):
        raise _unknown()
    return json_answer({"id": str(webhook_id), "deleted": True})


@router.post("/v1/webhooks/{webhook_id}/rotate-secret", response_model=shapes.WebhookSecret)
async def post_rotate_secret(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Make a new secret, shown this once. The old one signs beside it for 24 hours."""
    secret = await services_of(request).webhooks.rotate(webhook_id)
    if secret is None:
        raise _unknown()
    return json_answer({"id": str(webhook_id), "secret": secret})


@router.post("/v1/webhooks/{webhook_id}/test", response_model=shapes.WebhookTrial)
async def post_test(request: Request, _: WebhooksAdministrator, webhook_id: WebhookId) -> Response:
    """Send a message of the type `webhook.tested` now, once, and tell what came of it."""
    services = services_of(request)
    webhook = _found(await services.webhooks.one(webhook_id))
    return json_answer(await try_webhook(services.webhooks, services.poster, webhook))


@router.get("/v1/webhooks/{webhook_id}/dead-letters", response_model=shapes.DeadLetters)
async def get_dead_letters(
    request: Request,
    _: WebhooksAdministrator,
    webhook_id: WebhookId,
    after: After = 0,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List the events that were given up after every attempt. Pass `next` as `after` to go on."""
    services = services_of(request)
    _found(await services.webhooks.one(webhook_id))
    letters = await services.webhook_queue.dead(webhook_id, after=after, limit=limit)
    next_after = str(letters[-1].position) if len(letters) == limit else None
    return json_answer({"dead_letters": [_letter(one) for one in letters], "next": next_after})


@router.post("/v1/webhooks/{webhook_id}/dead-letters/replay", response_model=shapes.Replayed)
async def post_replay_all(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Send all dead letters again, each with all its attempts."""
    services = services_of(request)
    _found(await services.webhooks.one(webhook_id))
    return json_answer({"replayed": await services.webhook_queue.replay(webhook_id, None)})


@router.post(
    "/v1/webhooks/{webhook_id}/dead-letters/{position}/replay", response_model=shapes.Replayed
)
async def post_replay(
    request: Request,
    _: WebhooksAdministrator,
    webhook_id: WebhookId,
    position: Annotated[int, Path(ge=1, le=INTEGER_MAX)],
) -> Response:
    """Send one dead letter again."""
    services = services_of(request)
    replayed = await services.webhook_queue.replay(webhook_id, position)
    if not replayed:
        raise Problem("not-found", "This webhook has no dead letter of this position.")
    return json_answer({"replayed": replayed})


def _check_url(services: Services, url: str) -> None:
    try:
        check_url(url, allows_private=services.settings.webhook_private_addresses)
    except AddressRefused as error:
        raise Problem("request-invalid", f"{error}.", pointer="/url", expected="https") from None


def _stages(services: Services, words: list[str]) -> list[str]:
    lifecycle = services.compiled.lifecycle
    codes = [resolve_stage(lifecycle, word) for word in words]
    if None in codes:
        known = ", ".join([*lifecycle.lead.stages, *lifecycle.account.stages])
        pointer = f"/stages/{codes.index(None)}"
        raise Problem(
            "request-invalid", f"Expected a stage: {known}.", pointer=pointer, expected=known
        )
    return [code for code in codes if code is not None]


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise _unknown()
    return webhook


def _unknown() -> Problem:
    return Problem("not-found", "No webhook has this id; GET /v1/webhooks lists them.")


def _describe(webhook: Webhook) -> dict[str, Any]:
    failing_since = webhook.failing_since
    return {
        "id": str(webhook.webhook_id),
        "url": webhook.url,
        "description": webhook.description,
        "types": webhook.types,
        "stages": webhook.stages,
        "enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": rfc3339(failing_since) if failing_since is not None else None,
        "position": str(webhook.position),
        "pending": webhook.pending,
        "dead": webhook.dead,
        "created_at": rfc3339(webhook.created_at),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "position": str(letter.position),
        "type": letter.type,
        "attempts": letter.attempts,
        "failure": letter.failure,
        "failed_at": rfc3339(letter.failed_at),
    }
