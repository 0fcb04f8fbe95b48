"""The whole service under load, killed in every part: through the command and the port alone."""

import asyncio
import json
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from tests.faults.http_door import http_door, read_feed, send_and_leave
from tests.faults.log_check import Violation, check_log
from tests.faults.traffic import Answer, Batch, Load, send
from tests.processes import family_of
from tests.running_service import ROOT, RunningService, eventually, running_service
from tests.tier import by_tier

SENDERS = 32
KILLS_OF_EACH = by_tier(push=1, nightly=12)
LOAD_S = 0.6
LEAVERS = Load(99, senders=1, batches=by_tier(push=40, nightly=1_000), numbers=2_000)


class Victim:
    """A service that is started again when it was killed. A class, because it changes its address."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.key = service.key

    def kill_worker(self, draw: random.Random) -> None:
        draw.choice(self.service.workers()).kill()

    def kill_backend(self, draw: random.Random) -> None:
        postmaster = self.service.postmaster()
        assert postmaster is not None
        serving = [one for one in family_of(postmaster.pid) if "leadledger_app" in one.command]
        draw.choice(serving).kill()

    def kill_postmaster(self, _: random.Random) -> None:
        postmaster = self.service.postmaster()
        assert postmaster is not None
        postmaster.kill()
        eventually(lambda: self.service.postmaster() not in {None, postmaster})
