"""leadledger as the peers are measured: over HTTP, and at the queue before the ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

import httpx
import orjson
from sqlalchemy.ext.asyncio import create_async_engine

from events.append.ledger import Ledger
from events.append.queue import Queue
from events.database.sessions import open_session
from events.database.statements import load
from events.outcomes import Recorded
from events.records import decode_event
from events.submission import Submission
from events.verification.verify import pages
from service.settings import DRIVER
from tests.bench.ledgers import context_of, item
from tests.bench.mix import timed_events
from tests.bench.peers.holding import HOLD_S, SLOW, hold
from tests.bench.peers.runs import APPEND, BULK, READ, Gates, Run
from tests.bench.servers import Bench, Founded, Server, Unexpected

PAGE = 1_000
RACES = 50


@dataclass(slots=True)
class OverHttp:
    """One request for each event, or all events in one."""

    bench: Bench
    founded: Founded
    server: Server
    kind: str = "events"
    name: str = "leadledger over HTTP"

    def in_bulk(self) -> "OverHttp":
        return OverHttp(self.bench, self.founded, self.server, "lines", "leadledger, NDJSON")

    async def append(self, *, clients: int, events: int, tag: str) -> Run:
        expected, job = ("201", APPEND) if self.kind == "events" else ("200", BULK)
        run = await self.server.fulfil(
            expected, kind=self.kind, requests=events, connections=clients, tag=f"{self.kind}-{tag}"
        )
        latencies = run.latencies if self.kind == "events" else ()
        return Run(self.name, job, clients, [events / run.seconds], latencies)

    async def read_everything(self) -> Run:
        async with self._client() as client:
            head = int((await client.get("/v1/events", params={"limit": 1})).json()["head"])
        paths = [f"/v1/events?after={after}&limit={PAGE}" for after in range(0, head, PAGE)]
        run = await self.server.fulfil("200", kind="get", requests=len(paths), paths=paths)
        return Run(self.name, READ, 1, [head / run.seconds])

    async def pass_gates(self) -> Gates:
        async with self._client() as client:
            both = [await self._race(client, number) for number in range(RACES)]
            return Gates(await self._follow(client), sum(both))

    async def _race(self, client: httpx.AsyncClient, number: int) -> bool:
        """Have two clients take the same decision at once; return whether both moved the lead."""
        lead = {"email": f"race-{number}@race.example"}
        await _post(client, {"id": f"form-{number}", "type": "form.submitted", "lead": lead})
        answers = await asyncio.gather(
            *(
                _post(client, {"id": f"{by}-{number}", "type": "lead.qualified", "lead": lead})
                for by in ("one", "other")
            )
        )
        return all("moved" in answer for answer in answers)

    async def _follow(self, client: httpx.AsyncClient) -> int:
        """Follow the feed while the transaction of another writer is held open."""
        await hold(self.bench, self.founded.schema)
        seen = await _read(client, 0)
        url = self.bench.postgres.app_url
        slow = create_async_engine(
            url.set(drivername=DRIVER),
            connect_args={"server_settings": {"application_name": SLOW}},
        )
        ledger = Ledger(slow, self.founded.schema, self.founded.digests.seals)
        await ledger.open()
        context = context_of(ledger, self.founded)
        event = {"id": "held", "type": "visit.recorded", "lead": {"anonymous_id": "held"}}
        held = asyncio.create_task(ledger.append([Submission((item(event, context),))]))
        await asyncio.sleep(HOLD_S / 2)
        await _post(client, {**event, "id": "quick", "lead": {"anonymous_id": "quick"}})
        seen += await _read(client, seen[-1])
        await held
        await ledger.close()
        await slow.dispose()
        seen += await _read(client, seen[-1])
        return len(set(await _read(client, 0)) - set(seen))

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.server.key}"}
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.server.port}",
            headers=headers,
            trust_env=False,
            timeout=30.0,
        )


@dataclass(slots=True)
class OverQueue:
    """Submissions of one event each, in this process."""

    founded: Founded
    ledger: Ledger
    queue: Queue
    name: str = "leadledger without HTTP"

    @classmethod
    @asynccontextmanager
    async def open(cls, founded: Founded) -> AsyncIterator["OverQueue"]:
        ledger = Ledger(founded.engine, founded.schema, founded.digests.seals)
        await ledger.open()
        queue = Queue(ledger, lambda _: None)
        queue.start()
        try:
            yield cls(founded, ledger, queue)
        finally:
            await queue.close()

    async def append(self, *, clients: int, events: int, tag: str) -> Run:
        context = context_of(self.ledger, self.founded)
        shares: list[list[Submission]] = [[] for _ in range(clients)]
        for one in timed_events(f"queue-{tag}", events):
            shares[one.company % clients].append(Submission((item(one.event, context),)))
        latencies: list[float] = []

        async def send(share: list[Submission]) -> None:
            for submission in share:
                began = perf_counter()
                (outcome,) = await self.queue.submit(submission)
                latencies.append(perf_counter() - began)
                if not isinstance(outcome, Recorded):
                    raise Unexpected(f"expected every event recorded, found {outcome}")

        began = perf_counter()
        await asyncio.gather(*(send(share) for share in shares))
        return Run(self.name, APPEND, clients, [events / (perf_counter() - began)], latencies)

    async def read_everything(self) -> Run:
        statement = load("projections", "engine/checkpoints.sql", self.founded.schema)
        head = self.ledger.memory.position
        session = await open_session(self.founded.engine)
        try:
            began = perf_counter()
            async for page in pages(session.driver, statement["read_records"], head):
                for row in page:
                    decode_event(row["record"])
            return Run(self.name, READ, 1, [head / (perf_counter() - began)])
        finally:
            await session.close()


async def _post(client: httpx.AsyncClient, event: dict[str, object]) -> dict[str, object]:
    answer = await client.post("/v1/events", content=orjson.dumps(event))
    if answer.status_code not in {200, 201}:
        raise Unexpected(f"expected an event to be recorded, found {answer.text[:500]}")
    return dict(answer.json())


async def _read(client: httpx.AsyncClient, after: int) -> list[int]:
    """Return all positions after one, as a follower would read them."""
    positions: list[int] = []
    while True:
        answer = await client.get("/v1/events", params={"after": after, "limit": PAGE})
        found = [int(event["position"]) for event in answer.json()["events"]]
        if not found:
            return positions
        positions += found
        after = found[-1]
