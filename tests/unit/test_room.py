"""Memory for bodies is shared: what one request holds is not available to another."""

import pytest

from service.bodies.body_memory import MemoryBudget
from service.http.problem import Problem
from service.limits import RESERVED_BYTES, SMALL_BYTES_MAX

LARGE = SMALL_BYTES_MAX + 1


def test_what_is_given_back_is_there_for_others() -> None:
    room = MemoryBudget(10)
    with room.place() as place:
        place.take(10)
        assert not place.has(1)
        place.give_back(4)
        assert room.held_bytes == 6
    assert room.held_bytes == 0


def test_a_request_without_room_is_asked_to_retry() -> None:
    room = MemoryBudget(10)
    with room.place() as first, room.place() as second:
        first.take(8)
        with pytest.raises(Problem) as full:
            second.take(3)
        assert (full.value.reason, full.value.headers["retry-after"]) == ("queue-full", "2")
        second.take(2)
        with pytest.raises(Problem):
            second.build(1)
    assert room.held_bytes == 0


def test_large_bodies_leave_a_part_to_small_ones_and_to_what_is_built() -> None:
    room = MemoryBudget(RESERVED_BYTES + LARGE)
    with room.place() as large, room.place() as late, room.place() as small:
        large.take(LARGE)
        with pytest.raises(Problem):
            late.take(LARGE)
        small.take(SMALL_BYTES_MAX)
        large.build(RESERVED_BYTES - SMALL_BYTES_MAX)


def test_a_place_moves_with_what_it_holds() -> None:
    here, there = MemoryBudget(10), MemoryBudget(10)
    with here.place() as place:
        place.take(7)
        place.move_to(there)
        assert (here.held_bytes, there.held_bytes) == (0, 7)
        place.take(3)
    assert (here.held_bytes, there.held_bytes) == (0, 0)


def test_a_place_that_finds_no_room_elsewhere_stays() -> None:
    here, there = MemoryBudget(10), MemoryBudget(6)
    with here.place() as place:
        place.take(7)
        with pytest.raises(Problem):
            place.move_to(there)
    assert (here.held_bytes, there.held_bytes) == (0, 0)
