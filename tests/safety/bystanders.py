"""Clients that post and read while something else fails, and record whatever they notice."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

LATENCY_S_MAX = 4.0
"""Far more than any request takes here, and less than a fault would delay one."""
PAUSE_S = 0.02
SENDERS = 4
QUESTIONS = (
    "/livez",
    "/readyz",
    "/v1/funnel",
    "/v1/leads?limit=5",
    "/v1/lists",
    "/v1/contribution",
    "/v1/events?limit=5",
    "/v1/refusals?limit=5",
    "/v1/conflicts",
)


@dataclass
class Bystanders:
    """What they did and noticed. A class, because several of them write to it."""

    client: httpx.AsyncClient
    noticed: list[str] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    """Positions from answers."""
    followed: list[int] = field(default_factory=list)
    """Positions from the stream."""
    asked: int = 0

    async def post(self, sender: int) -> None:
        for number in itertools.count():
            event = {
                "id": f"bystander-{sender}-{number}",
                "source": "website",
                "type": "form.submitted",
                "lead": {"email": f"bystander-{sender}-{number % 5}@company{sender}.example"},
            }
            answer = await self._ask("POST", "/v1/events", 201, json=event)
            if answer is not None:
                self.recorded.append(int(answer.json()["position"]))
            await asyncio.sleep(PAUSE_S)

    async def collect(self) -> None:
        """Post like a client of another service."""
        for number in itertools.count():
            call = {
                "type": "track",
                "event": "Form Submitted",
                "messageId": f"message-{number}",
                "anonymousId": f"cookie-{number % 5}",
            }
            await self._ask("POST", "/v1/track", 200, json=call)
            await asyncio.sleep(PAUSE_S)

    async def read(self) -> None:
        for path in itertools.cycle(QUESTIONS):
            await self._ask("GET", path, 200)
            await asyncio.sleep(PAUSE_S)

    async def follow(self) -> None:
        """Follow the log live, and notice if the stream ends."""
        async with self.client.stream("GET", "/v1/events/stream", params={"after": "0"}) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    self.followed.append(int(line.removeprefix("id: ")))
        self.noticed.append("the stream has ended")

    async def _ask(
        self, method: str, path: str, expected: int, **content: Any
    ) -> httpx.Response | None:
        began = monotonic()
        answer = await self.client.request(method, path, **content)
        took = monotonic() - began
        self.asked += 1
        if answer.status_code != expected:
            self.noticed.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        if took > LATENCY_S_MAX:
            self.noticed.append(f"{method} {path}: {took:.1f} s")
        return answer


@asynccontextmanager
async def bystanders(client: httpx.AsyncClient) -> AsyncIterator[Bystanders]:
    """Run bystanders for as long as the context lasts."""
    here = Bystanders(client)
    tasks = [
        asyncio.create_task(doing)
        for doing in (
            *(here.post(sender) for sender in range(SENDERS)),
            here.collect(),
            here.read(),
            here.follow(),
        )
    ]
    try:
        yield here
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
