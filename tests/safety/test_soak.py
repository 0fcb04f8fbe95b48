"""The soak at its shortest: every part is killed once, and connections are cut meanwhile."""

from tests.safety.dead_connections import DEAD_CONNECTIONS
from tests.safety.soak import KINDS, soak
from tests.support.tier import by_tier

pytestmark = DEAD_CONNECTIONS

SECONDS = by_tier(push=0.0, nightly=120.0)


async def test_nothing_is_lost_while_parts_are_killed_and_connections_are_cut() -> None:
    damage = await soak(SECONDS, pause_s_max=0.6, cut_one_in=10)
    assert set(damage.kills) == set(KINDS)
    assert damage.cuts > 0
    assert len(damage.answers) > 100
