"""How long a new request would wait, estimated from the previous appends."""

from events.append.admission import Admission
from events.limits import APPEND_ITEMS_MAX, APPEND_S_MAX, QUEUE_ITEMS_MIN, QUEUE_WAIT_S_MAX


def pace_of(*appends: tuple[int, float]) -> Admission:
    pace = Admission()
    for items, seconds in appends:
        pace.learn(items=items, seconds=seconds)
    return pace


def longest(pace: Admission) -> int:
    """Return how many requests may be queued before a new one."""
    return next(items for items in range(1_000_000) if items + 1 > pace.items_max)


def test_no_request_is_refused_before_anything_is_known() -> None:
    assert Admission().items_max > 1_000_000


def test_what_may_wait_is_what_is_taken_in_the_time() -> None:
    assert longest(pace_of((500, 0.25))) == int(2_000 * QUEUE_WAIT_S_MAX)


def test_small_appends_say_nothing_of_how_fast_large_ones_are() -> None:
    assert pace_of((1, 0.005)).items_max > 8_000


def test_a_small_append_that_takes_long_says_that_the_ledger_is_stuck() -> None:
    assert longest(pace_of((1, 8.0))) == QUEUE_ITEMS_MIN


def test_a_ledger_that_was_stuck_is_trusted_again_after_a_few_appends() -> None:
    stuck = pace_of((500, 0.1), *[(100, 10.0)] * 20)
    assert longest(stuck) == QUEUE_ITEMS_MIN
    for _ in range(5):
        stuck.learn(items=500, seconds=0.1)
    assert longest(stuck) > 5_000 * QUEUE_WAIT_S_MAX / 2


def test_one_slow_append_changes_little() -> None:
    assert longest(pace_of((500, 0.1), (500, 5.0))) > 5_000 * QUEUE_WAIT_S_MAX / 2


def test_slow_appends_are_followed_by_smaller_ones_until_they_are_quick_again() -> None:
    pace = Admission()
    pace.learn(items=APPEND_ITEMS_MAX, seconds=5 * APPEND_S_MAX)
    assert pace.append_items_max == APPEND_ITEMS_MAX // 5
    pace.learn(items=1, seconds=10 * APPEND_S_MAX)
    assert pace.append_items_max == 1
    for _ in range(9):
        pace.learn(items=1, seconds=0.01)
    assert pace.append_items_max == APPEND_ITEMS_MAX
