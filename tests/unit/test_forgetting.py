"""Memory stays within bounds, and is never freed all at once."""

from events.batch.lru import LITTLE, forget_oldest


def remembered(count: int) -> dict[str, int]:
    return {str(number): number for number in range(count)}


def test_within_the_bound_nothing_is_forgotten() -> None:
    held = remembered(1_000)
    assert forget_oldest(held, most=1_000) == {}
    assert held == remembered(1_000)


def test_the_oldest_go_and_a_little_more_than_needed() -> None:
    held = remembered(10_001)
    assert forget_oldest(held, most=10_000) == remembered(1 + LITTLE)
    assert len(held) == 10_000 - LITTLE
    assert next(iter(held)) == str(1 + LITTLE)


def test_a_small_memory_is_forgotten_whole() -> None:
    held = remembered(3)
    assert len(forget_oldest(held, most=0)) == 3
    assert held == {}
