"""Memory for bodies is shared: what one request holds is not available to another."""

import pytest

from service.bodies.body_memory import MemoryBudget
from service.http.problem import Problem
from service.limits import RESERVED_BYTES, SMALL_BYTES_MAX

LARGE = SMALL_BYTES_MAX + 1


def test_what_is_given_back_is_there_for_others() -> None:
    budget = MemoryBudget(10)
    with budget.memory() as memory:
        memory.take(10)
        assert not memory.has(1)
        memory.give_back(4)
        assert budget.held_bytes == 6
    assert budget.held_bytes == 0


def test_a_request_without_room_is_asked_to_retry() -> None:
    budget = MemoryBudget(10)
    with budget.memory() as first, budget.memory() as second:
        first.take(8)
        with pytest.raises(Problem) as full:
            second.take(3)
        assert (full.value.reason, full.value.headers["retry-after"]) == ("queue-full", "2")
        second.take(2)
        with pytest.raises(Problem):
            second.build(1)
    assert budget.held_bytes == 0


def test_large_bodies_leave_a_part_to_small_ones_and_to_what_is_built() -> None:
    budget = MemoryBudget(RESERVED_BYTES + LARGE)
    with budget.memory() as large, budget.memory() as late, budget.memory() as small:
        large.take(LARGE)
        with pytest.raises(Problem):
            late.take(LARGE)
        small.take(SMALL_BYTES_MAX)
        large.build(RESERVED_BYTES - SMALL_BYTES_MAX)


def test_memory_moves_to_another_budget() -> None:
    here, there = MemoryBudget(10), MemoryBudget(10)
    with here.memory() as memory:
        memory.take(7)
        memory.move_to(there)
        assert (here.held_bytes, there.held_bytes) == (0, 7)
        memory.take(3)
    assert (here.held_bytes, there.held_bytes) == (0, 0)


def test_a_place_that_finds_no_room_elsewhere_stays() -> None:
    here, there = MemoryBudget(10), MemoryBudget(6)
    with here.memory() as memory:
        memory.take(7)
        with pytest.raises(Problem):
            memory.move_to(there)
    assert (here.held_bytes, there.held_bytes) == (0, 0)
