"""The service as its worker runs it, but with errors that a test injects from outside.

    python -m tests.safety.faulty_worker SOCKET_FD READY_FD PARENT_PID

The file `faults.json` in the data directory says where: for each place, what fails there. The text
of each error quotes an address, which must not appear anywhere. Pauses are short, so that retries
come soon.

A fault here is a mistake in our own code, which no argument of the service can express. So the
functions in which it occurs are replaced.
"""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import URL

from domain.event import Event
from events.append import plan
from events.batch import upkeep
from projections.catalogue import PROJECTIONS
from projections.deadlines.projection import NAME as DEADLINES
from projections.engine.projection import Projection
from projections.engine.runner import Runner
from service.app import app_from_environment
from service.composition import background, whole
from service.feed.appends import Appends
from service.feed.log import Log
from service.feed.tail import Tail
from service.hosting import worker
from service.http.parts import Parts
from service.ingest import retry
from service.metrics import Metrics
from service.projected import ProjectedTables
from service.settings import Settings
from service.webhooks.encryption import Seal
from service.webhooks.queue import DeliveryQueue
from service.webhooks.retry_schedule import RetrySchedule

FILE = "faults.json"
QUOTED = "hanako.injected@example.co.jp"
RETRY_S = 0.5


class Injected(Exception):
    """An error that no code in the service expects."""


def meet(place: str, what: str) -> None:
    """Fail if a fault is set for this at this place."""
    path = Path(os.environ["LEADLEDGER_DATA_DIR"], FILE)
    faults = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if any(one in what for one in faults.get(place, ())):
        raise Injected(f"expected nothing of {QUOTED}")


def failing(real: Callable[..., Any], place: str, named: str | int) -> Callable[..., Any]:
    """Wrap a function so that it may fail before it runs, depending on one argument."""

    def call(*arguments: Any, **names: Any) -> Any:
        what = names[named] if isinstance(named, str) else arguments[named]
        meet(place, str(what))
        return real(*arguments, **names)

    return call


class Stumbling:
    """A projection whose fold fails on some event types."""

    def __init__(self, real: Projection[Any]) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def fold(self, state: Any, event: Event) -> None:
        meet("projection", event.type)
        self._real.fold(state, event)


class FaultyLog(Log):
    """A log whose end cannot be read at times."""

    async def tail(self, *, limit: int, **where: Any) -> Any:
        meet("tail", str(limit))
        return await super().tail(limit=limit, **where)


@asynccontextmanager
async def open_faulty(settings: Settings, url: URL) -> AsyncIterator[Parts]:
    schedule = RetrySchedule(first_s=RETRY_S, factor=1.0)
    async with whole.open_parts(settings, url, schedule=schedule) as parts:
        log = FaultyLog(parts[ProjectedTables].engine, settings.schema_name)
        parts[Tail] = Tail(log, parts[Appends], on_fault=parts[Metrics].fault)
        yield parts


def read_native(content: bytes, context: Any) -> Any:
    meet("retrying", content.decode())
    return _READ_NATIVE(content, context)


_READ_NATIVE = retry.READERS["native"]


def main() -> None:
    deadlines = PROJECTIONS[DEADLINES]
    with ExitStack() as changes:
        for where, name, place, argument in (
            (plan, "decide_signal", "deciding", 1),
            (upkeep, "fire", "timers", "lead_id"),
            (Seal, "open", "webhook", "owner"),
            (DeliveryQueue, "queue", "queueing", 1),
        ):
            real = getattr(where, name)
            changes.enter_context(patch.object(where, name, failing(real, place, argument)))
        for known, name, faulty in (
            (retry.READERS, "native", read_native),
            (PROJECTIONS, DEADLINES, lambda schema: Stumbling(deadlines(schema))),
        ):
            changes.enter_context(patch.dict(known, {name: faulty}))
        runner = partial(Runner, retry_stopped_s=RETRY_S)
        changes.enter_context(patch.object(background, "Runner", runner))
        worker.main(lambda _: app_from_environment(open_faulty))


if __name__ == "__main__":
    main()
