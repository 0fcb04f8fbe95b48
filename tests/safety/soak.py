"""Kill every part of a service, and cut its connections as they commit, for as long as asked.

    python -m tests.safety.soak [--minutes 30]

The service runs as its users run it, with two fronts, on a database behind a proxy that cuts
connections just before and just after a commit. Thirty-two senders keep sending. At the end every
answer is compared with the log, and the service verifies its own ledger.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import OK
from pathlib import Path
from time import monotonic

import httpx
import structlog

from events.remote.roles import Role
from service.hosting.keeping import watched
from service.private_postgres import PrivatePostgres
from tests.safety.cutting_proxy import Chooser, Cut, CuttingProxy, Statement, cutting_proxy, never
from tests.safety.http_sending import http_sending, read_feed, read_refusals
from tests.safety.log_check import check_log, check_refusals
from tests.safety.traffic import Answer, Load, send
from tests.safety.waiting import some_more
from tests.support.http_service import SECRET
from tests.support.postgres import SMALL, scratch_directory
from tests.support.processes import Process, family_of
from tests.support.running_service import RunningService, command, eventually, running_service

log = structlog.get_logger()

SENDERS = 32
KINDS = ("front", "writer", "reader", "backend", "postmaster")
PAUSE_S_MAX = 8.0
"""Between two kills: ten or more a minute. If processes of one role died more often than every ten
seconds, the supervisor would wait longer and longer before it starts the next."""
LOG_LINES = 400
CUT_ONE_IN = 12
"""Of the statements that may commit, this many are let through for each that is cut."""


@dataclass
class Damage:
    """What has been done to the service. A class, because it adds up."""

    kills: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        statuses = Counter(answer.status for answer in self.answers)
        return [
            f"{self.seconds / 60:.0f} minutes; {self.kills.total()} kills: "
            + ", ".join(f"{count} of the {what}" for what, count in sorted(self.kills.items())),
            f"{self.cuts} connections cut around a commit",
            f"{len(self.answers)} answers: "
            + ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())),
        ]


@dataclass
class Target:
    """The service, and the database server that it uses."""

    service: RunningService
    postgres: PrivatePostgres
    settings: dict[str, str]

    def kill(self, what: str, draw: random.Random) -> None:
        """Kill a process of a kind. What supervises it starts another."""
        eventually(lambda: self._processes(what))
        victim = draw.choice(self._processes(what))
        victim.kill()
        eventually(lambda: not victim.is_running())

    def _processes(self, what: str) -> list[Process]:
        family = family_of(self.postgres.pid)
        match what:
            case "postmaster":
                return family[:1]
            case "backend":
                return [one for one in family if "leadledger_app" in one.command]
        return self.service.of_role(Role(what))


async def soak(
    seconds: float, *, pause_s_max: float = PAUSE_S_MAX, cut_one_in: int = CUT_ONE_IN
) -> Damage:
    """Damage a service for some time, at least once in each way; check that nothing was lost.

    Raises Violation or AssertionError if anything was, and TimeoutError if no one is answered.
    """
    draw, damage, began = random.Random(7), Damage(), monotonic()
    async with damaged(choosing(draw, cut_one_in)) as (target, proxy), last_words(target.service):
        opening = http_sending(lambda: target.service.url, target.service.key)
        load = Load(7, SENDERS, batches=1_000_000, numbers=500, drift=40)
        async with opening as sending:
            traffic = asyncio.create_task(
                send(load, sending, lambda _, new: damage.answers.extend(new))
            )
            turns = 0
            while monotonic() - began < seconds or turns < len(KINDS):
                await some_more(damage.answers)
                await asyncio.sleep(pause_s_max * draw.random())
                what = KINDS[turns % len(KINDS)]
                log.info("soak.kills", what=what, answers=len(damage.answers))
                await asyncio.to_thread(target.kill, what, draw)
                damage.kills[what] += 1
                turns += 1
            proxy.choose = never
            await some_more(damage.answers)
            if not traffic.done():
                traffic.cancel()
            await asyncio.wait([traffic])
        damage.cuts, damage.seconds = len(proxy.cuts), monotonic() - began
        ready = f"{target.service.url}/readyz"
        await asyncio.to_thread(eventually, lambda: httpx.get(ready).status_code == OK)
        service, settings = target.service, target.settings
        await check(service, service.key, damage.answers, **settings)
    return damage


@asynccontextmanager
async def damaged(choose: Chooser) -> AsyncIterator[tuple[Target, CuttingProxy]]:
    """Run a service on a database behind the proxy."""
    with (
        scratch_directory() as directory,
        tempfile.TemporaryDirectory(prefix="ll-") as sockets,
        ExitStack() as stack,
    ):
        postgres = PrivatePostgres(directory / "postgres", extra_settings=SMALL)
        await asyncio.to_thread(postgres.start)
        try:
            # The service would watch only a database of its own.
            stack.enter_context(watched(postgres))
            async with cutting_proxy(postgres.app_url, Path(sockets)) as (proxy, url):
                settings = {
                    "LEADLEDGER_DATABASE_URL": url.render_as_string(hide_password=False),
                    "LEADLEDGER_OWNER_URL": postgres.owner_url.render_as_string(
                        hide_password=False
                    ),
                    "LEADLEDGER_SECRET": SECRET,
                }
                running = running_service(directory / "data", "--workers", "2", **settings)
                service = await asyncio.to_thread(running.__enter__)
                try:
                    proxy.choose = choose
                    yield Target(service, postgres, settings), proxy
                finally:
                    await asyncio.to_thread(running.__exit__, None, None, None)
        finally:
            stack.close()
            await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def last_words(service: RunningService) -> AsyncIterator[None]:
    """Show the end of the service's log if it fails: it is removed with everything else."""
    try:
        yield
    except BaseException:
        lines = service.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        sys.stderr.write("\n".join(["The end of the service's log:", *lines, ""]))
        raise


def choosing(draw: random.Random, one_in: int) -> Chooser:
    """Cut now and then, as often before a commit as after it."""

    def choose(_: Statement) -> Cut | None:
        if draw.randrange(one_in):
            return None
        return Cut("before" if draw.random() < 0.5 else "after")

    return choose


async def check(service: RunningService, key: str, answers: list[Answer], **settings: str) -> None:
    """Check the feed against the answers, then the rest with the service's own commands.

    A hundred thousand answers take seconds, in a thread: the proxy before the database runs in this
    loop, and the service takes a database for lost that is silent for that long.

    Raises Violation or AssertionError.
    """
    await asyncio.to_thread(check_log, await read_feed(service.url, key), answers)
    await asyncio.to_thread(check_refusals, await read_refusals(service.url, key), answers)
    for asked in (("verify", "--json"), ("rebuild", "--compare-only", "--json")):
        run = await asyncio.to_thread(
            partial(command, *asked, data_dir=service.data_dir, **settings)
        )
        assert run.returncode == 0, run.stdout + run.stderr
        found = json.loads(run.stdout)
        assert found.get("verified", True)
        assert found.get("comparison", {"differing": 0})["differing"] == 0


def main() -> None:
    """Soak, and print what was done and found."""
    parser = argparse.ArgumentParser(prog="python -m tests.safety.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    damage = asyncio.run(soak(minutes * 60))
    sys.stdout.write("\n".join([*damage.lines(), "Nothing was lost or doubled."]) + "\n")


if __name__ == "__main__":
    main()
