"""Everything the routes use, built once by the composition root."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.compiled.table import CompiledLifecycle
from events.append.ledger import Ledger
from events.background.timekeeper import Timekeeper
from events.outcomes import Outcome
from events.selections.running import Selector
from events.signals.digests import Digests
from events.submission import Submission
from projections.business.queries import Crediting
from projections.deadlines.projection import DeadlineQueries
from projections.engine.runner import Runner
from projections.funnel.queries import FunnelQueries
from projections.leads.queries import Roster
from service.bodies.body_memory import MemoryBudget, strangers_room
from service.feed.appends import Appends
from service.feed.tail import Tail
from service.funnel_now import FunnelNow
from service.keys.directory import KeyDirectory
from service.keys.store import KeyStore
from service.metrics import Metrics
from service.refusals.store import RefusalStore
from service.settings import Settings
from service.watch import Watch
from service.webhooks.open import WebhookService

Result = TypeVar("Result")


class Queue(Protocol):
    """Where submissions go: the ledger's queue, or a benchmark that only answers."""

    def admit(self) -> None: ...

    async def submit(self, submission: Submission) -> list[Outcome]: ...

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]: ...


class Shared(Generic[Result]):
    """The work in progress, if any. A class, because later callers join it here.

    It is not cancelled when one caller's time is up, because the next one needs it as well. It must
    bound its own time.
    """

    def __init__(self) -> None:
        self._under_way: asyncio.Task[Result] | None = None

    async def result(
        self, begin: Callable[[], Coroutine[Any, Any, Result]], *, wait_s: float
    ) -> Result | None:
        """Return the result of work in progress or started now; None if it takes longer."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(begin(), name="shared-work")
        under_way = self._under_way
        done, _ = await asyncio.wait((under_way,), timeout=wait_s)
        return under_way.result() if done else None


@dataclass(slots=True)
class Services:
    """Everything behind the routes. Mutable in one place only: the lifecycle last seen."""

    settings: Settings
    engine: AsyncEngine
    digests: Digests
    ledger: Ledger
    watch: Watch
    queue: Queue
    keys: KeyDirectory
    key_store: KeyStore
    refusals: RefusalStore
    appends: Appends
    tail: Tail
    timekeeper: Timekeeper
    webhooks: WebhookService
    metrics: Metrics
    runner: Runner
    funnel: FunnelQueries
    roster: Roster
    crediting: Crediting
    selector: Selector
    deadlines: DeadlineQueries
    funnel_now: FunnelNow = field(default_factory=FunnelNow)
    room: MemoryBudget = field(default_factory=MemoryBudget)
    examination: Shared[Any] = field(default_factory=Shared)
    """The readiness check, shared by all requests for it."""
    strangers: MemoryBudget = field(default_factory=strangers_room)
    """For bodies that contain their own key, until it is found."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the service is about to stop: long polls answer at once."""
    _compiled: CompiledLifecycle | None = None

    @property
    def schema(self) -> str:
        return self.settings.schema_name

    @property
    def compiled(self) -> CompiledLifecycle:
        """The lifecycle in force; the last one seen while the writer's memory is being reread."""
        memory = self.ledger.memory
        if memory.lifecycle_version:
            self._compiled = memory.compiled
        assert self._compiled is not None, "a ledger is opened before requests are served"
        return self._compiled

    def lifecycle(self, version: int) -> CompiledLifecycle:
        """Return a version of the lifecycle; the one in force while the memory is being reread."""
        return self.ledger.memory.lifecycles.get(version, self.compiled)

    def now(self) -> datetime:
        """Return the time by the ledger's clock."""
        return self.ledger.now()

    @property
    def lifecycle_version(self) -> int:
        return self.ledger.memory.lifecycle_version
