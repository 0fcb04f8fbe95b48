"""One line per outcome, to standard error: as text for people, as JSON for collectors."""

import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from events.faults import fault_of


def configure_logs(log_format: str) -> None:
    """Set structlog up for this process."""
    is_json = log_format == "json"
    render: list[Processor] = [_render_json] if is_json else [_render_text]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_error,
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _name_error(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Log the kind of an exception and the calls that led to it, never its message.

    The message may quote what somebody sent.
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
