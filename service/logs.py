"""One line per outcome, to standard error: as text for people, as JSON for collectors."""

import os
import sys
from typing import Any, BinaryIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from events.faults import fault_of


def configure_logs(log_format: str, process: str = "") -> None:
    """Configure structlog for this process. If it has siblings, each line says which one it is."""
    is_json = log_format == "json"
    render: list[Processor] = [_render_json] if is_json else [_render_text]
    lines = Lines(sys.stderr.fileno(), gap=GAP_IN_JSON if is_json else GAP_IN_TEXT)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_error,
            *([_naming(process)] if process else []),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.BytesLoggerFactory(cast(BinaryIO, lines)),
        cache_logger_on_first_use=True,
    )


GAP_IN_TEXT = b"(%d lines could not be written here)\n"
GAP_IN_JSON = b'{"event":"log.lines_lost","lines":%d}\n'


class Lines:
    """The destination of log lines. A class, because structlog writes to files.

    A line that cannot be written, usually because the disk is full, is dropped: logging must never
    fail the request, or end the loop, that is being logged. The next line that can be written
    reports how many are missing.
    """

    def __init__(self, descriptor: int, *, gap: bytes) -> None:
        self._descriptor = descriptor
        self._gap = gap
        self._lost = 0

    def write(self, line: bytes) -> int:
        """Write a line in one piece, without a buffer that would retain what failed."""
        # The newline ends a line that was only partly written.
        text = b"\n" + self._gap % self._lost + line if self._lost else line
        try:
            is_written = os.write(self._descriptor, text) == len(text)
        except OSError:
            is_written = False
        self._lost = 0 if is_written else self._lost + 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""


def _naming(process: str) -> Processor:
    def name_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return name_process


def _name_error(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Log the kind of an exception and the calls that led to it, never its message.

    The message may quote a sender's data.
    """
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        if error is not None:
            event.update(fault_of(error)._asdict())
    return event


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return orjson.dumps({"event": event.pop("event"), **event}, default=str)


def _render_text(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    time, level, name = event.pop("timestamp"), event.pop("level"), event.pop("event")
    fields = " ".join(f"{key}={_shown(value)}" for key, value in event.items())
    return f"{time} {level:<7} {name} {fields}".rstrip().encode()


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text) if " " in text else text
