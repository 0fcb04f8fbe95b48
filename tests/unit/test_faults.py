"""What is recorded about an unexpected error, and loops that survive it."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from events.background.loops import endlessly
from events.faults import Fault, fault_of
from events.limits import FAULT_FRAMES_MAX
from service.logs import configure_logs

ADDRESS = "hanako@example.co.jp"


def fail(address: str) -> None:
    raise KeyError(f"expected nothing of {address}")


def recurse(depth: int) -> int:
    return recurse(depth + 1) + 1


def caught(depth: int | None = None) -> Fault:
    try:
        fail(ADDRESS) if depth is None else recurse(depth)
    except (KeyError, RecursionError) as error:
        return fault_of(error)
    raise AssertionError


def test_a_fault_names_kind_and_place_and_nothing_that_was_said() -> None:
    fault = caught()
    assert fault.error == "KeyError"
    assert [call.split()[-1] for call in fault.where] == ["caught", "fail"]
    assert fault.place.startswith("unit/test_faults.py:")
    assert ADDRESS not in str(fault)


def test_of_a_recursion_only_the_innermost_calls_are_kept() -> None:
    assert len(caught(depth=0).where) == FAULT_FRAMES_MAX


@pytest.fixture
def logs() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.usefixtures("logs")
def test_the_log_has_the_place_of_an_exception_and_not_its_words(
    log_format: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    configure_logs(log_format)
    try:
        fail(ADDRESS)
    except KeyError:
        structlog.get_logger().exception("something.failed")
    written = capfdbinary.readouterr().err.decode()
    assert "KeyError" in written
    assert " fail" in written
    assert ADDRESS not in written


async def test_a_loop_goes_on_whatever_a_step_meets() -> None:
    steps = iter((KeyError, OSError, AssertionError, RecursionError))
    counted: Counter[str] = Counter()
    is_through = asyncio.Event()

    async def step() -> None:
        kind = next(steps, None)
        if kind is not None:
            raise kind(ADDRESS)
        is_through.set()
        await asyncio.sleep(1)

    with capture_logs() as lines:
        loop = asyncio.create_task(
            endlessly("work", step, pause_s=0, on_fault=lambda name: counted.update([name]))
        )
        async with asyncio.timeout(5):
            await is_through.wait()
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop
    assert [line["event"] for line in lines] == [
        *("loop.failed", "loop.waits", "loop.failed", "loop.failed"),
    ]
    assert counted == {"work": 3}
