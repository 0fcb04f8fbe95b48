"""Send a message that is not in any ledger, to see whether a webhook works."""

from time import perf_counter, time

import orjson

from events.batch.ids import new_id
from service.shapes.administration import WebhookTrial
from service.webhooks.client import Delivered, Poster
from service.webhooks.encryption import SealBroken
from service.webhooks.signing import signed_headers
from service.webhooks.store import StoredWebhook, WebhookStore

TYPE = "webhook.tested"


async def try_webhook(store: WebhookStore, poster: Poster, webhook: StoredWebhook) -> WebhookTrial:
    """Send once, now, whether or not the webhook is enabled, and return the outcome."""
    id = f"test-{new_id()}"
    message = {"id": id, "source": "leadledger", "specversion": "1.0", "type": TYPE}
    body = orjson.dumps(message, option=orjson.OPT_SORT_KEYS)
    began = perf_counter()
    try:
        keys = await store.secrets(webhook.webhook_id)
        headers = signed_headers(keys, id=id, timestamp=int(time()), body=body)
        answer = await poster.post(webhook.url, headers, body)
    except SealBroken as error:
        answer = Delivered(f"not sent: {error}")
    return {
        "delivered": answer.failure is None,
        "status": answer.status,
        "failure": answer.failure,
        "ms": round((perf_counter() - began) * 1000),
    }
