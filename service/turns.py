"""Wait for one's turn: for those who are in no hurry, or have begun and should not begin again."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from events.failures import QueueFull
from events.outcomes import Outcome
from events.submissions import Submission
from service.limits import TURN_WAIT_S
from service.room import Place
from service.services import Door

PAUSE_S = 0.05

Gained = TypeVar("Gained")


async def enqueue_in_turn(door: Door, submission: Submission) -> asyncio.Future[list[Outcome]]:
    """Wait until the queue takes it. Raises QueueFull when that takes too long."""

    def enqueue() -> asyncio.Future[list[Outcome]]:
        door.admit()
        return door.enqueue(submission)

    return await _in_turn(enqueue)


async def room_for(place: Place, size: int) -> None:
    """Wait until so many bytes may be held. Raises QueueFull when that takes too long."""

    def look() -> None:
        if not place.has(size):
            raise QueueFull("too many large bodies are being read")

    await _in_turn(look)


async def _in_turn(attempt: Callable[[], Gained]) -> Gained:
    give_up_at = monotonic() + TURN_WAIT_S
    while True:
        try:
            return attempt()
        except QueueFull:
            if monotonic() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_S)
