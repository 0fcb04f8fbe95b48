"""Run what the benches measure: a database on disk, its ledgers, and processes that serve them."""

import asyncio
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from events.founding import found
from events.lifecycles.shipped import read_lifecycle_text
from events.signals.digests import Digests
from migrations.running import migrate
from service.engine import make_engine
from service.hosting.address import bound_socket, writer_socket
from service.hosting.keeping import variables_of
from service.hosting.serving import WRITER_SOCKET, environment_before, roles_of, shared_directory
from service.hosting.workers import Workers
from service.keys.bootstrap import ADMINISTRATOR
from service.keys.store import KeyStore
from service.private_postgres import PrivatePostgres
from service.settings import Settings
from tests.bench.load_client import Order
from tests.bench.sizes import QUICK, Sizes
from tests.support.postgres import scratch_directory

SECRET = "a secret of the benches, of more than 32 bytes"
READY_WAIT_S = 60.0
END_WAIT_S = 30.0

SERVICE = "service.hosting.worker"
FLOOR = "tests.bench.floor_worker"


@dataclass(frozen=True, slots=True)
class Bench:
    """The environment of every bench."""

    postgres: PrivatePostgres
    sizes: Sizes
    directory: Path


@dataclass(frozen=True, slots=True)
class Founded:
    """A ledger that is ready to serve, in its own schema, with a key."""

    settings: Settings
    engine: AsyncEngine
    schema: str
    key: str
    digests: Digests


@dataclass(frozen=True, slots=True)
class ClientRun:
    """What the client reports about an order."""

    seconds: float
    processor_seconds: float
    """Of the client."""
    timeline: list[tuple[float, float]]
    """When the wait for each answer began, by the system-wide clock, and how long it lasted."""
    statuses: dict[str, int]
    last_body: str

    @property
    def latencies(self) -> list[float]:
        """In seconds, shortest first."""
        return sorted(latency for _, latency in self.timeline)

    @property
    def rate(self) -> float:
        return len(self.timeline) / self.seconds


class Unexpected(Exception):
    """A server gave an unexpected answer, so the figures would mean nothing."""


@contextmanager
def running_bench(sizes: Sizes) -> Iterator[Bench]:
    """Run a database with the product's own settings, on a disk, where durability is real.

    Only small sizes, whose figures mean nothing, run in memory.
    """
    scratch = scratch_directory() if sizes is QUICK else _on_disk()
    with scratch as directory, PrivatePostgres(directory / "data") as postgres:
        yield Bench(postgres, sizes, directory)


@contextmanager
def _on_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="leadledger-bench-") as name:
        yield Path(name)


@asynccontextmanager
async def founded(bench: Bench, schema: str) -> AsyncIterator[Founded]:
    """Found a ledger."""
    settings = Settings.model_validate(
        {"secret": SECRET, "schema": schema, "data_dir": bench.directory, "log_format": "json"}
    )
    postgres, digests = bench.postgres, Digests(SECRET.encode())
    owner = make_engine(settings, postgres.owner_url)
    await migrate(owner, schema=schema, serving_role=postgres.app_url.username)
    text = read_lifecycle_text(settings.lifecycle)
    await found(owner, schema=schema, digests=digests, lifecycle_text=text)
    await owner.dispose()
    engine = make_engine(settings, postgres.app_url)
    try:
        key, _ = await KeyStore(engine, schema, digests.seals).create(ADMINISTRATOR, by=None)
        yield Founded(settings, engine, schema, key.text, digests)
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True)
class Server:
    """The processes that serve one ledger."""

    port: int
    key: str
    pids: Sequence[int]
    log: Path

    async def fulfil(self, expected: str, **order: Any) -> ClientRun:
        """Send an order with a client.

        Raises:
            Unexpected: an answer had a different status.
        """
        sent = Order(host="127.0.0.1", port=self.port, key=self.key, **order)
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.load_client"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        out, _ = await client.communicate(orjson.dumps(sent._asdict()))
        if client.returncode != 0:
            raise Unexpected(f"the client ended with {client.returncode}; {self._last_words()}")
        run = ClientRun(**orjson.loads(out))
        if set(run.statuses) != {expected}:
            raise Unexpected(
                f"expected {expected} alone, found {run.statuses}; the last was {run.last_body}; "
                f"{self._last_words()}"
            )
        return run

    @property
    def pid(self) -> int:
        """Return the process, if there is only one."""
        (pid,) = self.pids
        return pid

    @property
    def processor_seconds(self) -> float:
        """Return the processor time that all of them have used so far."""
        return sum(map(_processor_seconds, self.pids))

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return "the server's log ends with:\n" + "\n".join(lines)


def _processor_seconds(pid: int) -> float:
    status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving_apart(bench: Bench, ledger: Founded, *, fronts: int = 1) -> Iterator[Server]:
    """Serve a ledger with a writer, a reader and fronts, as `leadledger serve` runs them."""
    log = bench.directory / f"apart.{ledger.schema}.log"
    with (
        log.open("wb") as errors,
        bound_socket(host="127.0.0.1", port=0) as listener,
        shared_directory() as directory,
        writer_socket(directory / WRITER_SOCKET) as inner,
        Workers(
            roles_of(fronts),
            listener=listener,
            writer=inner,
            environment=environment_before(ledger.settings, directory),
            errors=errors.fileno(),
        ) as workers,
        workers.serving(variables_of(ledger.settings, bench.postgres.app_url)),
    ):
        workers.await_ready()
        yield Server(listener.getsockname()[1], ledger.key, workers.pids, log)


@contextmanager
def serving(bench: Bench, ledger: Founded, *, module: str = SERVICE) -> Iterator[Server]:
    """Serve a ledger with one worker, as `leadledger serve` runs it."""
    ready, announce = os.pipe()
    log = bench.directory / f"{module}.{ledger.schema}.log"
    with bound_socket(host="127.0.0.1", port=0) as listener, log.open("wb") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", module),
                *(str(listener.fileno()), str(announce), str(os.getpid())),
            ],
            env={**os.environ, **variables_of(ledger.settings, bench.postgres.app_url)},
            stdin=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(listener.fileno(), announce),
        )
        os.close(announce)
        server = Server(listener.getsockname()[1], ledger.key, [process.pid], log)
        try:
            readable, _, _ = select.select([ready], [], [], READY_WAIT_S)
            if not readable or os.read(ready, 1) != b"!":
                raise Unexpected(f"{module} did not start; {server._last_words()}")
            yield server
        finally:
            os.close(ready)
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
