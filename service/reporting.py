"""Take a report: one event, a batch or a stream, from its body to its answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from events.context import Context
from events.intake import SUBMISSION_ITEMS_MAX
from events.outcomes import Outcome
from events.refusals import Refused
from events.strict_json import TooLarge, Unacceptable, Unreadable, read_batch
from events.submissions import Item, Submission
from service.answering import answer_many, answer_one, describe_outcome
from service.answers import Answer, json_answer, problem_answer
from service.keys.directory import Holder
from service.lines import LineSplitter
from service.problems import Problem
from service.receiving import receive_batch, receive_line, receive_one
from service.services import Services
from service.streaming import Stream
from service.tally import REFUSALS_SHOWN_MAX
from service.turns import enqueue_in_turn
from service.visits import Visit
from service.wording import Wording

PARSED_ASIDE_BYTES_MIN = 256 * 1024
"""From this size on parsing takes milliseconds, which others should not have to wait for."""
CHUNK_ITEMS = 500
"""Items of a batch that are submitted at once; the next ones wait for their answer."""

APPLIED = ((b"preference-applied", b"handling=strict"),)


def context_for(services: Services, holder: Holder) -> Context:
    """Gather what reading a report needs beside its bytes."""
    lifecycle = services.compiled.lifecycle
    return Context(lifecycle, services.digests, holder.sender, services.now())


async def report_one(
    services: Services,
    holder: Holder,
    body: bytes,
    visit: Visit,
    *,
    words: Wording | None = None,
) -> Answer:
    """Record a body that is one event."""
    item = receive_one(body, context_for(services, holder))
    if holder.allowance is not None:
        holder.allowance.take(1)
    if isinstance(item, Refused) and not item.is_kept:
        outcome: Outcome = item
    else:
        (outcome,) = await services.door.submit(Submission((item,)))
    _count(services, visit, [outcome])
    return answer_one(outcome, words)


async def report_batch(
    services: Services,
    holder: Holder,
    body: bytes,
    visit: Visit,
    *,
    is_strict: bool,
    words: Wording | None = None,
) -> Answer:
    """Record a body that is an array of events."""
    try:
        if len(body) < PARSED_ASIDE_BYTES_MIN:
            values = read_batch(body)
        else:
            values = await asyncio.to_thread(read_batch, body)
    except (Unreadable, Unacceptable) as fault:
        raise Problem("body-unreadable", str(fault), expected=fault.expected) from None
    except TooLarge as fault:
        raise Problem("body-too-large", str(fault), expected=fault.expected) from None
    context = context_for(services, holder)
    if holder.allowance is not None:
        holder.allowance.take(len(values))
    if is_strict:
        _bound_strict(len(values))
        return await _answer_strict(services, receive_batch(values, context), visit, words=words)
    outcomes: list[Outcome] = []
    for start in range(0, len(values), CHUNK_ITEMS):
        chunk = receive_batch(values[start : start + CHUNK_ITEMS], context)
        # Who has begun waits for the next place: turned away now, all of it would come again.
        future = await enqueue_in_turn(services.door, Submission(tuple(chunk)))
        outcomes += await asyncio.shield(future)
    _count(services, visit, outcomes)
    return Answer(*answer_many(outcomes, words))


async def report_stream(
    services: Services, holder: Holder, pieces: AsyncIterator[bytes], visit: Visit
) -> Answer:
    """Record NDJSON of any length, which may take hours."""
    began_at = services.now()

    async def renew() -> Context:
        """Read what comes now by the key, the lifecycle and the time of now."""
        current = await services.keys.current(holder.key.key_id)
        if current is None:
            raise Problem(
                "key-unknown", "The key was revoked or has expired while the stream was read."
            )
        return context_for(services, current)

    with services.room.place() as place:
        stream = Stream(services.door, renew, services.metrics, holder.allowance, place)
        try:
            tally = await stream.take(pieces)
        finally:
            visit.recorded = stream.tally.recorded
            visit.duplicates = stream.tally.duplicates
            visit.refused = stream.tally.refused
    content = tally.describe()
    if tally.refused > REFUSALS_SHOWN_MAX:
        since = began_at.isoformat().replace("+00:00", "Z")
        content["more_refusals_at"] = f"/v1/refusals?key={holder.key.key_id}&since={since}"
    return json_answer(content)


async def report_lines_strictly(
    services: Services, holder: Holder, body: bytes, visit: Visit
) -> Answer:
    """Record NDJSON of up to 5 MiB, all or nothing."""
    splitter = LineSplitter()
    lines = [*splitter.feed(body), *splitter.finish()]
    _bound_strict(len(lines))
    context = context_for(services, holder)
    if holder.allowance is not None:
        holder.allowance.take(len(lines))
    items = [receive_line(line.text, context) for line in lines]
    return await _answer_strict(services, items, visit)


async def _answer_strict(
    services: Services,
    items: Sequence[Item | Refused],
    visit: Visit,
    *,
    words: Wording | None = None,
) -> Answer:
    outcomes = await services.door.submit(Submission(tuple(items), is_strict=True))
    _count(services, visit, outcomes)
    refused = sum(
        isinstance(one, Refused) and one.refusal.reason != "batch-refused" for one in outcomes
    )
    if not refused:
        status, content = answer_many(outcomes)
        return Answer(status, content, headers=APPLIED)
    problem = Problem(
        "batch-refused",
        f"{refused} of {len(outcomes)} events were refused, and with handling=strict none was "
        "recorded. Correct them, or send without it to have the others recorded.",
        headers={"preference-applied": "handling=strict"},
        items=[describe_outcome(outcome, words) for outcome in outcomes],
    )
    return problem_answer(problem)


def _bound_strict(items: int) -> None:
    if items > SUBMISSION_ITEMS_MAX:
        raise Problem(
            "body-too-large",
            f"With handling=strict a batch has at most {SUBMISSION_ITEMS_MAX} events: all of it is "
            "one transaction. Send less at once, or without it.",
            expected=SUBMISSION_ITEMS_MAX,
            found=items,
        )


def _count(services: Services, visit: Visit, outcomes: Sequence[Outcome]) -> None:
    visit.recorded, visit.duplicates, visit.refused = services.metrics.decided(outcomes)
