"""A URL of a database is checked by one thing and parsed by another: they have to agree."""

from hypothesis import given
from hypothesis import strategies as st

from service.engine import database_url_of
from service.settings import DRIVER, SettingsInvalid, read_settings

PIECES = st.sampled_from(["u", "7", ":", "/", "@", "?", "[", "]", "#", "%40", "&", "=", "\n", "ü"])
SCHEMES = st.sampled_from(["postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql:"])


@given(SCHEMES, st.lists(PIECES, max_size=16).map("".join))
def test_what_the_settings_accept_as_a_url_can_be_parsed(scheme: str, rest: str) -> None:
    try:
        accepted = read_settings({"LEADLEDGER_DATABASE_URL": scheme + rest}).database_url
    except SettingsInvalid:
        return
    assert accepted is not None
    assert database_url_of(accepted).drivername == DRIVER
