"""The traffic of many careless senders: the same few leads, repeated ids, racing decisions.

An event depends only on its number, so all senders of a number send the same event. One id in fifty
has a second content, which must not become a second event.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

SOURCE = "website"
LEADS = 20
NUMBERS_PER_GENERATION = 1_000
"""After this many events, other leads take their place, as in real life."""
REUSED_ONE_IN = 50
BATCH_EVENTS_MAX = 6
STRICT_ONE_IN = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5
ANSWERED_WITHIN_S = 45.0

_CLASSES = ("now", "later", "not_yet")
_REASONS = ("too_early", "no_budget", "competitor")


class Answer(NamedTuple):
    """The answer that a sender got for one event."""

    id: str
    status: str
    """recorded, duplicate or refused."""
    position: int | None = None
    leaf: str | None = None
    reason: str | None = None
    refusal: str | None = None
    """The id under which the refused event is kept."""


class Batch(NamedTuple):
    events: Sequence[dict[str, Any]]
    is_strict: bool


class Away(Exception):
    """The service could not answer: the sender must send the same again."""


Sending = Callable[[Batch], Awaitable[Sequence[Answer]]]
Hear = Callable[[int, Sequence[Answer]], None]
"""Receives each sender's answers as soon as they arrive."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much each sender sends. Senders of one load overlap: they draw from the same numbers."""

    seed: int
    senders: int
    batches: int
    """Batches per sender."""
    numbers: int
    first_number: int = 0
    drift: int = 0
    """How far the numbers advance with each batch, so that a long load always has new events."""

    def batches_of(self, sender: int) -> Iterator[Batch]:
        draw = random.Random(f"{self.seed}/{sender}")
        for batch in range(self.batches):
            size = draw.randint(1, BATCH_EVENTS_MAX)
            first = self.first_number + self.drift * batch
            numbers = [first + draw.randrange(self.numbers) for _ in range(size)]
            events = [event_of(number, draw) for number in numbers]
            yield Batch(events, draw.randrange(STRICT_ONE_IN) == 0)


def event_of(number: int, draw: random.Random) -> dict[str, Any]:
    """Return the event with this number, or occasionally a different one with the same id."""
    content = random.Random(number)
    lead = content.randrange(LEADS) + LEADS * (number // NUMBERS_PER_GENERATION)
    type, data = _happening(content, lead)
    event = {
        "id": f"event-{number}",
        "source": SOURCE,
        "type": type,
        "time": f"2026-04-{1 + number % 28:02}T10:00:00+09:00",
        "lead": _reference(content, lead, type),
        "data": data,
    }
    if number % REUSED_ONE_IN == 0 and draw.random() < 0.5:
        event["time"] = "2026-03-01T10:00:00+09:00"
    return event


def _happening(content: random.Random, lead: int) -> tuple[str, dict[str, Any]]:
    opportunity = {"opportunity": f"deal-{lead}-{content.randrange(2)}"}
    happenings: list[tuple[int, str, dict[str, Any]]] = [
        (3, "visit.recorded", {"channel": "organic"}),
        (4, "form.submitted", {"form": "whitepaper", "channel": "organic"}),
        (2, "contact.requested", {"channel": "organic"}),
        (3, "lead.qualified", {}),
        (3, "lead.sales_accepted", {}),
        (1, "lead.sales_rejected", {"reason": content.choice(_REASONS)}),
        (3, "screening.completed", {"class": content.choice(_CLASSES)}),
        (2, "opportunity.created", opportunity),
        (1, "opportunity.won", opportunity),
        (1, "opportunity.lost", opportunity),
        (2, "lead.recycled", {"reason": "too_early"}),
        (1, "lead.disqualified", {"reason": "student"}),
        (1, "lead.requalified", {}),
        (1, "order.recorded", {"order": f"order-{lead}"}),
    ]
    weights = [weight for weight, _, _ in happenings]
    _, type, data = content.choices(happenings, weights)[0]
    return type, data


def _reference(content: random.Random, lead: int, type: str) -> dict[str, Any]:
    """Identify a lead as senders do, by what they know. Two leads share each cookie."""
    cookie = {"anonymous_id": f"cookie-{lead // 2}"}
    email = {"email": f"lead{lead}@firm{lead // 4}.co.jp"}
    if type == "visit.recorded":
        return cookie
    match content.randrange(6):
        case 0:
            return email | cookie
        case 1:
            return email | {"external_ids": {"crm": f"crm-{lead}"}}
        case _:
            return email


async def send(load: Load, sending: Sending, hear: Hear, *, answered: Sequence[int] = ()) -> None:
    """Send a whole load, all senders at once, until everything is answered.

    `answered` says how many batches of each sender need not be sent again.
    """
    done = answered or [0] * load.senders
    async with asyncio.TaskGroup() as group:
        for sender in range(load.senders):
            group.create_task(_send_one(load, sending, hear, sender, done[sender]))


async def _send_one(load: Load, sending: Sending, hear: Hear, sender: int, done: int) -> None:
    for number, batch in enumerate(load.batches_of(sender)):
        if number >= done:
            hear(sender, await until_answered(sending, batch))


async def until_answered(sending: Sending, batch: Batch) -> Sequence[Answer]:
    """Retry until there is an answer, as every good client does.

    Fails if there is no answer for longer than any fault here lasts.
    """
    pause_s = FIRST_PAUSE_S
    async with asyncio.timeout(ANSWERED_WITHIN_S):
        while True:
            try:
                return await sending(batch)
            except Away:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
