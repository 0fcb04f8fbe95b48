"""Retry refusals: they go through the queue again in the form in which they first came.

The refused bytes are read again in their dialect, with the time of the first receipt, as from the
key that sent them. That key's current sources, scopes and department apply, because the key may be
what was corrected. A key that has ended can still be used in this way: the person who retries
answers for it, and is recorded. The record names the key that reported.

A refusal that cannot be read again keeps its original reason. If a retry meets a fault of the
service, that fault is the reason. Either way the others are retried.

An interrupted retry can be repeated: what it recorded is then answered as a duplicate.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog
from sqlalchemy import RowMapping

from domain.lifecycle.service_events import PUBLISHED
from events.outcomes import Outcome
from events.records import OWN_SOURCE
from events.refusal_texts import internal_error
from events.refusals import NATIVE, Refusal, Refused
from events.signals.context import Context
from events.signals.dialects import posthog, segment, snowplow
from events.signals.dialects.parcels import Dialect
from events.signals.sender import Sender
from events.strict_json import read_item
from events.submission import Item, Submission
from service.ingest.read_items import receive_line, receive_message, refuse
from service.ingest.reporting import Reporting
from service.keys.store import KeyStore
from service.refusals.describing import stored_refusal
from service.refusals.store import RefusalStore

log = structlog.get_logger()


def _reader_of(dialect: Dialect) -> Callable[[bytes, Context], Item | Refused]:
    def read(content: bytes, context: Context) -> Item | Refused:
        return receive_message(read_item(content), dialect, context)

    return read


READERS: Mapping[str, Callable[[bytes, Context], Item | Refused]] = {
    NATIVE: receive_line,
    **{
        dialect.name: _reader_of(dialect)
        for dialect in (segment.SEGMENT, posthog.POSTHOG, snowplow.SNOWPLOW)
    },
}
"""How to read a refusal again, by the dialect stored with it."""


def reread(item: Item, context: Context) -> Item | Refused:
    """Read an item again, because another lifecycle is in force than when it was read.

    What the service reports itself, and a publication, depend on no version.
    """
    if item.signal.source == OWN_SOURCE or item.signal.type.name == PUBLISHED:
        return item._replace(context=context)
    return READERS[item.dialect](item.content, context)


async def retry(
    reporting: Reporting,
    keys: KeyStore,
    refusals: RefusalStore,
    kept: Sequence[RowMapping],
    *,
    by: Sender,
) -> list[Outcome]:
    """Retry refusals in order, and store the outcomes."""
    if not kept:
        return []
    senders = await _senders(keys, kept)
    items = tuple(_prepared(reporting, row, senders) for row in kept)
    outcomes = await reporting.queue.submit(Submission(items, is_repeated=True))
    reporting.metrics.decided(outcomes)
    await _settle(refusals, kept, outcomes, by)
    return outcomes


async def _senders(keys: KeyStore, kept: Sequence[RowMapping]) -> dict[str, Sender]:
    """Find the keys that sent them. Keys are never deleted."""
    key_ids = {row["key_id"] for row in kept}
    return {key.key_id: key.sender for key in await keys.find(sorted(key_ids))}


def _prepared(
    reporting: Reporting, row: RowMapping, senders: Mapping[str, Sender]
) -> Item | Refused:
    """Read a refusal again, or leave it refused."""
    if not row["content"]:
        # The bytes of input that is too large or too deep are not kept: there is nothing to read.
        return _still_refused(row, stored_refusal(row))
    try:
        return _read_again(reporting, row, senders[row["key_id"]])
    except Exception:
        reporting.metrics.fault("retrying")
        log.exception("refusals.not_retried", refusal=str(row["refusal_id"]))
        return _still_refused(row, internal_error())


def _still_refused(row: RowMapping, refusal: Refusal) -> Refused:
    return Refused(
        refusal,
        str(row["refusal_id"]),
        row["received_at"],
        row["key_id"],
        row["source"],
        row["event_id"],
        row["type"],
        bytes(row["content"]),
        None,
        row["dialect"],
    )


def _read_again(reporting: Reporting, row: RowMapping, sender: Sender) -> Item | Refused:
    source = row["source"]
    if source is not None and sender.speaks_for(source):
        # The default source at that time, whatever the key's first source is now.
        sender = sender._replace(sources=(source, *sender.sources))
    context = reporting.context(sender)._replace(received_at=row["received_at"])
    content, dialect = bytes(row["content"]), row["dialect"]
    reader = READERS.get(dialect)
    if reader is None:
        return refuse(_unknown(dialect), None, content, context, dialect=dialect)
    return reader(content, context)


def _unknown(dialect: str) -> Refusal:
    return Refusal(
        "event-unreadable",
        f"This service does not read the dialect {dialect}, in which the event was sent. Try again "
        "once every process of the service runs the newest version.",
    )


async def _settle(
    refusals: RefusalStore, kept: Sequence[RowMapping], outcomes: Sequence[Outcome], by: Sender
) -> None:
    recorded: dict[UUID, int] = {}
    refused: dict[UUID, Refused] = {}
    for row, outcome in zip(kept, outcomes, strict=True):
        if isinstance(outcome, Refused):
            refused[row["refusal_id"]] = outcome
        else:
            recorded[row["refusal_id"]] = outcome.position
    await refusals.settle_recorded(recorded, by=by.key_id)
    await refusals.keep_open(refused)
