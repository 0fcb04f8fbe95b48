"""The current funnel is answered from memory only until the projection advances."""

from projections.engine.checkpoints import KnownCheckpoint
from service.http.answer import json_answer
from service.projected import FunnelNow

HERE, FURTHER, REBUILT = KnownCheckpoint(1, 17), KnownCheckpoint(1, 18), KnownCheckpoint(2, 17)


def test_an_answer_is_valid_until_the_projection_advances() -> None:
    now, answer = FunnelNow(), json_answer({})
    assert now.recall(HERE, "origin", "ja") is None
    now.remember(HERE, "origin", "ja", answer=answer)
    assert now.recall(HERE, "origin", "ja") is answer
    assert now.recall(HERE, "origin", "en") is None


def test_nothing_is_recalled_once_it_has_moved_was_rebuilt_or_is_not_certain() -> None:
    now, answer = FunnelNow(), json_answer({})
    now.remember(HERE, "none", None, answer=answer)
    for standing in (FURTHER, REBUILT, None):
        assert now.recall(standing, "none", None) is None
    now.remember(FURTHER, "none", None, answer=answer)
    assert now.recall(HERE, "none", None) is None
