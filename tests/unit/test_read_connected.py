"""Subjects are read with all that they are linked to: one query for each link further away."""

from collections.abc import Collection, Mapping

from events.database.connected import read_connected

LINKS = {"k": "ab", "a": "v", "b": "va", "v": "k", "x": "y", "y": "x"}


async def reading(*subject_ids: str) -> tuple[dict[str, str], list[Collection[str]]]:
    asked: list[Collection[str]] = []

    async def read(wanted: Collection[str]) -> Mapping[str, str]:
        asked.append(wanted)
        return {id: LINKS[id] for id in wanted if id in LINKS}

    return await read_connected(subject_ids, read=read, linked=iter), asked


async def test_each_is_read_once_with_all_that_are_equally_far_away() -> None:
    found, asked = await reading("k")
    assert found == {id: LINKS[id] for id in "kabv"}
    assert asked == [["k"], ["a", "b"], ["v"]]


async def test_a_circle_ends() -> None:
    assert (await reading("x"))[1] == [["x"], ["y"]]


async def test_what_does_not_exist_is_left_out() -> None:
    assert await reading("missing") == ({}, [["missing"]])
    assert await reading() == ({}, [])
