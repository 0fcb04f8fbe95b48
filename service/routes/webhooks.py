"""`/v1/webhooks`: where events are sent. A secret is shown once, in the response that makes it."""

from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from domain.times import format_optional_utc, format_utc
from events.signals.sender import Sender
from service.bodies.json_body import described_body, read_model
from service.feed.log import Log, LogFilter, check_reached
from service.http.answer import json_answer
from service.http.authentication import sees_personal
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.routes.parameters import (
    WebhookId,
    WebhooksAdministrator,
    lifecycle_of,
    unknown_webhook,
    webhook_found,
)
from service.routes.webhook_terms import NewWebhook, WebhookChange, accept_url, stage_codes
from service.shapes import administration as shapes
from service.webhooks.open import WebhookService
from service.webhooks.store import Change, StoredWebhook, WebhooksFull, WebhookTerms
from service.webhooks.trial import try_webhook

router = APIRouter(tags=["webhooks"], route_class=ExactRoute)

_NEW_WEBHOOK: TypeAdapter[NewWebhook] = TypeAdapter(NewWebhook)
_CHANGE: TypeAdapter[WebhookChange] = TypeAdapter(WebhookChange)


@router.post(
    "/v1/webhooks",
    response_model=shapes.MadeWebhook,
    status_code=201,
    responses={409: {"description": "The limit of webhooks, or a position beyond the log"}},
    openapi_extra=described_body(_NEW_WEBHOOK),
)
async def post_webhooks(request: Request, sender: WebhooksAdministrator) -> Response:
    """Make a webhook. The response is the only place where `secret` appears: store it now."""
    asked = await read_model(request, _NEW_WEBHOOK)
    webhooks = part_of(request, WebhookService)
    accept_url(asked.url, allows_private=webhooks.poster.allows_private)
    lifecycle = lifecycle_of(request)
    wanted = LogFilter(tuple(asked.types), tuple(stage_codes(lifecycle, asked.stages)))
    after = None if asked.after is None else int(asked.after)
    check_reached(after or 0, await part_of(request, Log).head())
    try:
        webhook, secret = await webhooks.store.create(
            WebhookTerms(asked.url, asked.description, wanted, after)
        )
    except WebhooksFull as error:
        raise Problem("webhooks-full", f"{error}; remove one first.") from None
    return json_answer(shapes.MadeWebhook({**_describe(webhook, sender), "secret": secret}), 201)


@router.get("/v1/webhooks", response_model=shapes.Webhooks)
async def get_webhooks(request: Request, sender: WebhooksAdministrator) -> Response:
    """List all webhooks without secrets: how far each has got, and what it could not deliver."""
    webhooks = await part_of(request, WebhookService).store.every()
    return json_answer(
        shapes.Webhooks(webhooks=[_describe(webhook, sender) for webhook in webhooks])
    )


@router.get("/v1/webhooks/{webhook_id}", response_model=shapes.Webhook)
async def get_webhook(
    request: Request, sender: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Read one webhook."""
    webhook = await part_of(request, WebhookService).store.one(webhook_id)
    return json_answer(_describe(webhook_found(webhook), sender))


@router.patch(
    "/v1/webhooks/{webhook_id}",
    response_model=shapes.Webhook,
    openapi_extra=described_body(_CHANGE),
)
async def patch_webhook(
    request: Request, sender: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Change a webhook. What is already queued goes to the new URL; filters apply from here on."""
    asked = await read_model(request, _CHANGE)
    webhooks = part_of(request, WebhookService)
    if asked.url is not None:
        accept_url(asked.url, allows_private=webhooks.poster.allows_private)
    lifecycle = lifecycle_of(request)
    stages = None if asked.stages is None else stage_codes(lifecycle, asked.stages)
    change = Change(asked.url, asked.description, asked.types, stages, asked.enabled)
    webhook = await webhooks.store.change(webhook_id, change)
    return json_answer(_describe(webhook_found(webhook), sender))


@router.delete("/v1/webhooks/{webhook_id}", response_model=shapes.DeletedWebhook)
async def delete_webhook(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Remove a webhook permanently, with everything queued for it and its dead letters."""
    if not await part_of(request, WebhookService).store.delete(webhook_id):
        raise unknown_webhook()
    return json_answer(shapes.DeletedWebhook(id=str(webhook_id), deleted=True))


@router.post("/v1/webhooks/{webhook_id}/rotate-secret", response_model=shapes.WebhookSecret)
async def post_rotate_secret(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Make a new secret, shown only now. For 24 hours the old one signs too."""
    secret = await part_of(request, WebhookService).store.rotate(webhook_id)
    if secret is None:
        raise unknown_webhook()
    return json_answer(shapes.WebhookSecret(id=str(webhook_id), secret=secret))


@router.post("/v1/webhooks/{webhook_id}/test", response_model=shapes.WebhookTrial)
async def post_test(request: Request, _: WebhooksAdministrator, webhook_id: WebhookId) -> Response:
    """Send a message of the type `webhook.tested` now, once, and return the result."""
    webhooks = part_of(request, WebhookService)
    webhook = webhook_found(await webhooks.store.one(webhook_id))
    return json_answer(await try_webhook(webhooks.store, webhooks.poster, webhook))


def _describe(webhook: StoredWebhook, sender: Sender) -> shapes.Webhook:
    """Describe a webhook. Its description was written for people, and may be about people."""
    return {
        "id": str(webhook.webhook_id),
        "url": webhook.url,
        "description": webhook.description if sees_personal(sender) else None,
        "types": webhook.types,
        "stages": webhook.stages,
        "enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": format_optional_utc(webhook.failing_since),
        "position": str(webhook.position),
        "pending": webhook.pending,
        "dead": webhook.dead,
        "created_at": format_utc(webhook.created_at),
    }
