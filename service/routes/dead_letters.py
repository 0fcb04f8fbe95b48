"""`/v1/webhooks/{id}/dead-letters`: events that could not be delivered, and how to resend them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from domain.times import format_utc
from events.limits import INTEGER_MAX
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.limits import PAGE_DEFAULT
from service.routes.parameters import (
    After,
    Limit,
    WebhookId,
    WebhooksAdministrator,
    webhook_found,
)
from service.shapes import administration as shapes
from service.webhooks.open import WebhookService
from service.webhooks.queue import GivenUp

router = APIRouter(tags=["webhooks"], route_class=ExactRoute)


@router.get("/v1/webhooks/{webhook_id}/dead-letters", response_model=shapes.DeadLetters)
async def get_dead_letters(
    request: Request,
    _: WebhooksAdministrator,
    webhook_id: WebhookId,
    after: After = 0,
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List the events that were given up after all attempts. Pass `next` as `after` to continue."""
    webhooks = part_of(request, WebhookService)
    webhook_found(await webhooks.store.one(webhook_id))
    letters = await webhooks.queue.dead(webhook_id, after=after, limit=limit)
    next_after = str(letters[-1].position) if len(letters) == limit else None
    shown = [_letter(letter) for letter in letters]
    return json_answer(shapes.DeadLetters(dead_letters=shown, next=next_after))


@router.post("/v1/webhooks/{webhook_id}/dead-letters/replay", response_model=shapes.Replayed)
async def post_replay_all(
    request: Request, _: WebhooksAdministrator, webhook_id: WebhookId
) -> Response:
    """Send all dead letters again, each with a full set of attempts."""
    webhooks = part_of(request, WebhookService)
    webhook_found(await webhooks.store.one(webhook_id))
    replayed = await webhooks.queue.replay(webhook_id, None)
    return json_answer(shapes.Replayed(replayed=replayed))


@router.post(
    "/v1/webhooks/{webhook_id}/dead-letters/{position}/replay",
    response_model=shapes.Replayed,
)
async def post_replay(
    request: Request,
    _: WebhooksAdministrator,
    webhook_id: WebhookId,
    position: Annotated[int, Path(ge=1, le=INTEGER_MAX)],
) -> Response:
    """Send one dead letter again."""
    replayed = await part_of(request, WebhookService).queue.replay(webhook_id, position)
    if not replayed:
        raise Problem(
            "not-found",
            "This webhook has no dead letter at this position; "
            f"GET /v1/webhooks/{webhook_id}/dead-letters lists them.",
        )
    return json_answer(shapes.Replayed(replayed=replayed))


def _letter(letter: GivenUp) -> shapes.DeadLetter:
    return {
        "position": str(letter.position),
        "type": letter.type,
        "attempts": letter.attempts,
        "failure": letter.failure,
        "failed_at": format_utc(letter.failed_at),
    }
