"""Other event stores: each order goes to a process of their own environment."""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.settings import DRIVER
from tests.bench.peers.holding import HOLD_S, hold
from tests.bench.peers.runs import APPEND, BULK, READ, Gates, Run
from tests.bench.servers import END_WAIT_S, READY_WAIT_S, Bench, Unexpected
from tests.support.running_service import ROOT

OTHERS = ("insert", "eventsourcing", "eventsourcing dcb", "umadb")
TITLES = {
    "insert": "PostgreSQL, INSERT",
    "copy": "PostgreSQL, COPY of 500",
    "eventsourcing": "eventsourcing 9.5.6",
    "eventsourcing dcb": "eventsourcing 9.5.6, DCB",
    "umadb": "UmaDB 0.7.8",
}
CLIENT = "tests.bench.peers.client"
CONNECTIONS_MAX = 64
POLL_S = 0.05


@dataclass(slots=True)
class Peer:
    """One other store. A class, because its leads are numbered from run to run."""

    peers: Path
    store: str
    where: Mapping[str, str]
    bench: Bench
    schema: str
    name: str = field(init=False)
    _runs: int = 0

    def __post_init__(self) -> None:
        self.name = TITLES[self.store]

    @classmethod
    async def open(cls, bench: Bench, peers: Path, store: str, umadb: str) -> "Peer":
        """Make a schema of its own for a store on PostgreSQL."""
        schema = f"peer_{store.replace(' ', '_')}"
        if store == "umadb":
            return cls(peers, store, {"url": umadb}, bench, schema)
        url = bench.postgres.owner_url
        owner = create_async_engine(url.set(drivername=DRIVER))
        async with owner.begin() as connection:
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        await owner.dispose()
        host, port = str(url.query["host"]), str(url.query["port"])
        where = {
            "conninfo": f"host={host} port={port} dbname={url.database} user={url.username} "
            f"password={url.password} options=-csearch_path={schema}",
            "POSTGRES_HOST": host,
            "POSTGRES_PORT": port,
            "POSTGRES_DBNAME": str(url.database),
            "POSTGRES_USER": str(url.username),
            "POSTGRES_PASSWORD": str(url.password),
            "POSTGRES_SCHEMA": schema,
            "POSTGRES_POOL_SIZE": str(CONNECTIONS_MAX // 2),
            "POSTGRES_MAX_OVERFLOW": "0",
            "POSTGRES_MAX_WAITING": str(CONNECTIONS_MAX),
        }
        return cls(peers, store, where, bench, schema)

    async def append(self, *, clients: int, events: int, tag: str) -> Run:
        done = await self._order("append", clients=clients, events=events, tag=tag)
        job = BULK if self.store == "copy" else APPEND
        return Run(self.name, job, clients, [events / done["seconds"]], done["latencies"])

    async def read_everything(self) -> Run:
        done = await self._order("read")
        return Run(self.name, READ, 1, [done["events"] / done["seconds"]])

    async def pass_gates(self) -> Gates:
        raced = await self._order("race")
        if self.store != "umadb":
            await hold(self.bench, self.schema)
        followed = await self._order("order", hold_s=HOLD_S)
        return Gates(followed["missed"], raced["both"])

    async def _order(self, job: str, **order: Any) -> dict[str, Any]:
        self._runs += 1
        sent = {"store": self.store, "where": self.where, "job": job, **order}
        sent["first_lead"] = self._runs * 1_000_000
        client = await asyncio.create_subprocess_exec(
            *(str(self.peers), "-m", CLIENT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        out, errors = await client.communicate(orjson.dumps(sent))
        if client.returncode != 0:
            raise Unexpected(f"{self.name}: {errors.decode(errors='replace')[-2000:]}")
        return dict(orjson.loads(out))


@contextmanager
def serving_umadb(bench: Bench, peers: Path) -> Iterator[str]:
    """Run UmaDB's server on the same disk; return its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(str(peers.parent / "umadb"), "--listen", f"127.0.0.1:{port}"),
            *("--db-path", str(bench.directory / "uma.db")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + READY_WAIT_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unexpected("UmaDB's server did not start")
            time.sleep(POLL_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(END_WAIT_S)
