"""Memory for bodies is shared: what one holds, another cannot."""

import pytest

from service.problems import Problem
from service.room import Room


def test_what_is_given_back_is_there_for_others() -> None:
    room = Room(10)
    with room.place() as place:
        place.take(10)
        assert not place.has(1)
        place.give_back(4)
        assert room.held_bytes == 6
    assert room.held_bytes == 0


def test_who_finds_no_room_is_told_to_come_again() -> None:
    room = Room(10)
    with room.place() as first, room.place() as second:
        first.take(8)
        with pytest.raises(Problem) as full:
            second.take(3)
        assert (full.value.reason, full.value.headers["retry-after"]) == ("queue-full", "2")
        second.take(2)
    assert room.held_bytes == 0


def test_who_is_alone_may_hold_more_than_there_is() -> None:
    with Room(10).place() as place:
        place.take(11)
        assert not place.has(1)
