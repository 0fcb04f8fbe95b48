"""Long work yields time to others, based on how long each stride took."""

import asyncio
from time import perf_counter

import pytest

from events.background import strides
from events.background.strides import RESTS, stride

WORK_S = 0.02


async def lasting(*, fails: bool = False, turns: asyncio.Lock | None = None) -> float:
    """Return how long a stride and its rest take together."""
    began = perf_counter()
    async with stride(turns or asyncio.Lock()):
        await asyncio.sleep(WORK_S)
        if fails:
            raise ConnectionResetError
    return perf_counter() - began


async def test_a_rest_depends_on_how_long_the_stride_took() -> None:
    assert await lasting() >= WORK_S * (1 + RESTS)


async def test_the_rest_after_a_delayed_stride_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strides, "REST_S_MAX", 0.0)
    monkeypatch.setattr(strides, "RESTS", 1_000)
    assert await lasting() < WORK_S * 1_000


async def test_a_stride_that_fails_says_so_at_once() -> None:
    with pytest.raises(ConnectionResetError):
        await lasting(fails=True)


async def test_two_long_works_take_turns() -> None:
    """Seen to fail with turns of its own for each."""
    turns = asyncio.Lock()
    began = perf_counter()
    await asyncio.gather(lasting(turns=turns), lasting(turns=turns))
    assert perf_counter() - began >= 2 * WORK_S * (1 + RESTS)


async def test_a_stride_that_fails_gives_its_turn_back() -> None:
    turns = asyncio.Lock()
    with pytest.raises(ConnectionResetError):
        await lasting(fails=True, turns=turns)
    assert not turns.locked()
