"""Take a report, one event, a batch or a stream, from its body to its answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from events.limits import SUBMISSION_ITEMS_MAX
from events.outcomes import Outcome
from events.refusals import Refused
from events.signals.context import Context
from events.strict_json import Items, TooLarge, Unacceptable, Unreadable, find_items
from events.submission import Item, Submission
from service.bodies.body_memory import BodyMemory, MemoryBudget
from service.bodies.chunks import chunks_of, held_bytes_max
from service.bodies.inflation import pieces_of
from service.bodies.lines import Line, LineSplitter
from service.http.access_log import AccessRecord
from service.http.answer import Answer, json_answer, problem_answer
from service.http.problem import Problem
from service.ingest.describe_outcomes import BatchAnswer, answer_one, describe_outcome
from service.ingest.labels import Wording
from service.ingest.read_items import receive_item, receive_line, receive_one
from service.ingest.reporting import Reporting
from service.ingest.stream import LineStream
from service.ingest.wait_for_queue import Pauses, enqueue_in_turn, in_pieces, wait_for_memory
from service.keys.directory import Holder, KeyDirectory
from service.limits import REFUSALS_SHOWN_MAX, STRICT_BUILT_BYTES_MAX

APPLIED = ((b"preference-applied", b"handling=strict"),)


async def report_one(
    reporting: Reporting,
    holder: Holder,
    body: bytes,
    visit: AccessRecord,
    memory: BodyMemory,
    *,
    words: Wording | None = None,
) -> Answer:
    """Record a body that is one event, and answer."""
    return answer_one(await record_one(reporting, holder, body, visit, memory), words)


async def record_one(
    reporting: Reporting, holder: Holder, body: bytes, visit: AccessRecord, memory: BodyMemory
) -> Outcome:
    """Record a body that is one event. A refusal goes to the queue as well, if it is kept."""
    memory.build(held_bytes_max(body))
    item = receive_one(body, reporting.context(holder.sender))
    if holder.allowance is not None:
        holder.allowance.take(1)
    if isinstance(item, Refused) and not item.is_kept:
        outcome: Outcome = item
        reporting.unrecorded.add(item)
    else:
        (outcome,) = await reporting.queue.submit(Submission((item,)))
    visit.count(*reporting.metrics.decided([outcome]))
    return outcome


async def report_batch(
    reporting: Reporting,
    holder: Holder,
    body: bytes,
    visit: AccessRecord,
    memory: BodyMemory,
    *,
    is_strict: bool,
    words: Wording | None = None,
) -> Answer:
    """Record a body that is an array of events."""
    found = await items_of(body)
    context, pauses = reporting.context(holder.sender), Pauses()
    if holder.allowance is not None:
        holder.allowance.take(len(found))
    if is_strict:
        hold_together(memory, found)
        items = [receive_item(text, context) async for text in pauses.between(found)]
        return await _answer_strict(reporting, items, visit, words=words)
    answer = BatchAnswer(words)
    for texts, size in chunks_of(found):
        await wait_for_memory(memory, size)
        memory.build(size)
        items = [receive_item(text, context) async for text in pauses.between(texts)]
        # A request that has begun waits for its next place: if it were refused now, the client
        # would send all of it again.
        future = await enqueue_in_turn(reporting.queue, Submission(tuple(items)))
        outcomes = await asyncio.shield(future)
        memory.give_back(size)
        visit.count(*reporting.metrics.decided(outcomes))
        memory.build(answer.add(outcomes))
    return answer.finish()


async def items_of(body: bytes) -> Items:
    """Return the items of a body that is an array. Raises Problem."""
    try:
        return await in_pieces(find_items(body))
    except (Unreadable, Unacceptable) as fault:
        raise Problem("body-unreadable", str(fault), expected=fault.expected) from None
    except TooLarge as fault:
        raise Problem("body-too-large", str(fault), expected=fault.expected) from None


async def report_stream(
    reporting: Reporting,
    holder: Holder,
    pieces: AsyncIterator[bytes],
    visit: AccessRecord,
    *,
    keys: KeyDirectory,
    budget: MemoryBudget,
) -> Answer:
    """Record NDJSON of any length, which may take hours."""
    began_at = reporting.now()

    async def renew() -> Context:
        """Read what follows under the current key, lifecycle and time."""
        current = await keys.current(holder.key.key_id)
        if current is None:
            raise Problem(
                "key-unknown",
                "The key was revoked or expired while the stream was being read. Send the stream "
                "again with a valid key.",
            )
        return reporting.context(current.sender)

    with budget.memory() as memory:
        stream = LineStream(reporting.queue, renew, reporting.metrics, holder.allowance, memory)
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
    reporting: Reporting, holder: Holder, body: bytes, visit: AccessRecord, memory: BodyMemory
) -> Answer:
    """Record NDJSON of up to 5 MiB, all or nothing."""
    pauses, splitter = Pauses(), LineSplitter()
    lines: list[Line] = []
    async for piece in pauses.between(pieces_of(body)):
        lines += splitter.feed(piece)
        _bound_strict(len(lines))
    lines += splitter.finish()
    hold_together(memory, [line.text or b"" for line in lines])
    context = reporting.context(holder.sender)
    if holder.allowance is not None:
        holder.allowance.take(len(lines))
    items = [receive_line(line.text, context) async for line in pauses.between(lines)]
    return await _answer_strict(reporting, items, visit)


async def _answer_strict(
    reporting: Reporting,
    items: Sequence[Item | Refused],
    visit: AccessRecord,
    *,
    words: Wording | None = None,
) -> Answer:
    outcomes = await reporting.queue.submit(Submission(tuple(items), is_strict=True))
    visit.count(*reporting.metrics.decided(outcomes))
    refused = sum(
        isinstance(outcome, Refused) and outcome.refusal.reason != "batch-refused"
        for outcome in outcomes
    )
    if not refused:
        answer = BatchAnswer()
        answer.add(outcomes)
        return answer.finish(APPLIED)
    problem = Problem(
        "batch-refused",
        f"{refused} of {len(outcomes)} events were refused, so handling=strict recorded none. "
        "Correct them, or send the batch without handling=strict to record the others.",
        headers={"preference-applied": "handling=strict"},
        items=[describe_outcome(outcome, words) for outcome in outcomes],
    )
    return problem_answer(problem)


def hold_together(memory: BodyMemory, texts: Items | list[bytes]) -> None:
    """Hold the memory for all the items: the last one is read before the first is recorded."""
    _bound_strict(len(texts))
    size = sum(map(held_bytes_max, texts))
    if size > STRICT_BUILT_BYTES_MAX:
        raise Problem(
            "body-too-large",
            "All events of this request are held in memory together, and these have too many "
            "values. Send fewer events at once.",
        )
    memory.build(size)


def _bound_strict(items: int) -> None:
    if items > SUBMISSION_ITEMS_MAX:
        raise Problem(
            "body-too-large",
            f"With handling=strict a batch may have at most {SUBMISSION_ITEMS_MAX} events, "
            "because it is one transaction. Send fewer at once, or send without handling=strict.",
            expected=SUBMISSION_ITEMS_MAX,
            found=items,
        )
