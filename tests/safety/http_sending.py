"""Send a load over HTTP, to wherever the service currently listens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from tests.safety.traffic import Answer, Away, Batch, Sending

ANSWER_WAIT_S = 60.0


class ServiceFault(AssertionError):
    """The service gave an answer that it must never give, whatever happens to it."""


@asynccontextmanager
async def http_sending(url: Callable[[], str], key: str) -> AsyncIterator[Sending]:
    """Yield what sends for many senders. `url` is called each time: a restarted service moves."""
    limits = httpx.Limits(max_connections=None)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        headers=headers, limits=limits, timeout=ANSWER_WAIT_S, trust_env=False
    ) as client:

        async def send(batch: Batch) -> Sequence[Answer]:
            prefer = {"prefer": "handling=strict"} if batch.is_strict else {}
            try:
                answer = await client.post(f"{url()}/v1/events", json=batch.events, headers=prefer)
            except httpx.TransportError as error:
                raise Away from error
            if answer.status_code == 503:
                if "retry-after" not in answer.headers:
                    raise ServiceFault("503 without Retry-After")
                raise Away
            if answer.status_code >= 500 or "items" not in answer.json():
                raise ServiceFault(f"{answer.status_code}: {answer.text}")
            items = answer.json()["items"]
            return [
                _answer(event["id"], item) for event, item in zip(batch.events, items, strict=True)
            ]

        yield send


def _answer(id: str, item: dict[str, Any]) -> Answer:
    if item["status"] == "refused":
        reason = item["problem"]["type"].rpartition(":")[2]
        return Answer(id, "refused", reason=reason, refusal=item.get("refusal"))
    return Answer(id, item["status"], int(item["position"]), item["leaf"])


async def send_and_leave(url: str, key: str, batch: Batch) -> None:
    """Send a batch and close the connection without waiting for an answer."""
    body = json.dumps(batch.events).encode()
    head = (
        "POST /v1/events HTTP/1.1\r\n"
        "Host: leadledger\r\n"
        f"Authorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    address = httpx.URL(url)
    try:
        _, writer = await asyncio.open_connection(address.host, address.port)
    except OSError:
        return
    writer.write(head.encode() + body)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def read_feed(url: str, key: str) -> list[str]:
    """Read the whole log, as a follower does."""
    headers = {"authorization": f"Bearer {key}", "accept": "application/x-ndjson"}
    log: list[str] = []
    async with httpx.AsyncClient(headers=headers, timeout=ANSWER_WAIT_S, trust_env=False) as client:
        while True:
            after = json.loads(log[-1])["position"] if log else "0"
            answer = await client.get(f"{url}/v1/events", params={"after": after, "limit": 1000})
            answer.raise_for_status()
            page = answer.text.splitlines()
            if not page:
                return log
            log += page


async def read_refusals(url: str, key: str) -> set[str]:
    """Return the ids of all refusals that were kept."""
    kept: set[str] = set()
    before: dict[str, str] = {}
    async with httpx.AsyncClient(
        headers={"authorization": f"Bearer {key}"}, timeout=ANSWER_WAIT_S, trust_env=False
    ) as client:
        while True:
            answer = await client.get(f"{url}/v1/refusals", params={"limit": 1000, **before})
            answer.raise_for_status()
            page = answer.json()
            kept |= {refusal["refusal"] for refusal in page["refusals"]}
            if page["next"] is None:
                return kept
            before = {"before": page["next"]}
