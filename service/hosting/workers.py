"""Keep a number of processes serving one socket.

Uvicorn has a supervisor of its own. It leaves its workers running when it is killed, restarts a
worker that dies at once without a pause, and waits indefinitely for one that does not end. Hence
this module.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import socket
from types import TracebackType
from typing import Self

import structlog

from events.remote.roles import Role
from service.hosting.address import WriterSocket
from service.hosting.failures import WorkersFailed
from service.hosting.limits import (
    DRAIN_WAIT_S,
    RESTART_PAUSE_S,
    RESTART_PAUSE_S_MAX,
    SUPERVISOR_POLL_S,
    WORKER_READY_WAIT_S,
    WORKER_SETTLED_S,
)

log = structlog.get_logger()


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    ready: int
    """The read end of a pipe on which the worker reports that it serves."""
    started_at: float


@dataclass(slots=True)
class _Seat:
    """A place for a worker of a role, and the worker that fills it."""

    role: Role
    worker: _Worker | None = None
    failures: int = 0
    """Consecutive deaths soon after the start."""
    vacant_until: float = field(default=0.0)


class Workers:
    """The worker processes; a class, because it owns them and ends them when it ends.

    They start at once and do their imports, which takes most of a start; meanwhile the database can
    be made ready.

    Only the thread that creates it may use it, except for `renew`, which starts nothing: to Linux
    that thread is the workers' parent.
    """

    def __init__(
        self,
        roles: Iterable[Role],
        *,
        listener: socket,
        writer: WriterSocket,
        environment: Mapping[str, str],
        errors: int | None = None,
    ) -> None:
        """`environment` is what they start with; `serving` gives them the rest.

        `errors` is where they write their logs; None: where we do.
        """
        self._listener = listener
        self._writer = writer
        self._environment = environment
        self._further: Mapping[str, str] | None = None
        self._errors = errors
        self._seats = [_Seat(role) for role in roles]
        # While we live, the other end of this pipe stays open in our workers.
        self._tie, self._held = os.pipe()

    def __enter__(self) -> Self:
        try:
            for seat in self._seats:
                seat.worker = self._start(seat.role)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        os.close(self._tie)
        os.close(self._held)

    @property
    def pids(self) -> list[int]:
        return [seat.worker.process.pid for seat in self._seats if seat.worker is not None]

    @contextmanager
    def serving(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Let them begin, with these further variables, and stop them in order at the end.

        Before that they only import what they need.
        """
        self._further = environment
        try:
            for seat in self._seats:
                if seat.worker is not None:
                    self._tell(seat.worker.process)
            yield
        finally:
            self._stop()

    def await_ready(self) -> None:
        """Return when every worker serves.

        Raises:
            WorkersFailed: one ended before it served, or took too long. It has logged the reason.
        """
        deadline = time.monotonic() + WORKER_READY_WAIT_S
        for seat in self._seats:
            worker = seat.worker
            assert worker is not None
            if not _says_ready(worker, deadline):
                status = worker.process.poll()
                found = (
                    f"it still starting after {WORKER_READY_WAIT_S:.0f} s"
                    if status is None
                    else (f"that it ended with status {status}")
                )
                raise WorkersFailed(
                    f"expected process {worker.process.pid} to serve, found {found}; its own "
                    "messages are above"
                )

    def keep(self) -> None:
        """Replace dead workers; call it often. A worker that keeps dying restarts with pauses."""
        now = time.monotonic()
        for seat in self._seats:
            if seat.worker is not None and seat.worker.process.poll() is not None:
                self._bury(seat, seat.worker, now)
            if seat.worker is None and now >= seat.vacant_until:
                self._fill(seat, now)

    def renew(self, environment: Mapping[str, str]) -> None:
        """Have each worker finish its requests and be replaced by one with other variables."""
        self._further = environment
        for seat in self._seats:
            if seat.worker is not None:
                seat.worker.process.terminate()

    def _fill(self, seat: _Seat, now: float) -> None:
        """Start a process; if the machine cannot start one, the others continue without it."""
        try:
            seat.worker = self._start(seat.role)
        except OSError as error:
            log.warning(
                "worker.not_started",
                role=seat.role,
                error=type(error).__name__,
                again_in_s=RESTART_PAUSE_S,
            )
            seat.vacant_until = now + RESTART_PAUSE_S

    def kill(self) -> None:
        """End them at once; everything they have answered is on disk."""
        for seat in self._seats:
            if seat.worker is not None:
                seat.worker.process.kill()

    def _start(self, role: Role) -> _Worker:
        ready, announce = os.pipe()
        listener, writer = self._listener.fileno(), self._writer.listener.fileno()
        is_writer = role is Role.WRITER
        try:
            process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [
                    *(sys.executable, "-m", "service.hosting.worker"),
                    *(str(listener), str(announce), str(os.getpid()), role),
                    *(str(writer if is_writer else self._writer.path), str(self._tie)),
                ],
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stderr=self._errors,
                pass_fds=(writer if is_writer else listener, announce, self._tie),
                # A session of its own: Ctrl-C in the terminal is for us, and we stop the workers in
                # order.
                start_new_session=True,
            )
        except BaseException:
            os.close(ready)
            raise
        finally:
            os.close(announce)
        if self._further is not None:
            self._tell(process)
        return _Worker(process, ready, time.monotonic())

    def _tell(self, process: subprocess.Popen[bytes]) -> None:
        """Write to its standard input, where nobody else can read a password, and close that."""
        assert process.stdin is not None
        # One that has ended already is found, and replaced, as any other.
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(json.dumps(dict(self._further or {})).encode())

    def _bury(self, seat: _Seat, worker: _Worker, now: float) -> None:
        _close(worker)
        seat.worker = None
        is_settled = now - worker.started_at >= WORKER_SETTLED_S
        seat.failures = 0 if is_settled else seat.failures + 1
        # The first death is an accident, and causes no pause.
        pause_s = (
            0.0
            if seat.failures <= 1
            else min(RESTART_PAUSE_S * 2 ** (seat.failures - 2), RESTART_PAUSE_S_MAX)
        )
        seat.vacant_until = now + pause_s
        log.warning(
            "worker.died",
            role=seat.role,
            pid=worker.process.pid,
            status=worker.process.returncode,
            again_in_s=pause_s,
        )

    def _stop(self) -> None:
        """Let them finish their requests, for a limited time. The writer ends last."""
        workers = [seat.worker for seat in self._seats if seat.worker is not None]
        writers = [
            seat.worker
            for seat in self._seats
            if seat.worker is not None and seat.role is Role.WRITER
        ]
        deadline = time.monotonic() + DRAIN_WAIT_S
        try:
            _end([worker for worker in workers if worker not in writers], deadline)
            _end(writers, deadline)
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.wait()
                _close(worker)
            for seat in self._seats:
                seat.worker = None


def _close(worker: _Worker) -> None:
    os.close(worker.ready)
    if worker.process.stdin is not None:
        worker.process.stdin.close()


def _end(workers: Sequence[_Worker], deadline: float) -> None:
    for worker in workers:
        worker.process.terminate()
    while any(worker.process.poll() is None for worker in workers):
        if time.monotonic() > deadline:
            log.warning("worker.killed", after_s=DRAIN_WAIT_S)
            return
        time.sleep(SUPERVISOR_POLL_S)


def _says_ready(worker: _Worker, deadline: float) -> bool:
    """Wait for the one byte; the end of the pipe without it means that the worker has ended."""
    remaining_s = max(0.0, deadline - time.monotonic())
    readable, _, _ = select.select([worker.ready], [], [], remaining_s)
    return bool(readable) and os.read(worker.ready, 1) != b""
