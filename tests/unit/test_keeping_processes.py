"""Supervisors keep running, even if the machine cannot start another process."""

import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.remote.roles import Role
from service.hosting import keeping
from service.hosting.address import WriterSocket
from service.hosting.workers import Workers


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_worker_that_cannot_be_started_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with socket.socket() as listener, capture_logs() as logs:
        writer = WriterSocket(Path("/nowhere/writer.sock"), listener)
        workers = Workers([Role.FRONT], listener=listener, writer=writer, environment={})
        files = open_files()
        workers.keep()
        assert open_files() == files
    assert [line["event"] for line in logs] == ["worker.not_started"]
    assert workers.pids == []


class Failing:
    """A database server that cannot be looked after, at first."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.errors = iter((OSError, KeyError))

    def ensure_running(self) -> bool:
        error = next(self.errors, None)
        if error is not None:
            raise error("hanako@example.co.jp")
        self.is_over.set()
        return False


def test_the_watch_on_the_database_continues_after_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "WATCH_EVERY_S", 0.01)
    failing: Any = Failing()
    with capture_logs() as logs:
        keeping._watch(failing, failing.is_over)
    assert [line["event"] for line in logs] == ["postgres.not_watched"] * 2
